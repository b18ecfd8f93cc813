"""`kxwatch worker`: one worker, until it is told to stop."""

import asyncio
import logging
import os
import signal
import sys
from importlib.metadata import version as installed
from typing import TYPE_CHECKING, Never

import structlog
import typer

from pipeline.connection import bootstrap, reach
from pipeline.errors import Refused
from pipeline.figures.folder import releases
from pipeline.ops import logs
from pipeline.rules.network import network
from pipeline.settings import Settings
from pipeline.topics import admin

if TYPE_CHECKING:
    from pipeline.streams.app import Patience

CANNOT_GO_ON = 1
"""The exit code of a worker that ended by itself: start it again."""

log = structlog.get_logger(__name__)


def worker() -> None:
    """Run one worker: from emr-events to totals and alerts. Run more for more partitions; Ctrl-C stops one.

    Metrics are at /metrics, health is at /readyz and /livez, logs are JSON lines on standard error. Exit code 0 when
    it was told to stop, 1 when it cannot go on.
    """
    run(Settings.load())


def run(settings: Settings, patience: "Patience | None" = None) -> None:
    """Run one worker until it is told to stop; `patience` with Kafka, as Patience says when none is given.

    Errors: `Refused` when it cannot start; when it cannot go on, the process ends.
    """
    # Until the loop has its own way to be told: whoever is told to stop before has nothing to finish.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    logs.configure(settings.log_level)
    asyncio.run(_run(settings, patience))


def end(code: int) -> Never:
    """End the process at once: a thread that waits for a Kafka that is gone would keep it for ever."""
    logging.shutdown()
    sys.stdout.flush()
    os._exit(code)


async def _run(settings: Settings, patience: "Patience | None") -> None:
    await reach(settings)
    if wrong := await admin.check(settings):
        more = f", and {len(wrong) - 1} more: `kxwatch topics check` names them" if wrong[1:] else ""
        raise Refused(f"{wrong[0]}{more}")
    # Only now: Faust is half a second, and no line above needs it.
    from pipeline.ops.health import Health  # noqa: PLC0415
    from pipeline.ops.metrics import Metrics  # noqa: PLC0415
    from pipeline.ops.pages import serve  # noqa: PLC0415
    from pipeline.ops.watch import Watch  # noqa: PLC0415
    from pipeline.streams.life import live  # noqa: PLC0415
    from pipeline.streams.stages import create_app  # noqa: PLC0415
    from pipeline.streams.ticks import Ticker  # noqa: PLC0415

    metrics, health = Metrics(), Health()
    app = create_app(settings, observe=metrics.observe, patience=patience)
    watch = Watch(app, settings, metrics, health)
    server, address = serve(settings, metrics.registry, health)
    typer.echo(f"Metrics at {address}", err=True)
    log.info("the worker starts", kafka=bootstrap(settings), app_id=settings.app_id, metrics=address)
    log.info("the figures in use", packaged=installed("kxwatch"), network=releases(list(network().items)))
    watch.start()
    ticker = Ticker(app, settings) if settings.ticks else None
    if ticker is not None:
        ticker.start()
    if not await live(app):
        end(CANNOT_GO_ON)
    if ticker is not None:
        await ticker.stop()
    await watch.stop()
    server.shutdown()
    server.server_close()
    log.info("the worker has stopped")
