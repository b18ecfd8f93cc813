"""Tables from their changelogs: in bulk, committed records alone, past the marks of transactions."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition

from pipeline.engine.store import Store
from pipeline.engine.transaction import POSITIONS_KEY

_positions = msgspec.json.Decoder(dict[str, int]).decode

Loading = Callable[[int, int], None]
"""Is told while tables are loaded: records taken, records in all as far as offsets tell."""


class Tail:
    """One number's tables while they are loaded, and how far each changelog is read."""

    def __init__(self, stores: Mapping[str, Store], begin: Mapping[str, int]) -> None:
        self.stores = stores
        self.at = dict(begin)
        self.positions: dict[str, int] = {}

    def take(self, table: str, records: list[Any]) -> None:
        """Take records of a table's changelog."""
        changed: dict[str, bytes | None] = {}
        for record in records:
            key = record.key
            if key is None:
                continue
            if key == POSITIONS_KEY:
                self.positions = _positions(record.value)
            else:
                changed[key.decode("utf-8", "surrogateescape")] = record.value
        self.stores[table].apply(changed)


async def load(
    consumer: AIOKafkaConsumer,
    changelogs: Mapping[str, str],
    tails: Mapping[int, Tail],
    pause: Callable[[], Awaitable[None]],
    told: Loading = lambda _taken, _all: None,
) -> None:
    """Read the changelogs of numbers from where their tails are to their ends; `pause` gives way to other work.

    `consumer` reads what is committed and belongs to no group. The end is the last stable offset as it is at the
    start: whoever must not miss what is written meanwhile has shut the writer out before.

    Errors: KafkaError.
    """
    places = {
        TopicPartition(changelogs[table], number): (table, tail)
        for number, tail in tails.items()
        for table in tail.stores
    }
    if not places:
        return
    consumer.assign(list(places))
    begins, ends = await consumer.beginning_offsets(list(places)), await consumer.end_offsets(list(places))
    for place, (table, tail) in places.items():
        # A compacted beginning is no loss: what was there is told again later on.
        tail.at[table] = max(tail.at.get(table, 0), begins[place])
        consumer.seek(place, tail.at[table])
    left = {place for place, (table, tail) in places.items() if tail.at[table] < ends[place]}
    whole = sum(max(0, ends[place] - tail.at[table]) for place, (table, tail) in places.items())
    start = {place: tail.at[table] for place, (table, tail) in places.items()}
    while left:
        for place, records in (await consumer.getmany(*left, timeout_ms=100)).items():
            table, tail = places[place]
            tail.take(table, records)
            await pause()
        for place in list(left):
            table, tail = places[place]
            tail.at[table] = await consumer.position(place)
            if tail.at[table] >= ends[place]:
                left.discard(place)
                consumer.pause(place)
        told(sum(tail.at[table] - start[place] for place, (table, tail) in places.items()), whole)
