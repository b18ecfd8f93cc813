"""A steady load on every partition, and when the outputs of each came for one who reads what is committed."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from typing import Self

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

TICK_SECONDS = 0.02
PATIENCE_SECONDS = 60.0


class Load:
    """Sends an event to each partition every moment, and notes when each partition's outputs come, in this process.

    What a worker does with an event takes the time of a commit, and the reader a moment more: both are part of every
    gap.
    """

    def __init__(self, brokers: str, source: str, output: str, partitions: int) -> None:
        self._source, self._output, self._partitions = source, output, partitions
        self._producer = AIOKafkaProducer(bootstrap_servers=brokers, max_batch_size=262_144)
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=brokers,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
            fetch_max_wait_ms=50,
        )
        self._came: list[list[float]] = [[] for _ in range(partitions)]
        self._sent_at: list[float] = []
        self._counts: dict[bytes, int] = {}
        self._wrong: list[str] = []
        self.sent = self.seen = 0
        self._ending = False

    async def __aenter__(self) -> Self:
        await self._producer.start()
        await self._consumer.start()
        self._consumer.assign([TopicPartition(self._output, number) for number in range(self._partitions)])
        self._reading = asyncio.create_task(self._read())
        self._sending: asyncio.Task[None] | None = None
        return self

    async def __aexit__(self, *_: object) -> None:
        self._reading.cancel()
        self._ending = True
        ways = [way for way in (self._reading, self._sending) if way]
        await asyncio.gather(*ways, return_exceptions=True)
        await self._consumer.stop()
        await self._producer.stop()

    async def fill(self, keys: int) -> None:
        """Send one event of each of so many keys to each partition, so that there are tables to load."""
        for number in range(self._partitions):
            ways = [
                await self._producer.send(self._source, b"", b"%d-%d" % (number, key), partition=number)
                for key in range(keys)
            ]
            await asyncio.gather(*ways)
            self.sent += keys

    def begin(self) -> None:
        """Begin the steady load."""
        self._sending = asyncio.create_task(self._send())

    async def end(self) -> None:
        """Send no more, and wait until every output has come.

        Errors: `RuntimeError` where one is missing, is twice, or is out of its turn.
        """
        self._ending = True
        if self._sending:
            await self._sending
        with suppress(TimeoutError):
            await _until(lambda: self.seen >= self.sent)
        if self._wrong or self.seen != self.sent:
            raise RuntimeError(f"{self.seen} outputs of {self.sent} events; {'; '.join(self._wrong[:5])}")

    def gaps(self, began: float, ended: float) -> list[float]:
        """Give by partition the longest time without an output that touches a span of the monotonic clock, seconds."""
        return [_longest(times, began, ended) for times in self._came]

    def late(self, began: float, ended: float) -> float:
        """Give the longest time in that span without a sending: what the load itself stood still."""
        return _longest(self._sent_at, began, ended)

    async def flowing(self) -> None:
        """Wait until each partition has an output that is younger than this call.

        Errors: TimeoutError.
        """
        began = time.monotonic()
        await _until(lambda: all(times and times[-1] > began for times in self._came))

    async def _send(self) -> None:
        due = time.monotonic()
        while not self._ending:
            ways = [
                await self._producer.send(self._source, b"", b"steady-%d" % number, partition=number)
                for number in range(self._partitions)
            ]
            self.sent += len(ways)
            self._sent_at.append(time.monotonic())
            await asyncio.gather(*ways)
            due += TICK_SECONDS
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def _read(self) -> None:
        while True:
            found = await self._consumer.getmany(timeout_ms=1_000)
            now = time.monotonic()
            for place, records in found.items():
                self._came[place.partition].append(now)
                for record in records:
                    count = self._counts[record.key] = self._counts.get(record.key, 0) + 1
                    if int(record.value) != count:
                        self._wrong.append(f"{record.key!r}: {record.value!r} in place of {count}")
                self.seen += len(records)


def _longest(times: list[float], began: float, ended: float) -> float:
    return max((after - at for at, after in pairwise(times) if after >= began and at <= ended), default=0.0)


async def _until(claim: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not claim():
        if time.monotonic() > deadline:
            raise TimeoutError
        await asyncio.sleep(TICK_SECONDS)
