"""What topics hold: read from their start to where their ends were, and on from there."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from pipeline.connection import consumer, started
from pipeline.settings import Settings
from pipeline.topics.admin import partition_counts

POLL_MILLISECONDS = 500


class Reading:
    """A consumer without a group on its way through partitions, from their start; of what is committed alone."""

    def __init__(self, reader: AIOKafkaConsumer, ends: Mapping[TopicPartition, int]) -> None:
        self._reader = reader
        self._ends = ends

    async def held(self) -> AsyncIterator[ConsumerRecord]:
        """Give what was there when the reading began, in the order of each partition; then end."""
        left = await self._left(self._ends)
        while left:
            # Only those that are behind are asked: one that has nothing would make the others wait.
            for batch in (await self._reader.getmany(*left, timeout_ms=POLL_MILLISECONDS)).values():
                for record in batch:
                    yield record
            left = await self._left(left)

    async def coming(self) -> AsyncIterator[ConsumerRecord]:
        """Give what comes after that, for ever."""
        while True:
            for batch in (await self._reader.getmany(timeout_ms=POLL_MILLISECONDS)).values():
                for record in batch:
                    yield record

    async def at(self, place: TopicPartition) -> int:
        """Give how far a partition is read, past the marks of transactions, which are no records."""
        position: int = await self._reader.position(place)
        return position

    async def _left(self, places: Mapping[TopicPartition, int] | set[TopicPartition]) -> set[TopicPartition]:
        # The position and not the last record: after the last there may be marks of transactions alone.
        return {place for place in places if await self._reader.position(place) < self._ends[place]}


@asynccontextmanager
async def reading(
    settings: Settings, names: Sequence[str], *, partitions: set[int] | None = None, new: bool = False
) -> AsyncIterator[Reading]:
    """Begin to read topics by their full names; only those `partitions`, where given; `new` leaves out what is there.

    Errors: `Refused` when a topic is missing or Kafka cannot be reached.
    """
    counts = await partition_counts(settings, names)
    places = [
        TopicPartition(name, number)
        for name in names
        for number in sorted(partitions if partitions is not None else range(counts[name]))
    ]
    async with started(settings, consumer(settings)) as reader:
        reader.assign(places)
        ends = await reader.end_offsets(places)
        if new:
            for place, end in ends.items():
                reader.seek(place, end)
        yield Reading(reader, ends)


async def latest(settings: Settings, name: str, *, partitions: set[int] | None = None) -> dict[bytes, bytes]:
    """Give what a compacted topic of that full name holds now: each key's newest value, those taken back left out."""
    newest: dict[bytes, bytes] = {}
    async with reading(settings, [name], partitions=partitions) as topic:
        async for record in topic.held():
            if record.value is None:
                newest.pop(record.key, None)
            else:
                newest[record.key] = record.value
    return newest
