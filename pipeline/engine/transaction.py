"""The writing end of a partition number: one transactional producer, by whose id every older one is shut out."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any

import msgspec
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError, UnknownTopicOrPartitionError

from pipeline.engine.errors import LostError
from pipeline.engine.layout import Layout
from pipeline.engine.partition import Snapshot
from pipeline.engine.store import Mark, Written

POSITIONS_KEY = b"\x00positions"
"""The key of the record in a number's changelog that holds its positions, written with what they stand for."""
BORN = "born"
"""The header of that record with the name of the changelog."""
CLOSE_SECONDS = 2.0
_FENCED = ("ProducerFenced", "InvalidProducerEpoch", "OutOfOrderSequenceNumber")

Place = tuple[str, int]
"""A topic as Kafka names it, and a partition."""
_NONE: list[tuple[str, bytes]] = []


class _Batches:
    """Records of one partition, in as many batches as they fill."""

    def __init__(self, create: Callable[[], Any], now: int) -> None:
        self._create = create
        self._now = now
        self.filled: list[Any] = []
        self._begin()

    def _begin(self) -> None:
        batch = self._create()
        self.filled.append(batch)
        # Not by the batch's own `append`, whose checks and conversions each record would pay for.
        self._append = batch._builder.append  # noqa: SLF001
        self._count = 0

    def add(self, key: bytes | None, value: bytes | None, headers: list[tuple[str, bytes]]) -> None:
        """Add a record."""
        if self._append(self._count, self._now, key, value, headers) is None:
            self._begin()
            self._append(0, self._now, key, value, headers)
        self._count += 1
        self.filled[-1]._relative_offset = self._count  # noqa: SLF001


class Writer:
    """Commits the snapshots of one partition number of an app, one after the other.

    The positions go into one of the changelogs, too; where there is no table, to the group alone. `born` is the name
    that this changelog was given with its first record, set before anything is committed.
    """

    def __init__(self, number: int, layout: Layout, options: Mapping[str, Any]) -> None:
        self._number = number
        self._group = layout.group
        self._prefix = layout.prefix
        self._changelogs = layout.changelogs
        self._widths = layout.widths
        self._ledger = layout.ledger
        self.born = ""
        self._producer = AIOKafkaProducer(transactional_id=f"{layout.group}-{number}", **options)

    async def open(self) -> None:
        """Take the number over: whoever wrote it before cannot any more, and what they had open is settled."""
        await self._producer.start()

    async def commit(self, snapshot: Snapshot) -> Written:
        """Write a snapshot in a transaction: all of it, or nothing.

        Errors: `LostError` where another worker has taken the number over; KafkaError. After any of them, whether it
        was written is known only to whoever opens the number next.
        """
        try:
            return await self._commit(snapshot)
        except KafkaError as error:
            if type(error).__name__ in _FENCED:
                raise LostError(f"{self._group}-{self._number}") from error
            raise

    async def _commit(self, snapshot: Snapshot) -> Written:
        producer = self._producer
        offsets = {TopicPartition(self._prefix + topic, self._number): at for topic, at in snapshot.positions.items()}
        places = self._batches(snapshot)
        await self._measure(places)
        await producer.begin_transaction()
        # Not at the same time: the broker answers what it is still adding to the transaction with a retry of 100 ms.
        # Records first: while the last transaction is not wholly ended, the client asks anew after 20 ms, not 100.
        ends = await _all([self._send(topic, partition, batches) for (topic, partition), batches in places.items()])
        await producer.send_offsets_to_transaction(offsets, self._group)
        await producer.commit_transaction()
        return self._written(snapshot, dict(zip(places, ends, strict=True)))

    async def _measure(self, places: Iterable[Place]) -> None:
        """See that there is every partition that is to be written to.

        Errors: UnknownTopicOrPartitionError; whoever processes the records again refuses those that have caused it.
        """
        for topic, partition in places:
            name, width = topic.removeprefix(self._prefix), len(await self._producer.partitions_for(topic))
            there = 0 <= partition < width
            if name in self._widths or not there:
                self._widths[name] = width
            if not there:
                raise UnknownTopicOrPartitionError(f"{topic}-{partition}")

    def _batches(self, snapshot: Snapshot) -> dict[Place, "_Batches"]:
        """Put a snapshot's messages, changes and positions into batches, by topic and partition."""
        create, now = self._producer.create_batch, int(time.time() * 1000)
        found: dict[Place, _Batches] = {}
        for message in snapshot.messages:
            place = message.topic, message.partition
            batches = found.get(place)
            if batches is None:
                batches = found[place] = _Batches(create, now)
            batches.add(message.key, message.value, list(message.headers.items()) if message.headers else _NONE)
        found = {(self._prefix + topic, partition): batches for (topic, partition), batches in found.items()}
        for table, changed in snapshot.changes.items():
            batches = found[self._changelogs[table], self._number] = _Batches(create, now)
            for key, value in changed.items():
                batches.add(key.encode("utf-8", "surrogateescape"), value, _NONE)
        if self._ledger is not None and found:
            place = self._changelogs[self._ledger], self._number
            found.setdefault(place, _Batches(create, now)).add(
                POSITIONS_KEY, msgspec.json.encode(snapshot.positions), [(BORN, self.born.encode())]
            )
        return found

    async def _send(self, topic: str, partition: int, batches: "_Batches") -> int | None:
        """Send batches; give the offset behind them, None where the broker did not tell."""
        sent = await _all(
            [await self._producer.send_batch(batch, topic, partition=partition) for batch in batches.filled]
        )
        return sent[-1].offset + batches.filled[-1].record_count() if sent[-1].offset >= 0 else None

    def _written(self, snapshot: Snapshot, ends: Mapping[Place, int | None]) -> Written:
        found = {table: ends.get((topic, self._number)) for table, topic in self._changelogs.items()}
        offsets = {table: end for table, end in found.items() if end is not None}
        end = offsets.get(self._ledger or "")
        # The positions come last.
        mark = None if end is None else Mark(self._ledger or "", end - 1, snapshot.positions, self.born)
        return Written(offsets, mark)

    async def close(self) -> None:
        """Let go of the connection, without waiting for a Kafka that does not answer."""
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._producer.stop()
        except Exception:  # noqa: BLE001 -- whatever it is, the sockets are closed.
            # What a stop that is given up leaves open: the task that sends, and the sockets.
            if sender := self._producer._sender.sender_task:  # noqa: SLF001 -- there is no public way.
                sender.cancel()
            with suppress(Exception):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await self._producer.client.close()


async def _all(ways: Iterable[Any]) -> list[Any]:
    """Wait for all of them, and only then raise what the first of them that failed has raised."""
    results = await asyncio.gather(*ways, return_exceptions=True)
    for found in results:
        if isinstance(found, BaseException):
            raise found
    return results
