"""Logs: one JSON object a line on standard error, without anything of a patient's."""

import logging
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, MutableMapping
from typing import Any

import structlog

Entry = MutableMapping[str, Any]


def configure(level: str) -> None:
    """Send all logs of this process to standard error as JSON; `level` is debug, info, warning or error.

    Kafka's client tells of warnings and worse; so does Faust, whose debug lines hold keys and values of messages and
    are shown at no level.
    """
    own: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_text,
    ]
    structlog.configure(
        processors=[*own, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    render: list[Any] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.JSONRenderer(),
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*own[:3], structlog.stdlib.ExtraAdder(), *own[3:]], processors=render
        )
    )
    handler.addFilter(Repeats())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("pipeline").setLevel(level.upper())
    for name in (
        "aiokafka",
        "faust",
        "mode",
        "asyncio",
        "pipeline.engine.stock.tables",
        "pipeline.engine.stock.recovery",
    ):
        logging.getLogger(name).setLevel(logging.WARNING)


class Repeats(logging.Filter):
    """Lets a line of Kafka's client through once in ten seconds: while a Kafka is away it says hundreds a second.

    The next one that is let through tells how many were not.
    """

    def __init__(self, seconds: float = 10.0, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._seconds = seconds
        self._now = now
        self._last: dict[tuple[str, str], float] = {}
        self._held: Counter[tuple[str, str]] = Counter()

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a line is to be written."""
        if record.name.startswith("pipeline"):
            return True
        # What the line says without its values, as the code of the client has it.
        said = record.name, str(record.msg)
        now = self._now()
        if now - self._last.get(said, -self._seconds) < self._seconds:
            self._held[said] += 1
            return False
        self._last[said] = now
        if held := self._held.pop(said, 0):
            record.repeated = held
        return True


def _without_text(_: Any, __: str, entry: Entry) -> Entry:
    """Tell of an exception what it is and where it was raised, never its text, which may quote an event."""
    found = entry.pop("exc_info", None)
    error = sys.exc_info()[1] if found is True else found[1] if isinstance(found, tuple) else found
    if isinstance(error, BaseException):
        frames = traceback.extract_tb(error.__traceback__)[-8:]
        entry["error"] = type(error).__name__
        entry["at"] = [f"{frame.filename.rpartition('site-packages/')[2]}:{frame.lineno}" for frame in frames]
    return entry
