"""A worker that joins takes over what it has prepared; what stays where it is never stands still."""

import asyncio
import time
from contextlib import AsyncExitStack
from itertools import pairwise

from aiokafka import AIOKafkaConsumer, TopicPartition
from engine.counting import PARTITIONS
from engine.deployment import SECONDS, Deployment, done, until
from structlog.testing import capture_logs

ENTRIES = 4_000
STALL_SECONDS = 1.0


class Stream:
    """One word a partition every moment, and when the results came."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._stop = asyncio.Event()
        self.sent = 0
        self.came: dict[int, list[float]] = {number: [] for number in range(PARTITIONS)}

    async def send(self) -> None:
        while not self._stop.is_set():
            for number in range(PARTITIONS):
                await self._deployment.put([f"w-{number}"], partition=number)
            self.sent += 1
            await asyncio.sleep(0.01)

    async def watch(self) -> None:
        async with AIOKafkaConsumer(
            bootstrap_servers=self._deployment.kafka, isolation_level="read_committed", auto_offset_reset="latest"
        ) as reader:
            reader.assign([TopicPartition(f"{self._deployment.prefix}results", number) for number in self.came])
            while not self._stop.is_set():
                for place in await reader.getmany(timeout_ms=50):
                    self.came[place.partition].append(time.monotonic())

    def stop(self) -> None:
        self._stop.set()

    def longest_gap(self, number: int) -> float:
        times = self.came[number]
        return max(after - before for before, after in pairwise(times))


async def test_a_joining_worker_takes_over_what_it_has_prepared_and_the_rest_never_stalls(
    deployment: Deployment,
) -> None:
    await deployment.put(f"k-{number}" for number in range(ENTRIES))
    stream = Stream(deployment)
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(deployment.working())
        await until(lambda: done(first))
        running = [asyncio.ensure_future(way) for way in (stream.send(), stream.watch())]
        await until(lambda: all(len(times) > 5 for times in stream.came.values()))
        with capture_logs() as logs:
            second = await stack.enter_async_context(deployment.working())
            await until(lambda: len(first.entries("counts")) == len(second.entries("counts")) == PARTITIONS // 2)
        seen = {number: len(times) for number, times in stream.came.items()}
        await until(lambda: all(len(times) > seen[number] + 5 for number, times in stream.came.items()))
        stream.stop()
        await asyncio.wait(running)
        # What the second opened was loaded already, but for what was written while it was prepared.
        (opened,) = [line for line in logs if line["event"] == "partitions opened"]
        assert sorted(opened["numbers"]) == sorted(second.entries("counts"))
        assert opened["loaded"] < ENTRIES / 4
        for number in first.entries("counts"):
            assert stream.longest_gap(number) < STALL_SECONDS
        async with asyncio.timeout(SECONDS):
            await until(lambda: done(first) and done(second))
    counts = await deployment.counts()
    assert {counts[f"w-{number}"] for number in range(PARTITIONS)} == {stream.sent}
    assert len(counts) == ENTRIES + PARTITIONS
