"""Timers left open: a segment that was started and never stopped is told once its hours have passed."""

from collections.abc import MutableMapping
from datetime import time, timedelta, tzinfo
from functools import lru_cache, partial

from pipeline.events.fields import moment
from pipeline.events.patients import DayTicked
from pipeline.ledger.care.alerts import Matter, care_alerts
from pipeline.ledger.segments import SegmentFacts
from pipeline.ledger.tables import Cause, Effect, Facts
from pipeline.ledger.ticks import Ticks
from pipeline.rules.care import care_figure, later

_NOTHING = SegmentFacts()


class Timers:
    """The open timers of one partition number: what a batch changes of them, and what a tick finds due.

    `zone` is where the network's days begin.
    """

    def __init__(self, table: MutableMapping[str, bytes], zone: tzinfo) -> None:
        self._ticks = Ticks(table)
        self._zone = zone
        self._before = self._ticks.today
        self._seen: dict[str, tuple[SegmentFacts, Cause]] = {}
        self._due: dict[str, Cause] = {}

    def see(self, key: str, before: SegmentFacts, after: SegmentFacts, cause: Cause) -> None:
        """Take note of a segment (`patient|segment`) that has or had a start."""
        was = self._seen.get(key)
        self._seen[key] = (before if was is None else was[0]), cause
        due_on = self._due_on(after)
        if due_on is not None and due_on > self._ticks.today:
            self._ticks.enter(due_on, key)

    def tick(self, tick: DayTicked, cause: Cause) -> None:
        """Let a day begin."""
        for key in self._ticks.tick(tick.date, cause.appended) or ():
            self._due[key] = cause

    def settle(self, segments: Facts[SegmentFacts]) -> list[Effect]:
        """Give the alerts for what differs from before the batch, the segments being as they are now."""
        effects: list[Effect] = []
        if not (self._seen or self._due):
            # Nearly always.
            return effects
        for key in [*self._seen, *(key for key in self._due if key not in self._seen)]:
            now = segments.get(key) or _NOTHING
            before, cause = self._seen.get(key) or (now, self._due[key])
            # A tick that came after what changed is what makes it due.
            after = self._matters(key, now, self._ticks.today)
            cause = self._due.get(key, cause) if after else cause
            was = self._matters(key, before, self._before)
            if was or after:
                effects += care_alerts(key.rpartition("|")[0], was, after, partial(_same, cause))
        self._before = self._ticks.today
        self._seen.clear()
        self._due.clear()
        return effects

    def flush(self) -> None:
        """Write what changed."""
        self._ticks.flush()

    def _due_on(self, facts: SegmentFacts) -> str | None:
        """Give the first day that begins once an open timer's hours have passed; None where none is open."""
        if facts.start is None or facts.stop is not None or facts.start.started_at is None:
            return None
        return _due_on(facts.start.started_at, self._zone)

    def _matters(self, key: str, facts: SegmentFacts, today: str) -> dict[str, Matter]:
        due_on, start = self._due_on(facts), facts.start
        if due_on is None or due_on > today or start is None or start.started_at is None:
            return {}
        started = start.started_at
        text = f"the timer of {start.code} was started at {started[11:16]} on {started[:10]} and never stopped."
        return {
            f"timer|{key.rpartition('|')[2]}": Matter(
                "timer_open",
                text,
                discipline=start.discipline,
                payer_id=start.payer_id,
                service_date=started[:10],
                due_on=due_on,
                about=[start.segment_id],
            )
        }


def _same(cause: Cause, _: str) -> Cause:
    return cause


@lru_cache(maxsize=16_384)
def _due_on(started_at: str, zone: tzinfo) -> str | None:
    hours = care_figure("timer_open_hours", started_at[:10])
    if hours is None:
        return None
    try:
        over = moment(started_at).astimezone(zone) + timedelta(hours=hours)
    except OverflowError:
        return None
    date = over.date().isoformat()
    return date if over.time() == time() else later(date, 1)
