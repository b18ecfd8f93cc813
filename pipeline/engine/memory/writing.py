"""The writing end in memory: partition numbers taken over and committed, by the same fences as on Kafka."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from aiokafka import TopicPartition
from aiokafka.errors import ProducerFenced, UnknownTopicOrPartitionError

from pipeline.engine.changelog import Loading, Tail
from pipeline.engine.errors import LostError
from pipeline.engine.layout import Layout
from pipeline.engine.memory.connection import Connection
from pipeline.engine.memory.kafka import Written
from pipeline.engine.memory.log import NO_HEADERS
from pipeline.engine.openings import read_on
from pipeline.engine.partition import Hand, Partition, Snapshot
from pipeline.engine.store import Depot
from pipeline.engine.store import Written as Ended
from pipeline.engine.transaction import POSITIONS_KEY


class MemoryWriter:
    """Commits the snapshots of one partition number; `Writer` does it on Kafka."""

    def __init__(self, number: int, layout: Layout, connection: Connection) -> None:
        self._number = number
        self._layout = layout
        self._connection = connection
        self._id = f"{layout.group}-{number}"
        self._epoch = -1

    async def open(self) -> None:
        """Take the number over."""
        self._connection.admit()
        self._epoch = self._connection.kafka.take_over(self._id)

    async def commit(self, snapshot: Snapshot) -> Ended:
        """Write a snapshot in a transaction.

        Errors: `LostError`; KafkaError.
        """
        kafka = self._connection.kafka
        self._connection.admit()
        for message in snapshot.messages:
            if not 0 <= message.partition < kafka.partitions:
                self._layout.widths[message.topic] = kafka.partitions
                raise UnknownTopicOrPartitionError(f"{message.topic}-{message.partition}")
        try:
            transaction = kafka.begin(self._id, self._epoch)
            for (topic, number), records in self._records(snapshot).items():
                kafka.write(transaction, self._epoch, topic, number, records)
            prefix = self._layout.prefix
            transaction.offsets |= {(prefix + topic, self._number): at for topic, at in snapshot.positions.items()}
            heard = await self._connection.passing(self._number)
            kafka.commit(transaction, self._epoch)
        except ProducerFenced as error:
            raise LostError(self._id) from error
        self._connection.answer(heard)
        return Ended({}, None)

    def _records(self, snapshot: Snapshot) -> dict[tuple[str, int], list[Written]]:
        layout, found = self._layout, dict[tuple[str, int], list[Written]]()
        for message in snapshot.messages:
            place = layout.prefix + message.topic, message.partition
            found.setdefault(place, []).append((message.key, message.value, message.headers))
        for table, changed in snapshot.changes.items():
            found.setdefault((layout.changelogs[table], self._number), []).extend(
                (key.encode("utf-8", "surrogateescape"), value, NO_HEADERS) for key, value in changed.items()
            )
        if layout.ledger is not None and found:
            place = layout.changelogs[layout.ledger], self._number
            positions = msgspec.json.encode(snapshot.positions)
            found.setdefault(place, []).append((POSITIONS_KEY, positions, NO_HEADERS))
        return found

    async def close(self) -> None:
        """Do nothing: there is no connection."""


class MemoryOpenings:
    """Opens partition numbers of an app; `Openings` does it on Kafka."""

    def __init__(self, layout: Layout, connection: Connection, depot: Depot) -> None:
        self._layout = layout
        self._connection = connection
        self._depot = depot

    async def check(self) -> None:
        """Do nothing: topics come into being as they are named."""

    async def prepare(self, numbers: Iterable[int], told: Loading) -> dict[int, Tail]:
        """Load numbers that another worker still writes."""
        del told
        self._connection.admit()
        return {number: self._load(number, self._tail(number)) for number in numbers}

    async def open(
        self, numbers: Sequence[int], prepared: Mapping[int, Tail], told: Loading
    ) -> dict[int, tuple[Partition, MemoryWriter]]:
        """Take numbers over: shut out, load, find the positions."""
        del told
        opened = {}
        for number in numbers:
            writer = MemoryWriter(number, self._layout, self._connection)
            await writer.open()
            tail = self._load(number, prepared.get(number) or self._tail(number))
            starts = self._starts(number, tail)
            hand = Hand(self._layout.handed, self._layout.group)
            opened[number] = Partition(number, self._layout.agents, tail.stores, starts, hand), writer
        return opened

    def _tail(self, number: int) -> Tail:
        return Tail(self._depot.open(self._layout.group, number, self._layout.changelogs), {})

    def _load(self, number: int, tail: Tail) -> Tail:
        for table, topic in self._layout.changelogs.items():
            records, tail.at[table] = self._connection.kafka.log(topic, number).read(tail.at.get(table, 0))
            tail.take(table, records)
        return tail

    def _starts(self, number: int, tail: Tail) -> dict[str, int]:
        kafka, prefix = self._connection.kafka, self._layout.prefix
        return {
            topic: read_on(
                TopicPartition(prefix + topic, number),
                (kafka.offsets.get((prefix + topic, number)), tail.positions.get(topic)),
                0,
                kafka.log(prefix + topic, number).stable,
            )
            for topic in self._layout.topics
        }
