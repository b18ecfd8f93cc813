"""The counting app on a real Kafka: its topics, its input, workers in this process, and what the topics hold."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from tempfile import TemporaryDirectory
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from engine.counting import PARTITIONS, counting

from pipeline.engine.app import EngineApp
from pipeline.engine.pace import Pace

SECONDS = 20.0
PACE = Pace(commit_seconds=0.02, heartbeat_seconds=0.1, request_seconds=5.0, open_seconds=5.0)


class Deployment:
    """The counting app under a name of a test's own."""

    def __init__(self, kafka: str, prefix: str, stack: AsyncExitStack) -> None:
        self.kafka = kafka
        self.prefix = prefix
        self.name = f"{prefix}counting"
        self.changelog = f"{self.name}-counts-changelog"
        self.admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
        self.producer = AIOKafkaProducer(bootstrap_servers=kafka)
        self._stack = stack
        self._data = stack.enter_context(TemporaryDirectory())

    async def connect(self) -> None:
        await self.admin.start()
        self._stack.push_async_callback(self.admin.close)
        await self._stack.enter_async_context(self.producer)

    async def make(self, *topics: str, partitions: int = PARTITIONS) -> None:
        """Make topics by their whole names; changelogs are compacted."""
        compact = {"cleanup.policy": "compact"}
        made = [
            NewTopic(topic, partitions, 1, topic_configs=compact if topic.endswith("changelog") else {})
            for topic in topics
        ]
        await self.admin.create_topics(made)
        # The broker that answers clients hears of a topic a moment after the one that has made it.
        deadline = time.monotonic() + SECONDS
        while any(topic["error_code"] for topic in await self.admin.describe_topics(list(topics))):
            assert time.monotonic() < deadline, "the topics did not come to be in time"
            await asyncio.sleep(0.05)

    async def make_all(self) -> None:
        changelogs = [f"{self.name}-{table}-changelog" for table in ("counts", "told", "last")]
        await self.make(*[self.prefix + topic for topic in ("words", "results", "letters")], *changelogs)

    async def put(self, keys: Iterable[str], partition: int | None = None) -> None:
        sent = [
            await self.producer.send(f"{self.prefix}words", key=key.encode(), value=b"", partition=partition)
            for key in keys
        ]
        await asyncio.gather(*sent)

    def app(self, *, pace: Pace = PACE, **more: Any) -> EngineApp:
        more = {"datadir": self._data, **more}
        return counting(self.name, kafka=self.kafka, prefix=self.prefix, pace=pace, **more)

    @asynccontextmanager
    async def working(self, **more: Any) -> AsyncIterator[EngineApp]:
        """Run a worker for as long as the block lasts."""
        app = self.app(**more)
        await app.start()
        try:
            async with asyncio.timeout(SECONDS):
                await until(lambda: bool(list(app.engine.partitions())))
            yield app
        finally:
            await app.stop()

    async def ending(self) -> BaseException | None:
        """Run a worker until it ends by itself; give why."""
        app = self.app()
        start = asyncio.ensure_future(app.start())
        try:
            return await self.end(app)
        finally:
            await asyncio.wait([start])
            start.exception()
            await app.stop()

    async def end(self, app: EngineApp) -> BaseException | None:
        """Wait until a worker ends by itself; give why."""
        async with asyncio.timeout(SECONDS):
            await app.wait_until_stopped()
        reason: BaseException | None = app.crash_reason
        return reason

    async def held(self, topic: str) -> list[Any]:
        """Give the committed records of a topic, by its whole name."""
        async with AIOKafkaConsumer(
            bootstrap_servers=self.kafka, isolation_level="read_committed", auto_offset_reset="earliest"
        ) as reader:
            places = [TopicPartition(topic, number) for number in range(PARTITIONS)]
            reader.assign(places)
            ends = await reader.end_offsets(places)
            found: list[Any] = []
            for place in places:
                while await reader.position(place) < ends[place]:
                    found += (await reader.getmany(place, timeout_ms=200)).get(place, [])
            return found

    async def counts(self) -> dict[str, int]:
        """Give the counts that the changelog tells."""
        records = await self.held(self.changelog)
        return {one.key.decode(): int(one.value) for one in records if not one.key.startswith(b"\0")}

    async def committed(self) -> dict[int, int]:
        """Give how far the group has read `words`, by partition number."""
        found = await self.admin.list_consumer_group_offsets(self.name)
        return {place.partition: at.offset for place, at in found.items() if place.topic == f"{self.prefix}words"}


async def until(claim: Callable[[], bool], seconds: float = SECONDS) -> None:
    """Wait until a claim holds; fail when it does not in time."""
    deadline = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < deadline, "it did not come to be in time"
        await asyncio.sleep(0.02)


def done(app: EngineApp) -> bool:
    """Tell whether a worker knows of nothing that it has not committed."""
    progress = app.engine.progress()
    return bool(progress.committed) and progress.committed == progress.ends
