"""What metrics need to know of a running app: its lag, and the partitions that come and go."""

import asyncio

import faust
import structlog
from faust.types import TP

from pipeline.ops.metrics import Metrics
from pipeline.ops.standings import totals_of
from pipeline.settings import Settings
from pipeline.streams.tables import PartitionedStore

LAG_SECONDS = 2.0
AT_ONCE = 500
"""Totals that are computed before other work gets its turn."""

log = structlog.get_logger(__name__)


def watch(app: faust.App, settings: Settings, metrics: Metrics) -> None:
    """Keep the lag and the standings of `metrics` current while the app runs."""
    table = app.tables["years"]
    built: dict[int, object] = {}

    async def rebuild() -> None:
        """Count the patients of partitions that came, before their events are processed; forget those that went."""
        store: PartitionedStore = table.data
        for number in [number for number in built if store.partitions.get(number) is not built[number]]:
            metrics.standings.drop(number)
            del built[number]
        for number in store.partitions.keys() - built.keys():
            built[number] = store.partitions[number]
            for position, (key, total) in enumerate(totals_of(store.partitions[number])):
                metrics.standings.put(number, key, total)
                if not position % AT_ONCE:
                    await asyncio.sleep(0)

    table.on_recover(rebuild)

    @app.timer(LAG_SECONDS)  # type: ignore[untyped-decorator]
    async def look() -> None:
        sources = {tp for tp in app.consumer.assignment() if tp.topic not in app.tables.changelog_topics}
        owned = {(tp.topic.removeprefix(settings.topic_prefix), tp.partition) for tp in sources}
        metrics.forget(owned)
        try:
            metrics.lag.behind = await _behind(app, settings, metrics, sources)
        except Exception as error:  # noqa: BLE001 -- Kafka cannot tell at present: the lag of before stays.
            log.debug("no lag", error=type(error).__name__)


async def _behind(app: faust.App, settings: Settings, metrics: Metrics, tps: set[TP]) -> dict[tuple[str, int], int]:
    ends = await app.consumer.highwaters(*tps) if tps else {}
    behind = {}
    for tp, end in ends.items():
        topic = tp.topic.removeprefix(settings.topic_prefix)
        done = metrics.done(topic, tp.partition)
        if done is None:
            # Nothing has been processed since this worker got the partition: it stands where it began to read.
            done = await app.consumer.position(TP(tp.topic, tp.partition)) or 0
        behind[topic, tp.partition] = max(0, end - done)
    return behind
