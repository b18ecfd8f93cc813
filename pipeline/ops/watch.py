"""What metrics need to know of a running app: its lag, and the partitions that come and go."""

import asyncio
from collections.abc import Mapping

import faust
import structlog
from faust.types import TP

from pipeline.engine.app import EngineApp
from pipeline.engine.store import Store
from pipeline.ops.metrics import Metrics, Place
from pipeline.ops.standings import totals_of
from pipeline.settings import Settings

LOOK_SECONDS = 1.0
AT_ONCE = 500
"""Totals that are computed before other work gets its turn."""
TABLE = "years"

log = structlog.get_logger(__name__)


def watch(app: faust.App, settings: Settings, metrics: Metrics) -> None:
    """Keep the lag and the standings of `metrics` current while the app runs."""
    built: dict[int, object] = {}

    @app.timer(LOOK_SECONDS)  # type: ignore[untyped-decorator]
    async def look() -> None:
        await _rebuild(metrics, app.entries(TABLE), built)
        try:
            metrics.lag.behind = await _behind(app, settings, metrics)
        except Exception as error:  # noqa: BLE001 -- Kafka cannot tell at present: the lag of before stays.
            log.debug("no lag", error=type(error).__name__)


async def _rebuild(metrics: Metrics, tables: Mapping[int, Mapping[str, bytes]], built: dict[int, object]) -> None:
    """Count the patients of partitions that came, forget those of partitions that went."""
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


async def _behind(app: faust.App, settings: Settings, metrics: Metrics) -> dict[Place, int]:
    if isinstance(app, EngineApp):
        progress = app.engine.progress()
        return {
            place: max(0, progress.ends[place] - at)
            for place, at in progress.committed.items()
            if place in progress.ends
        }
    sources = {tp for tp in app.consumer.assignment() if tp.topic not in app.tables.changelog_topics}
    owned = {(tp.topic.removeprefix(settings.topic_prefix), tp.partition) for tp in sources}
    metrics.forget(owned)
    ends = await app.consumer.highwaters(*sources) if sources else {}
    behind = {}
    for tp, end in ends.items():
        topic = tp.topic.removeprefix(settings.topic_prefix)
        done = metrics.done(topic, tp.partition)
        if done is None:
            # Nothing has been processed since this worker got the partition: it stands where it began to read.
            done = await app.consumer.position(TP(tp.topic, tp.partition)) or 0
        behind[topic, tp.partition] = max(0, end - done)
    return behind
