"""The reading end of all partition numbers of a worker: one consumer, told what to read and from where."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import OffsetOutOfRangeError

from pipeline.engine.errors import EngineError
from pipeline.engine.fetched import read_whole
from pipeline.engine.layout import Layout
from pipeline.engine.pace import Pace
from pipeline.engine.record import Record

FETCH_WAIT_MS = 50
"""One request reads all partitions: what a partition gets while it is not in the request under way waits this long."""


class Source:
    """Reads the sources of partition numbers, what is committed of them, from positions that it is told."""

    def __init__(self, layout: Layout, pace: Pace, options: Mapping[str, Any]) -> None:
        self._topics = layout.topics
        self._prefix = layout.prefix
        self._pace = pace
        self._consumer = AIOKafkaConsumer(
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level="read_committed",
            fetch_max_wait_ms=FETCH_WAIT_MS,
            **options,
        )
        self._numbers: frozenset[int] = frozenset()
        self._paused: set[int] = set()

    async def start(self) -> None:
        """Connect."""
        await self._consumer.start()
        read_whole(self._consumer, self._prefix)

    async def stop(self) -> None:
        """Disconnect."""
        await self._consumer.stop()

    def read(self, positions: Mapping[int, Mapping[str, int]]) -> None:
        """Read these numbers from now on, from these positions by topic, and no others."""
        self._numbers = frozenset(positions)
        self._paused.clear()
        places = {
            TopicPartition(self._prefix + topic, number): at
            for number, of_topic in positions.items()
            for topic, at in of_topic.items()
        }
        self._consumer.assign(list(places))
        for place, at in places.items():
            self._consumer.seek(place, at)

    def hold(self, numbers: Iterable[int]) -> None:
        """Do not read these numbers on for now; all others are read on."""
        held = self._numbers.intersection(numbers)
        for number in held - self._paused:
            self._consumer.pause(*self._places(number))
        for number in self._paused - held:
            self._consumer.resume(*self._places(number))
        self._paused = set(held)

    async def poll(self) -> AsyncIterator[tuple[str, int, Sequence[Record], int]]:
        """Give what there is: topic, number, records, and the position to read on from.

        Errors: `EngineError` where a position is not in its topic any more; KafkaError.
        """
        prefix, wait = len(self._prefix), int(self._pace.poll_seconds * 1000)
        try:
            found = await self._consumer.getmany(timeout_ms=wait, max_records=self._pace.poll_records)
        except OffsetOutOfRangeError as error:
            place, at = next(iter(error.args[0].items()))
            raise out_of_range(place.topic, place.partition, at) from None
        for place, records in found.items():
            yield place.topic[prefix:], place.partition, records, await self._consumer.position(place)

    async def positions(self) -> dict[int, dict[str, int]]:
        """Give how far each number is read; past the marks of transactions, which are no records."""
        return {
            number: {
                topic: await self._consumer.position(TopicPartition(self._prefix + topic, number))
                for topic in self._topics
            }
            for number in self._numbers
        }

    def ends(self) -> dict[int, dict[str, int]]:
        """Give the last stable offset of each topic by number, as of the last answer; without what is not known yet."""
        found: dict[int, dict[str, int]] = {number: {} for number in self._numbers}
        for number in self._numbers:
            for place in self._places(number):
                end = self._consumer.last_stable_offset(place)
                if end is not None:
                    found[number][place.topic[len(self._prefix) :]] = end
        return found

    def _places(self, number: int) -> list[TopicPartition]:
        return [TopicPartition(self._prefix + topic, number) for topic in self._topics]


def out_of_range(topic: str, number: int, at: int) -> EngineError:
    """Tell that a source does not reach to where it was read, or has lost what was not read."""
    return EngineError(
        f"{topic}-{number} does not hold offset {at}, where this app is to read on: the topic was cut or made anew, or "
        "its retention has deleted what was not processed. Nothing is skipped. When what is missing is known not to be "
        "needed, reset the group's offsets of the topic; when the topic was made anew, use another app id"
    )
