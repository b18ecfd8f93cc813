"""The run: events go in at a pace, what comes out is watched, and the end is when nothing is left to process."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    GroupCoordinatorNotAvailableError,
    GroupLoadInProgressError,
    NotCoordinatorForGroupError,
)
from aiokafka.structs import OffsetAndMetadata

from pipeline.connection import bootstrap, client_options, consumer, producer, started
from pipeline.demo.scene import Scene
from pipeline.demo.view import Pulse
from pipeline.demo.world import Worker
from pipeline.errors import Refused
from pipeline.settings import Settings
from pipeline.topics.admin import partition_counts
from pipeline.topics.catalog import topic_name
from pipeline.topics.reading import Reading, reading

INPUTS = ("emr-events", "session-events", "billable-days")
OUTPUTS = (
    *("billable-days", "threshold-totals", "claim-days"),
    *("threshold-alerts", "claim-alerts", "care-alerts", "rejected-events"),
)
SEND_SECONDS = 25.0
"""What the part of a year is compressed to."""
LOOK_SECONDS = 0.25
PATIENCE_SECONDS = 60.0
"""How long nothing may move before the demo gives up."""


class Show(NamedTuple):
    """A demo as it runs: where, what is sent, and what is to be seen of it. `draw` shows how it is now."""

    settings: Settings
    worker: Worker
    lines: Sequence[bytes]
    pulse: Pulse
    scene: Scene
    draw: Callable[[], None]


async def run(show: Show) -> None:
    """Send the lines over some seconds, watch what comes out, and return when all of it has come out.

    Errors: `Refused` when the worker ends or nothing moves any more.
    """
    seen: list[Reading] = []
    watching = asyncio.create_task(_watch(show.settings, show.scene, seen))
    sending = asyncio.create_task(_send(show.settings, show.lines, show.pulse))
    try:
        await _follow(show, _Tasks(sending, watching), seen)
    finally:
        for task in (sending, watching):
            task.cancel()
        await asyncio.gather(sending, watching, return_exceptions=True)


async def _send(settings: Settings, lines: Sequence[bytes], pulse: Pulse) -> None:
    topic = topic_name(settings, "emr-events")
    began, pace = time.monotonic(), len(lines) / SEND_SECONDS
    async with started(settings, producer(settings, linger_ms=5)) as sender:
        for number, line in enumerate(lines):
            if (ahead := number / pace - (time.monotonic() - began)) > LOOK_SECONDS:
                await asyncio.sleep(ahead)
            await sender.send(topic, line)
            pulse.sent = number + 1
        await sender.flush()


async def _watch(settings: Settings, scene: Scene, seen: list[Reading]) -> None:
    """Take what comes out; `seen` gets the reading, once there is one."""
    names = {topic_name(settings, topic): topic for topic in OUTPUTS}
    async with reading(settings, list(names)) as topics:
        seen.append(topics)
        async for record in topics.coming():
            scene.take(names[record.topic], record.key, record.value)


class _Progress:
    """How far the worker has come, from what its group has committed."""

    def __init__(self, settings: Settings, client: AIOKafkaAdminClient, looker: AIOKafkaConsumer) -> None:
        self._settings = settings
        self._client = client
        self._looker = looker
        self._inputs: list[TopicPartition] = []
        self._outputs: list[TopicPartition] = []
        self._times: deque[tuple[float, int]] = deque(maxlen=20)

    async def prepare(self) -> None:
        """Find the partitions to look at."""
        self._inputs = await self._partitions(INPUTS)
        self._outputs = await self._partitions(OUTPUTS)

    async def _partitions(self, topics: Sequence[str]) -> list[TopicPartition]:
        names = [topic_name(self._settings, topic) for topic in topics]
        counts = await partition_counts(self._settings, names)
        return [TopicPartition(name, number) for name in names for number in range(counts[name])]

    async def look(self, pulse: Pulse) -> int:
        """Note what is processed, and give what is left to process, of all the agents."""
        committed = await self._committed()
        ends = await self._looker.end_offsets(self._inputs)
        behind: Counter[str] = Counter()
        for place in self._inputs:
            behind[place.topic] += ends[place] - max(0, committed[place].offset if place in committed else 0)
        entry = topic_name(self._settings, INPUTS[0])
        pulse.processed = pulse.sent - max(behind[entry], 0)
        self._times.append((time.monotonic(), pulse.processed))
        (then, before), (now, after) = self._times[0], self._times[-1]
        pulse.rate = (after - before) / (now - then) if now > then else 0.0
        return behind.total()

    async def _committed(self) -> dict[TopicPartition, OffsetAndMetadata]:
        group = self._settings.topic_prefix + self._settings.app_id
        try:
            found: dict[TopicPartition, OffsetAndMetadata] = await self._client.list_consumer_group_offsets(group)
        except (GroupCoordinatorNotAvailableError, NotCoordinatorForGroupError, GroupLoadInProgressError):
            # A Kafka that is new makes its topic of offsets when the first group comes.
            return {}
        return found

    async def unseen(self, seen: Sequence[Reading]) -> int:
        """Give how much of what came out is not read yet."""
        ends = await self._looker.end_offsets(self._outputs)
        return sum([end - await reader.at(place) for reader in seen for place, end in ends.items()]) if seen else 1


async def _follow(show: Show, tasks: "_Tasks", seen: Sequence[Reading]) -> None:
    settings, pulse, log = show.settings, show.pulse, show.worker.log
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap(settings), **client_options(settings))
    async with started(settings, admin) as client, started(settings, consumer(settings)) as looker:
        progress = _Progress(settings, client, looker)
        await progress.prepare()
        moved, last = time.monotonic(), (0, 0)
        while True:
            left = await progress.look(pulse)
            show.draw()
            if tasks.sent() and left == 0 and await progress.unseen(seen) == 0:
                return
            tasks.check()
            if not show.worker.alive():
                raise Refused(f"the worker ended: its log is {log}", code=1)
            if (left, pulse.sent) != last:
                moved, last = time.monotonic(), (left, pulse.sent)
            elif time.monotonic() - moved > PATIENCE_SECONDS:
                raise Refused(f"nothing has moved for {PATIENCE_SECONDS:.0f} seconds: see {log}", code=1)
            await asyncio.sleep(LOOK_SECONDS)


class _Tasks:
    """The sending and the watching, which must not fail unseen."""

    def __init__(self, sending: "asyncio.Task[None]", watching: "asyncio.Task[None]") -> None:
        self._sending = sending
        self._watching = watching

    def sent(self) -> bool:
        """Tell whether all is sent."""
        return self._sending.done() and self._sending.exception() is None

    def check(self) -> None:
        """Raise what one of them failed with."""
        for task in (self._sending, self._watching):
            if task.done() and (error := task.exception()):
                raise error
