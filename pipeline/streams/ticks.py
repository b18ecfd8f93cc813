"""The beginning of a day, told once to each partition number by the worker that has it."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, tzinfo
from typing import Any

import structlog

from pipeline import directory
from pipeline.connection import producer, started
from pipeline.events.codec import write
from pipeline.events.patients import DayTicked
from pipeline.ledger.care.alerts import NETWORK
from pipeline.ledger.ticks import ticked
from pipeline.settings import Settings
from pipeline.topics.catalog import topic_name

LOOK_SECONDS = 1.0
STOP_SECONDS = 2.0
TABLE = "due"

log = structlog.get_logger(__name__)


def tick_of(day: str, number: int, zone: tzinfo) -> DayTicked:
    """Give the tick of a date (ISO) for a partition number: the same bytes, whoever makes it and however often."""
    begins = datetime.fromisoformat(day).replace(tzinfo=zone)
    return DayTicked(event_id=f"day.ticked:{day}:{number}", occurred_at=begins.isoformat(), date=day)


class Ticker:
    """Tells the numbers that are this worker's of each day that begins, while it lives.

    A number's own table says which day it was told of last, so that one that was told by another worker, or before a
    restart, is not told again; where two workers still do it at one time, the second tick changes nothing. After an
    outage the newest day is enough: what came due meanwhile is due on it or before.
    """

    def __init__(self, app: Any, settings: Settings, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._app = app
        self._settings = settings
        self._now = now
        self._zone = directory.load(settings.directory).zone()
        self._told: dict[int, str] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to tell."""
        self._task = asyncio.ensure_future(self._always())

    async def stop(self) -> None:
        """Tell no more."""
        if self._task is not None:
            self._task.cancel()
            with suppress(TimeoutError, asyncio.CancelledError):
                await asyncio.wait_for(self._task, STOP_SECONDS)

    async def _always(self) -> None:
        while True:
            try:
                await self._look()
            except Exception as error:  # noqa: BLE001 -- the work goes on, and the next try may succeed.
                log.warning("the day could not be told", error=type(error).__name__)
            await asyncio.sleep(LOOK_SECONDS)

    async def _look(self) -> None:
        day = self._now().astimezone(self._zone).date().isoformat()
        try:
            tables: Mapping[int, Any] = self._app.entries(TABLE)
        except AttributeError:
            # The engine is still to be made.
            return
        self._told = {number: told for number, told in self._told.items() if number in tables}
        untold = [number for number in sorted(tables) if max(self._told.get(number, ""), ticked(tables[number])) < day]
        if untold:
            await self._tell(day, untold)

    async def _tell(self, day: str, numbers: list[int]) -> None:
        topic = topic_name(self._settings, "session-events")
        async with started(self._settings, producer(self._settings)) as sender:
            for number in numbers:
                await sender.send_and_wait(
                    topic,
                    write(tick_of(day, number, self._zone)),
                    key=NETWORK.encode(),
                    partition=number,
                    headers=[("event_type", b"day.ticked")],
                )
                self._told[number] = day
        log.info("a day has begun", date=day, numbers=numbers)
