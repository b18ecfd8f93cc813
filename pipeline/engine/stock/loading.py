"""Partition numbers taken over on stock Faust as on the engine, so that either may have written them before."""

import asyncio
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from pipeline.engine.changelog import Loading, Tail
from pipeline.engine.layout import layout_of
from pipeline.engine.openings import Openings
from pipeline.engine.pace import Pace
from pipeline.engine.partition import HANDED
from pipeline.engine.record import Record
from pipeline.engine.store import Depot


class _Held(NamedTuple):
    """What a number's tables hold already: all before a topic's position, and all that bears the changelog's mark."""

    positions: Mapping[str, int]
    mark: bytes


class Loader:
    """The numbers that an app's worker has; their tables are as their changelogs say, past marks and what was aborted.

    Faust's own way takes the engine's positions for an entry, aborted records for true ones, and waits for a record
    where a changelog ends with the mark of a transaction.
    """

    def __init__(self, app: Any) -> None:
        self._app = app
        self._tails: dict[int, Tail] = {}
        self._held: dict[int, _Held] = {}
        self._turn = asyncio.Lock()

    async def load(self, numbers: Collection[int], told: Loading) -> None:
        """Have the tables of these numbers, and no others; what is here already is read on.

        An engine's worker that still wrote a number cannot any more, and what it had open is settled.

        Errors: `EngineError` where a source does not hold a position; `StoreError`; KafkaError; TimeoutError.
        """
        # One that is cancelled by the next rebalance may still have to close what it has opened.
        async with self._turn:
            self._tails = {number: tail for number, tail in self._tails.items() if number in numbers}
            self._held = {}
            if numbers:
                await self._open(sorted(numbers), told)
            for name in self._app.tables:
                tails = self._tails.items()
                own = {number: tail.stores[name] for number, tail in tails if name in tail.stores}
                self._app.tables[name].data.partitions = own

    async def _open(self, numbers: list[int], told: Loading) -> None:
        openings = Openings(layout_of(self._app), Pace(), self._app.connect, Depot())
        if new := [number for number in numbers if number not in self._tails]:
            self._tails |= await openings.prepare(new, told)
        opened = await openings.open(numbers, self._tails, told)
        await asyncio.gather(*[writer.close() for _, writer in opened.values()])
        self._held = {
            number: _Held(partition.positions, writer.born.encode()) for number, (partition, writer) in opened.items()
        }

    def holds(self, record: Record) -> bool:
        """Tell whether the tables hold what comes of a record: it was before a position, or handed over."""
        held = self._held.get(record.partition)
        if held is None:
            return False
        handed = record.topic in self._app.house.handed and record.headers.get(HANDED) == held.mark
        return handed or record.offset < held.positions.get(record.topic, 0)
