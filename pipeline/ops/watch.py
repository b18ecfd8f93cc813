"""What looks at a running worker every second: its progress, its health, and the partitions that come and go."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

import faust
import structlog

from pipeline.engine.store import Store
from pipeline.ops.ends import Ends
from pipeline.ops.facts import knowledge
from pipeline.ops.health import Health, Place
from pipeline.ops.metrics import Metrics
from pipeline.ops.standings import totals_of
from pipeline.settings import Settings

LOOK_SECONDS = 1.0
STOP_SECONDS = 2.0
AT_ONCE = 500
"""Totals that are computed before other work gets its turn."""
TABLE = "years"

log = structlog.get_logger(__name__)


class Watch:
    """Keeps metrics and health current while an app lives; made before the app starts.

    Health is looked at apart from the standings, whose tables may be large.
    """

    def __init__(self, app: faust.App, settings: Settings, metrics: Metrics, health: Health) -> None:
        self._app = app
        self._metrics = metrics
        self._health = health
        self._known = knowledge(app, settings, metrics)
        self._ends = Ends(settings)
        self._last: Mapping[Place, int] = {}
        self._built: dict[int, object] = {}
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to look."""
        self._tasks = [asyncio.ensure_future(_again(look)) for look in (self._look, self._rebuild)]

    async def stop(self) -> None:
        """Look no more."""
        for task in self._tasks:
            task.cancel()
        # Not for ever: a worker that was told to stop ends, whatever its clients wait for.
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                await asyncio.gather(*self._tasks, return_exceptions=True)
                await self._ends.close()

    async def _look(self) -> None:
        facts = await self._known.facts()
        ends = await self._ends.ask(facts.committed)
        if ends is not None:
            self._last = ends
        facts = facts._replace(ends=self._last, answered=ends is not None)
        self._metrics.progress.facts = facts
        self._health.see(facts)

    async def _rebuild(self) -> None:
        """Count the patients of partitions that came, forget those of partitions that went."""
        if not self._metrics.progress.facts.joined:
            return
        metrics, built = self._metrics, self._built
        tables: Mapping[int, Mapping[str, bytes]] = self._app.entries(TABLE)
        for number in [number for number, table in built.items() if tables.get(number) is not table]:
            metrics.standings.drop(number)
            del built[number]
        for number in tables.keys() - built.keys():
            table = built[number] = tables[number]
            # The table changes while other work has its turn.
            keys = table.steady() if isinstance(table, Store) else iter(list(table))
            for position, key in enumerate(keys):
                if (value := table.get(key)) is not None:
                    for name, total in totals_of({key: value}):
                        metrics.standings.put(number, name, total)
                if not position % AT_ONCE:
                    await asyncio.sleep(0)


async def _again(look: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await look()
        except Exception as error:  # noqa: BLE001 -- the work goes on, and the next look may succeed.
            log.warning("the worker could not be looked at", error=type(error).__name__)
        await asyncio.sleep(LOOK_SECONDS)
