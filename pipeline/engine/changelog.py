"""Tables from their changelogs: in bulk, committed records alone, past the marks of transactions."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition

from pipeline.engine.fetched import read_whole
from pipeline.engine.store import Mark, Store, Stores, Written
from pipeline.engine.transaction import BORN, POSITIONS_KEY

OLD_SECONDS = 72_000
"""What is kept longer may miss a deletion: a compacted changelog forgets it a day (delete.retention.ms) later."""
_positions = msgspec.json.Decoder(dict[str, int]).decode

Loading = Callable[[int, int], None]
"""Is told while tables are loaded: records taken, records in all as far as offsets tell."""


class Tail:
    """One number's tables while they are loaded, and how far each changelog is read.

    Stores that kept something must be borne out by the changelogs; what is not is thrown away and loaded anew.
    """

    def __init__(self, stores: Mapping[str, Store], begin: Mapping[str, int]) -> None:
        self.stores = stores if isinstance(stores, Stores) else Stores(stores)
        self.at = dict(begin)
        self.positions: dict[str, int] = {}
        self.mark: Mark | None = None
        self._borne_out = self.stores.kept is None
        self._loaded = self.stores.kept is not None

    def take(self, table: str, records: list[Any]) -> None:
        """Take records of a table's changelog."""
        changed: dict[str, bytes | None] = {}
        told = None
        for record in records:
            key = record.key
            if key is None:
                continue
            if key == POSITIONS_KEY:
                told = record
            else:
                changed[key.decode("utf-8", "surrogateescape")] = record.value
        if told is not None:
            # The furthest: an app that has got a table more may keep them in another changelog since.
            for topic, at in _positions(told.value).items():
                self.positions[topic] = max(at, self.positions.get(topic, at))
            born = dict(told.headers).get(BORN, b"").decode()
            self.mark = Mark(table, told.offset, dict(self.positions), born)
        stores = self.stores
        stores[table].apply(changed)
        if records:
            # With the mark as it was kept, until that is borne out: the next to open them must doubt it, too.
            # And no mark before the first load has ended: a part of a table is none.
            mark = self.mark if self._borne_out and self._loaded else None
            stores.settle({table: changed}, Written({table: records[-1].offset + 1}, mark))

    def begin(self, begins: Mapping[str, int], ends: Mapping[str, int]) -> None:
        """Find where each changelog is to be read on, of what it holds."""
        kept = self.stores.kept
        if kept is not None and not self._borne_out:
            old = time.time() - kept.seconds > OLD_SECONDS
            for table, at in kept.offsets.items():
                if not begins[table] <= at <= ends[table]:
                    self._anew("its changelog does not hold the offset that it goes by")
                elif old and ends[table] > at + 2:
                    self._anew("it is so old that it may have missed a deletion")
        for table in self.stores:
            # A compacted beginning is no loss: what was there is told again later on.
            self.at[table] = max(self.at.get(table, 0), begins[table])

    def end(self) -> bool:
        """See whether what the stores kept is borne out by what was read; if not, all is to be read again."""
        kept = self.stores.kept
        if kept is None or self._borne_out:
            self._loaded = True
            self.stores.settle({}, Written({}, self.mark))
            return True
        if self.mark is None or self.mark.born != kept.mark.born:
            self._anew("its changelog is another one")
        elif any(self.positions.get(topic, -1) < at for topic, at in kept.mark.positions.items()):
            self._anew("it is further than its changelog")
        else:
            self.stores.settle({}, Written({}, self.mark))
            self._borne_out = True
        return self.stores.kept is not None

    def _anew(self, why: str) -> None:
        if not self._borne_out:
            self._borne_out, self._loaded = True, False
            self.stores.anew(why)
            self.at, self.positions, self.mark = {}, {}, None


async def load(
    consumer: AIOKafkaConsumer,
    changelogs: Mapping[str, str],
    tails: Mapping[int, Tail],
    patience_seconds: float,
    told: Loading = lambda _taken, _all: None,
) -> None:
    """Read the changelogs of numbers from where their tails are to their ends.

    `consumer` reads what is committed and belongs to no group. The end is the last stable offset as it is at the
    start: whoever must not miss what is written meanwhile has shut the writer out before.

    Errors: KafkaError; TimeoutError when nothing comes for as long as the patience lasts; `StoreError`.
    """
    read_whole(consumer)
    await _load(consumer, changelogs, tails, patience_seconds, told)
    if anew := {number: tail for number, tail in tails.items() if not tail.end()}:
        await _load(consumer, changelogs, anew, patience_seconds, told)
        for tail in anew.values():
            tail.end()


async def _load(
    consumer: AIOKafkaConsumer,
    changelogs: Mapping[str, str],
    tails: Mapping[int, Tail],
    patience_seconds: float,
    told: Loading,
) -> None:
    places = {
        TopicPartition(changelogs[table], number): (table, tail)
        for number, tail in tails.items()
        for table in tail.stores
    }
    if not places:
        return
    consumer.assign(list(places))
    begins, ends = await consumer.beginning_offsets(list(places)), await consumer.end_offsets(list(places))
    for number, tail in tails.items():
        own = {table: TopicPartition(changelogs[table], number) for table in tail.stores}
        tail.begin(
            {table: begins[place] for table, place in own.items()}, {table: ends[place] for table, place in own.items()}
        )
    for place, (table, tail) in places.items():
        consumer.seek(place, tail.at[table])
    left = {place for place, (table, tail) in places.items() if tail.at[table] < ends[place]}
    whole = sum(max(0, ends[place] - tail.at[table]) for place, (table, tail) in places.items())
    start = {place: tail.at[table] for place, (table, tail) in places.items()}
    taken, moved = 0, time.monotonic()
    while left:
        for place, records in (await consumer.getmany(*left, timeout_ms=100)).items():
            table, tail = places[place]
            tail.take(table, records)
            # Heartbeats get their turn.
            await asyncio.sleep(0)
        for place in list(left):
            table, tail = places[place]
            tail.at[table] = await consumer.position(place)
            if tail.at[table] >= ends[place]:
                left.discard(place)
                consumer.pause(place)
        before, taken = taken, sum(tail.at[table] - start[place] for place, (table, tail) in places.items())
        told(taken, whole)
        if taken > before:
            moved = time.monotonic()
        elif left and time.monotonic() - moved > patience_seconds:
            raise TimeoutError
