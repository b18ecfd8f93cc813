"""The writing end of a partition number: one transactional producer, by whose id every older one is shut out."""

import asyncio
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

import msgspec
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from pipeline.engine.errors import LostError
from pipeline.engine.layout import Layout
from pipeline.engine.partition import Snapshot

POSITIONS_KEY = b"\x00positions"
"""The key of the record in a number's changelog that holds its positions, written with what they stand for."""
CLOSE_SECONDS = 2.0
_FENCED = ("ProducerFenced", "InvalidProducerEpoch", "OutOfOrderSequenceNumber")

Entry = tuple[bytes | None, bytes | None, list[tuple[str, bytes]]]
"""A record to write: key, value, headers."""


class Writer:
    """Commits the snapshots of one partition number of an app, one after the other.

    The positions go into one of the changelogs, too; where there is no table, to the group alone.
    """

    def __init__(self, number: int, layout: Layout, options: Mapping[str, Any]) -> None:
        self._number = number
        self._group = layout.group
        self._prefix = layout.prefix
        self._changelogs = layout.changelogs
        self._ledger = layout.changelogs[min(layout.changelogs)] if layout.changelogs else None
        self._producer = AIOKafkaProducer(transactional_id=f"{layout.group}-{number}", **options)

    async def open(self) -> None:
        """Take the number over: whoever wrote it before cannot any more, and what they had open is settled."""
        await self._producer.start()

    async def commit(self, snapshot: Snapshot) -> None:
        """Write a snapshot in a transaction: all of it, or nothing.

        Errors: `LostError` where another worker has taken the number over; KafkaError. After any of them, whether it
        was written is known only to whoever opens the number next.
        """
        try:
            await self._commit(snapshot)
        except KafkaError as error:
            if type(error).__name__ in _FENCED:
                raise LostError(f"{self._group}-{self._number}") from error
            raise

    async def _commit(self, snapshot: Snapshot) -> None:
        producer = self._producer
        offsets = {TopicPartition(self._prefix + topic, self._number): at for topic, at in snapshot.positions.items()}
        await producer.begin_transaction()
        ways = [
            self._send(topic, partition, entries) for (topic, partition), entries in self._entries(snapshot).items()
        ]
        await _all([producer.send_offsets_to_transaction(offsets, self._group), *ways])
        await producer.commit_transaction()

    def _entries(self, snapshot: Snapshot) -> dict[tuple[str, int], list[Entry]]:
        found: dict[tuple[str, int], list[Entry]] = {}
        for topic, key, value, partition, headers in snapshot.messages:
            place = self._prefix + topic, partition
            entries = found.get(place)
            if entries is None:
                entries = found[place] = []
            entries.append((key, value, list(headers.items())))
        none: list[tuple[str, bytes]] = []
        for table, changed in snapshot.changes.items():
            found[self._changelogs[table], self._number] = [
                (key.encode("utf-8", "surrogateescape"), value, none) for key, value in changed.items()
            ]
        if self._ledger is not None and found:
            record = POSITIONS_KEY, msgspec.json.encode(snapshot.positions), none
            found.setdefault((self._ledger, self._number), []).append(record)
        return found

    async def _send(self, topic: str, partition: int, entries: Iterable[Entry]) -> None:
        producer, now = self._producer, int(time.time() * 1000)
        sent = []
        batch = producer.create_batch()
        append = batch.append
        for key, value, headers in entries:
            if append(timestamp=now, key=key, value=value, headers=headers) is None:
                sent.append(await producer.send_batch(batch, topic, partition=partition))
                batch = producer.create_batch()
                append = batch.append
                append(timestamp=now, key=key, value=value, headers=headers)
        sent.append(await producer.send_batch(batch, topic, partition=partition))
        await _all(sent)

    async def close(self) -> None:
        """Let go of the connection, without waiting for a Kafka that does not answer."""
        with suppress(Exception):
            await asyncio.wait_for(self._producer.stop(), CLOSE_SECONDS)


async def _all(ways: Iterable[Any]) -> None:
    """Wait for all of them, and only then raise what the first of them that failed has raised."""
    for found in await asyncio.gather(*ways, return_exceptions=True):
        if isinstance(found, BaseException):
            raise found
