"""A deployment of the full job on the bench's broker: topics of its own, events in, a worker, what came out."""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager

import msgspec
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from bench.peers.running import Running
from bench.peers.stage import Stage
from pipeline.connection import consumer, producer, started
from pipeline.events.codec import encode
from pipeline.rate import Rater
from pipeline.settings import PREFIX, Settings
from pipeline.topics import admin
from pipeline.topics.catalog import topic_name
from pipeline.topics.reading import latest

INPUTS = ("emr-events", "session-events", "billable-days")
COMPACTED = ("billable-days", "claim-days", "threshold-totals")

Look = Callable[[], Awaitable[tuple[int, int]]]
Values = dict[str, Mapping[bytes, bytes]]


class _Addressed(msgspec.Struct):
    patient_id: str


_addressed = msgspec.json.Decoder(_Addressed).decode


def key_of(line: bytes) -> bytes | None:
    """Give the key that an EMR sends an event with: its patient's."""
    try:
        return _addressed(line).patient_id.encode()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


class Deployment:
    """One run's topics and settings."""

    def __init__(self, at: Stage, run: str, **settings: object) -> None:
        given = {"brokers": at.brokers, "topic_prefix": f"{run}.", "app_id": "full", "metrics_port": 0}
        given |= {"home": at.folder, "data_dir": at.folder / run, "log_level": "warning", "ticks": False} | settings
        self._environment = {PREFIX + name.upper(): str(value) for name, value in given.items()}
        self.settings = Settings.load(self._environment)
        self._log = at.folder / f"{run}.log"

    async def begin(self) -> None:
        """Make the topics."""
        await admin.apply(self.settings)

    async def send(self, lines: Iterable[bytes]) -> None:
        """Send events, each keyed by its patient."""
        topic = topic_name(self.settings, INPUTS[0])
        async with started(self.settings, producer(self.settings, linger_ms=5)) as sender:
            for line in lines:
                await sender.send(topic, line, key=key_of(line))
            await sender.flush()

    def worker(self) -> Running:
        """Give a worker's process, not started."""
        given = [f"{name}={value}" for name, value in self._environment.items()]
        return Running(["env", *given, sys.executable, "-m", "pipeline", "worker"], self._log)

    @asynccontextmanager
    async def looking(self) -> AsyncIterator[Look]:
        """Give what tells how many events are acknowledged, and how much is left of all that the agents read."""
        settings = self.settings
        names = [topic_name(settings, title) for title in INPUTS]
        counts = await admin.partition_counts(settings, names)
        places = [TopicPartition(name, number) for name in names for number in range(counts[name])]
        client = AIOKafkaAdminClient(bootstrap_servers=settings.brokers)
        async with started(settings, client) as asker, started(settings, consumer(settings)) as looker:

            async def look() -> tuple[int, int]:
                committed = await asker.list_consumer_group_offsets(settings.topic_prefix + settings.app_id)
                ends = await looker.end_offsets(places)
                at = {place: max(0, committed[place].offset) if place in committed else 0 for place in places}
                done = sum(offset for place, offset in at.items() if place.topic == names[0])
                return done, sum(ends[place] - at[place] for place in places)

            yield look

    async def values(self) -> Values:
        """Give what the compacted topics hold."""
        return {title: await latest(self.settings, topic_name(self.settings, title)) for title in COMPACTED}


def rated(settings: Settings, lines: Iterable[bytes]) -> Values:
    """Give what the same rules say of the same events without a Kafka."""
    rater = Rater(settings, final=True)
    for _ in rater.lines("events", lines):
        pass
    found: dict[str, dict[bytes, bytes]] = {title: {} for title in COMPACTED}
    for output in rater.results():
        found[output.topic][(output.key or "").encode()] = encode(output.value)
    return found
