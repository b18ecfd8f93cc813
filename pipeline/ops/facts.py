"""What a running app knows of itself, whichever engine it runs on: all but where topics end."""

import time
from typing import Any, Protocol

import faust
from faust.types import TP

from pipeline.engine.app import EngineApp
from pipeline.engine.engine import Engine
from pipeline.ops.health import Facts, Loading, Place
from pipeline.ops.metrics import Metrics
from pipeline.settings import Settings


class Knows(Protocol):
    """Tells the facts of one look."""

    async def facts(self) -> Facts:
        """Give them, without the ends."""


def knowledge(app: faust.App, settings: Settings, metrics: Metrics) -> Knows:
    """Give what knows an app; metrics are told of what its engine does."""
    if isinstance(app, EngineApp):
        return _OfEngine(app, metrics)
    return _OfStock(app, settings, metrics)


class _OfEngine:
    def __init__(self, app: EngineApp, metrics: Metrics) -> None:
        self._engine: Engine | None = None
        self._metrics = metrics
        app.on_engine = self._made

    def _made(self, engine: Engine) -> None:
        self._engine = engine
        engine.on_commit, engine.on_drop = self._metrics.commit, self._metrics.drop

    async def facts(self) -> Facts:
        if self._engine is None:
            return Facts()
        progress = self._engine.progress()
        loading = None
        if load := progress.loading:
            loading = _loading(load.taken, load.records, load.since)
        return Facts(
            joined=progress.joined,
            wanted=progress.wanted,
            opening=progress.opening,
            failing=frozenset(progress.trouble),
            committed=progress.committed,
            loading=loading,
        )


class _OfStock:
    """Faust tells of its assignment and its recovery; what it fails to do it does not tell."""

    def __init__(self, app: Any, settings: Settings, metrics: Metrics) -> None:
        self._app = app
        self._prefix = settings.topic_prefix
        self._metrics = metrics
        self._load: tuple[int, float] | None = None

    async def facts(self) -> Facts:
        app = self._app
        if not app.rebalancing_count or (app.rebalancing and not app.in_recovery):
            return Facts()
        sources = {tp for tp in app.consumer.assignment() if tp.topic not in app.tables.changelog_topics}
        wanted = frozenset(tp.partition for tp in sources)
        if app.in_recovery:
            return Facts(True, wanted, wanted, loading=self._recovery(app.tables.recovery.active_remaining_total()))
        self._load = None
        owned = {(tp.topic.removeprefix(self._prefix), tp.partition) for tp in sources}
        self._metrics.forget(owned)
        committed: dict[Place, int] = {}
        for place in owned:
            done, tp = self._metrics.done(*place), TP(self._prefix + place[0], place[1])
            if done is None or (app.consumer._read_offset.get(tp) or -1) < done:  # noqa: SLF001 -- nothing public tells.
                # All that was read is done: it stands where it reads on, past the marks of transactions.
                done = max(done or 0, await app.consumer.position(tp) or 0)
            committed[place] = done
        return Facts(True, wanted, committed=committed)

    def _recovery(self, left: int) -> Loading:
        whole, since = self._load or (left, time.monotonic())
        self._load = max(whole, left), since
        return _loading(self._load[0] - left, self._load[0], since)


def _loading(taken: int, records: int, since: float) -> Loading:
    took = time.monotonic() - since
    return Loading(taken, records, took * (records - taken) / taken if taken else None)
