"""A Faust app that runs on the engine: declared as any, started as any, by `faust worker` or by itself."""

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import faust
from faust.app.base import BootStrategy
from mode import Service

from pipeline.engine.engine import Engine
from pipeline.engine.errors import EngineError
from pipeline.engine.layout import Layout, layout_of
from pipeline.engine.openings import Openings
from pipeline.engine.pace import Pace
from pipeline.engine.source import Source
from pipeline.engine.stage import House
from pipeline.engine.store import Depot


class _Boot(BootStrategy):  # type: ignore[misc]
    """Starts the engine in place of Faust's consumer, producer, agents and tables."""

    def server(self) -> Any:
        """Give the services of a worker."""
        return [*self.sensors(), self.app.engine_service]


class EngineApp(faust.App):  # type: ignore[misc]
    """A Faust app whose batched agents run on the engine.

    `connect` is what every aiokafka client is told: `bootstrap_servers`, and what TLS and SASL need. The tables are
    where `depot` keeps them; none: in memory. `on_engine` is told of the engine before it starts.
    """

    BootStrategy = _Boot

    def __init__(
        self,
        id: str,  # noqa: A002 -- as Faust names it.
        *,
        house: House,
        connect: Mapping[str, Any],
        pace: Pace = Pace(),  # noqa: B008 -- a tuple of numbers.
        depot: Depot | None = None,
        **conf: Any,
    ) -> None:
        self.house = house
        self.connect = connect
        self.pace = pace
        self.depot = depot or Depot()
        self.on_engine: Callable[[Engine], None] = lambda _: None
        self.engine_service = EngineService(self)
        super().__init__(id, **conf)

    @property
    def engine(self) -> Engine:
        """The engine, once the app has been started."""
        return self.engine_service.engine

    async def on_start(self) -> None:
        """Do what Faust does, but for its consumer: that would be made here, with a thread, and never be started."""
        self.finalize()

    def entries(self, table: str) -> dict[int, Mapping[str, bytes]]:
        """Give what this worker holds of a table, by partition number."""
        return {partition.number: partition.stores[table] for partition in self.engine.partitions()}

    async def _wait_for_table_recovery_completed(self) -> bool:
        """Do not wait: the tables are the engine's, and it loads them number by number while others are at work."""
        return False


class EngineService(Service):  # type: ignore[misc]
    """The engine as one of the app's services; what it cannot go on with crashes the app."""

    engine: Engine

    def __init__(self, app: EngineApp) -> None:
        self._app = app
        super().__init__()

    async def on_start(self) -> None:
        """Make the engine of what the app has declared by now, and start it."""
        self.engine = make_engine(self._app)
        self._app.on_engine(self.engine)
        try:
            await self.engine.start()
        except BaseException:
            await self.engine.stop()
            raise

    @Service.task  # type: ignore[untyped-decorator]
    async def _watch(self) -> None:
        try:
            await self.engine.failure()
        except Exception as error:  # noqa: BLE001 -- whatever it is, it ends the app.
            await self._app.crash(error)

    async def on_stop(self) -> None:
        """Stop the engine."""
        with suppress(AttributeError):
            await self.engine.stop()
        self._app.depot.close()


def make_layout(app: EngineApp) -> Layout:
    """Make the layout of what an app has declared by now.

    Errors: `EngineError` where an agent is an ordinary one of Faust.
    """
    if alone := sorted(name for name, agent in app.agents.items() if not hasattr(agent.fun, "body")):
        raise EngineError(f"agents {', '.join(alone)} would never run: make them of functions of batches, by `batched`")
    layout = layout_of(app)
    shared = Counter(table for agent in layout.agents for table in agent.stage.tables)
    if twice := sorted(table for table, agents in shared.items() if agents > 1):
        raise EngineError(f"tables {', '.join(twice)} belong to several agents: give each agent tables of its own")
    return layout


def make_engine(app: EngineApp) -> Engine:
    """Make the engine of an app."""
    # Here alone, for most private names of aiokafka are in it: where one has gone, stock Faust is still the way back.
    from pipeline.engine.membership import Membership  # noqa: PLC0415

    layout, pace, connect = make_layout(app), app.pace, app.connect
    return Engine(
        Openings(layout, pace, connect, app.depot),
        Source(layout, pace, connect),
        lambda changed: Membership(layout, pace, connect, changed),
        pace,
        app.house.observe,
    )
