"""A worker in memory: the engine as it is, on a connection to a Kafka in memory."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from pipeline.engine.engine import Engine
from pipeline.engine.layout import Layout
from pipeline.engine.memory.connection import Connection
from pipeline.engine.memory.group import Group, MemoryMembership
from pipeline.engine.memory.kafka import MemoryKafka
from pipeline.engine.memory.reading import MemorySource
from pipeline.engine.memory.writing import MemoryOpenings
from pipeline.engine.pace import Pace
from pipeline.engine.stage import Observe
from pipeline.engine.store import Depot


class MemoryWorker:
    """One worker of a group; `member` is its place there."""

    engine: Engine
    member: MemoryMembership

    def __init__(self, name: str, layout: Layout, pace: Pace, kafka: MemoryKafka, *, observe: Observe) -> None:
        self.name = name
        self.connection = Connection(kafka)
        self._layout = layout
        self._pace = pace
        self._observe = observe
        self._source = MemorySource(layout, pace, self.connection)
        self._failure: asyncio.Future[None] | None = None

    async def start(self, group: Group) -> None:
        """Begin to work."""

        def join(changed: Callable[[], None]) -> MemoryMembership:
            self.member = MemoryMembership(
                self.name, self._layout, group, self.connection, changed, leave_seconds=self._pace.leave_seconds
            )
            return self.member

        openings = MemoryOpenings(self._layout, self.connection, Depot())
        self.engine = Engine(openings, self._source, join, self._pace, self._observe)
        await self.engine.start()
        self._failure = asyncio.ensure_future(self.engine.failure())

    async def stop(self) -> None:
        """End as a worker that is told to."""
        await self.engine.stop()
        if self._failure is not None:
            self._failure.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await self._failure

    def read_all(self) -> bool:
        """Tell whether there is nothing left that this worker could read now."""
        return self._source.read_all()

    def see(self) -> None:
        """See that the worker works.

        Errors: what its engine cannot go on with.
        """
        if self._failure is not None and self._failure.done():
            self._failure.result()
