"""A paced load, and how long each event takes from its sending to its output for one who reads committed records."""

import asyncio
import time
from collections.abc import Callable, Iterator
from itertools import islice
from statistics import quantiles
from typing import NamedTuple, Self

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from bench.peers.events import Expected, Made, events, partition
from bench.peers.job import Job

TICK_SECONDS = 0.002
WARM_SECONDS = 2.0
PATIENCE_SECONDS = 5.0
"""What came later than this after the last sending did not keep up."""


class Latency(NamedTuple):
    """One rate: events a second that were asked for, events that were sent, and milliseconds until their outputs.

    `late_ms` is how late the load itself was, at the 99th percentile: where it is large, so is what it measures.
    """

    rate: int
    events: int
    kept_up: bool
    p50_ms: float
    p99_ms: float
    max_ms: float
    late_ms: float


class Load:
    """A source of events and a reader of outputs in one process, so that one clock serves both.

    The n-th output of a key belongs to the n-th event of that key: a partition keeps their order. `check` is asked
    while it waits, and raises when there is nothing to wait for.
    """

    def __init__(self, job: Job, keys: int, check: Callable[[], None]) -> None:
        self.expected = Expected()
        self._job, self._source, self._check = job, events(keys), check
        self._sent: dict[bytes, list[float]] = {}
        self._seen: list[tuple[bytes, bytes, float]] = []
        self._producer = AIOKafkaProducer(bootstrap_servers=job.brokers, max_batch_size=262_144)
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=job.brokers,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=4 * 1024 * 1024,
        )

    async def __aenter__(self) -> Self:
        await self._producer.start()
        await self._consumer.start()
        self._consumer.assign([TopicPartition(self._job.output, number) for number in range(self._job.partitions)])
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        await self._consumer.stop()
        await self._producer.stop()

    async def first(self, patience: float = 60.0) -> bool:
        """Send one event to each partition, and wait for its output; tell whether all came: the peer is at work."""
        one_each: dict[int, Made] = {}
        while len(one_each) < self._job.partitions:
            made = next(self._source)
            one_each.setdefault(partition(made.key, self._job.partitions), made)
        await asyncio.gather(*await self._send(iter(one_each.values()), len(one_each)))
        return await self._all_seen(patience)

    async def measure(self, rate: int, seconds: float) -> Latency:
        """Send at one rate for so long, and give what the events took that were sent after the warm-up."""
        before, late, sending = self.expected.events, [], []
        seen = len(self._seen)
        began = time.monotonic()
        counted_from = began + min(WARM_SECONDS, seconds / 4)
        while (now := time.monotonic()) < began + seconds:
            done = self.expected.events - before
            if (due := int((now - began) * rate)) > done:
                late.append(now - began - (done + 1) / rate)
                sending += await self._send(self._source, due - done)
            await asyncio.sleep(TICK_SECONDS)
        await asyncio.gather(*sending)
        kept_up = await self._all_seen(PATIENCE_SECONDS)
        took = sorted(at - sent for sent, at in self._pairs(seen) if sent >= counted_from)
        p50, p99 = (quantiles(took, n=100)[part] for part in (49, 98)) if len(took) > 1 else (0.0, 0.0)
        return Latency(
            rate=rate,
            events=self.expected.events - before,
            kept_up=kept_up,
            p50_ms=p50 * 1e3,
            p99_ms=p99 * 1e3,
            max_ms=(took[-1] if took else 0.0) * 1e3,
            late_ms=quantiles(late, n=100)[98] * 1e3,
        )

    def wrong(self) -> list[str]:
        """Give the outputs whose count or total is not what a direct computation has, at most five."""
        counts: dict[bytes, int] = {}
        wrong = []
        for key, value, _ in self._seen:
            count = counts[key] = counts.get(key, 0) + 1
            said = msgspec.json.decode(value, type=dict[str, object])
            if (said["count"], said["total"]) != (count, self.expected.totals[key][count - 1]):
                wrong.append(f"{said} at {count}")
        return wrong[:5]

    def _pairs(self, first: int) -> Iterator[tuple[float, float]]:
        """Give the times of sending and of seeing for each output from the `first` on."""
        counts: dict[bytes, int] = {}
        for number, (key, _, at) in enumerate(self._seen):
            count = counts[key] = counts.get(key, 0) + 1
            # One that was counted twice has no event of its own.
            if number >= first and count <= len(self._sent[key]):
                yield self._sent[key][count - 1], at

    async def _send(self, source: Iterator[Made], number: int) -> list[asyncio.Future[object]]:
        parts: dict[int, list[Made]] = {}
        for event in islice(source, number):
            self.expected.add(event)
            parts.setdefault(partition(event.key, self._job.partitions), []).append(event)
        sending = []
        for where, part in parts.items():
            batch = self._producer.create_batch()
            now = time.monotonic()
            for event in part:
                self._sent.setdefault(event.key, []).append(now)
                if batch.append(key=event.key, value=event.value, timestamp=None) is None:
                    raise RuntimeError(f"{len(part)} events are more than a tick can send")
            sending.append(await self._producer.send_batch(batch, self._job.input, partition=where))
        return sending

    async def _read(self) -> None:
        while True:
            read = await self._consumer.getmany(timeout_ms=1_000)
            now = time.monotonic()
            for records in read.values():
                self._seen += [(record.key, record.value, now) for record in records]

    async def _all_seen(self, patience: float) -> bool:
        deadline = time.monotonic() + patience
        while len(self._seen) < self.expected.events:
            if time.monotonic() > deadline or self._reading.done():
                return False
            self._check()
            await asyncio.sleep(0.01)
        return True
