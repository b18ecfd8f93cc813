"""How partition numbers are taken over: shut the older writer out, load the tables, find where to read on."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, TopicPartition

from pipeline.engine.changelog import Loading, Tail, load
from pipeline.engine.errors import EngineError
from pipeline.engine.layout import Layout
from pipeline.engine.pace import Pace
from pipeline.engine.partition import Hand, Partition
from pipeline.engine.source import out_of_range
from pipeline.engine.store import Depot
from pipeline.engine.transaction import Writer

FETCH_BYTES = 4_194_304


class Openings:
    """Opens partition numbers of an app; `options` are what every client must be told to connect."""

    def __init__(self, layout: Layout, pace: Pace, options: Mapping[str, Any], depot: Depot) -> None:
        self._layout = layout
        self._pace = pace
        self._options = options
        self._depot = depot

    async def check(self) -> None:
        """Hold sources and changelogs against each other.

        Errors: `EngineError` where a topic is missing or has another number of partitions.
        """
        names = [*self._layout.sources, *self._layout.changelogs.values()]
        async with self._reader() as reader:
            await reader._client.set_topics(names)  # noqa: SLF001 -- there is no public way to ask for topics by name.
            counts = {name: len(reader.partitions_for_topic(name) or ()) for name in names}
        if missing := [name for name, count in counts.items() if not count]:
            raise EngineError(f"there is no topic {', '.join(missing)}: create it before the app is started")
        if len(set(counts.values())) > 1:
            told = ", ".join(f"{name} has {count}" for name, count in sorted(counts.items()))
            raise EngineError(f"sources and changelogs of an app need as many partitions as each other: {told}")

    async def prepare(self, numbers: Iterable[int], told: Loading = lambda _taken, _all: None) -> dict[int, Tail]:
        """Load numbers that another worker still writes; what they write from now on is loaded when they are opened."""
        tails = {number: await self._tail(number) for number in numbers}
        async with self._reader() as reader:
            await load(reader, self._layout.changelogs, tails, self._pace.open_seconds, told)
        return tails

    async def open(
        self, numbers: Sequence[int], prepared: Mapping[int, Tail], told: Loading = lambda _taken, _all: None
    ) -> dict[int, tuple[Partition, Writer]]:
        """Take numbers over, in the one order that is safe: shut out, load, find the positions.

        Errors: `EngineError` where a source does not hold a position; KafkaError.
        """
        writers = {number: Writer(number, self._layout, self._writing()) for number in numbers}
        reader, tails = self._reader(), {number: prepared[number] for number in numbers if number in prepared}
        try:
            async with asyncio.timeout(self._pace.request_seconds):
                await asyncio.gather(reader.start(), *[writer.open() for writer in writers.values()])
            for number in numbers:
                tails[number] = tails.get(number) or await self._tail(number)
            await load(reader, self._layout.changelogs, tails, self._pace.open_seconds, told)
            starts = await self._starts(reader, tails)
        except BaseException:
            await asyncio.gather(*[writer.close() for writer in writers.values()])
            for tail in tails.values():
                tail.stores.close()
            raise
        finally:
            await reader.stop()
        opened = {}
        for number, writer in writers.items():
            mark = tails[number].mark
            writer.born = (mark and mark.born) or uuid4().hex
            hand = Hand(self._layout.handed, writer.born)
            partition = Partition(number, self._layout.agents, tails[number].stores, starts[number], hand)
            opened[number] = partition, writer
        return opened

    async def _tail(self, number: int) -> Tail:
        # In a thread: a database may have work to do before it is open, and heartbeats must not wait for it.
        stores = await asyncio.to_thread(self._depot.open, self._layout.group, number, self._layout.changelogs)
        return Tail(stores, stores.kept.offsets if stores.kept else {})

    async def _starts(self, reader: AIOKafkaConsumer, tails: Mapping[int, Tail]) -> dict[int, dict[str, int]]:
        """Find where to read on."""
        places = [TopicPartition(source, number) for number in tails for source in self._layout.sources]
        begins, ends = await reader.beginning_offsets(places), await reader.end_offsets(places)
        committed = await asyncio.gather(*[reader.committed(place) for place in places])
        starts: dict[int, dict[str, int]] = {number: {} for number in tails}
        for place, offset in zip(places, committed, strict=True):
            topic = place.topic.removeprefix(self._layout.prefix)
            told = tails[place.partition].positions.get(topic)
            starts[place.partition][topic] = read_on(place, (offset, told), begins[place], ends[place])
        return starts

    def _reader(self) -> AIOKafkaConsumer:
        return AIOKafkaConsumer(
            group_id=self._layout.group,
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level="read_committed",
            max_partition_fetch_bytes=FETCH_BYTES,
            fetch_max_wait_ms=50,
            # While a number is being opened it stands still: what the client is not told yet it asks again for soon.
            retry_backoff_ms=20,
            **self._options,
        )

    def _writing(self) -> dict[str, Any]:
        return {
            **self._options,
            "request_timeout_ms": int(self._pace.request_seconds * 1000),
            "max_batch_size": 1_000_000,
            "transaction_timeout_ms": 60_000,
            # Who takes over waits so long between two questions, while Kafka ends what the one before had open.
            "retry_backoff_ms": 50,
        }


def read_on(place: TopicPartition, told: Iterable[int | None], begin: int, end: int) -> int:
    """Give the offset to read a source on from: what the group or the changelog has told, whichever is further.

    The group's offsets expire, and can be set back; the tables would then count what they hold once more.

    Errors: `EngineError` where the source does not hold that offset.
    """
    at = max((at for at in told if at is not None), default=begin)
    if not begin <= at <= end:
        raise out_of_range(place.topic, place.partition, at)
    return at
