"""The life of a worker's process: until it is told to stop, or cannot go on."""

import asyncio
import signal
from contextlib import suppress

import faust
import structlog

from pipeline.engine.errors import EngineError

STOP_SECONDS = 8.0
"""What a clean stop may take: batches at work are seen through, offsets committed, the group left."""

log = structlog.get_logger(__name__)


async def live(app: faust.App) -> bool:
    """Run an app until SIGTERM or SIGINT, or until it cannot go on; tell whether it ended as asked, and cleanly.

    When it did not, the process must be ended without waiting: parts of Faust may hang in what failed.
    """
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)
    start = asyncio.ensure_future(app.start())
    ends = [asyncio.ensure_future(asked.wait()), asyncio.ensure_future(app.wait_until_stopped())]
    # The start ends when the tables are recovered: by itself it says nothing of the end, its failure does.
    await asyncio.wait([start, *ends], return_when=asyncio.FIRST_COMPLETED)
    if start.done() and not start.exception():
        log.info("the worker is at work")
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    reason = app.crash_reason or (start.exception() if start.done() and not start.cancelled() else None)
    if reason is not None:
        # The text of another error may quote an event.
        why = str(reason) if isinstance(reason, EngineError) else type(reason).__name__
        log.critical("the worker cannot go on and ends; its events are safe in Kafka", error=why)
        return False
    stop = asyncio.ensure_future(app.stop())
    # Not cancelled when it takes too long: Faust waits through a cancellation.
    if not (await asyncio.wait([stop], timeout=STOP_SECONDS))[0]:
        log.critical("the worker could not finish its work in time and ends; its events are safe in Kafka")
        return False
    for task in (start, *ends):
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    return True
