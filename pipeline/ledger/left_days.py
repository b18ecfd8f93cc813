"""Days that have left: what is too late for them, how they leave, and how one is opened again."""

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Any

from msgspec.structs import replace

from pipeline.events.base import Event
from pipeline.events.rejected import Rejected
from pipeline.events.reopened import DayReopened
from pipeline.events.visits import VisitDocumented
from pipeline.ledger.calendar import Calendar, Left, last_day
from pipeline.ledger.day_tables import DayIndex, DayTables, Touched, list_segment, note_attendance, undated
from pipeline.ledger.days import DAY_EVENTS, settle_days, take_event
from pipeline.ledger.days_together import forward, merges_of, take_merges
from pipeline.ledger.segments import Result, SegmentFacts, service_date, take
from pipeline.ledger.tables import Cause, Effect
from pipeline.ledger.terms import Terms
from pipeline.ledger.versions import fact_id, is_note, version_of

OPENED_AGAIN = "`kxwatch rejected replay` opens the day again"
_OF_A_DAY = f"the day has left the tables, being older than KXWATCH_KEEP_DAYS: {OPENED_AGAIN}"
_OF_A_SEGMENT = f"the segment's day has left the tables, being older than KXWATCH_KEEP_DAYS: {OPENED_AGAIN}"
OF_A_YEAR = "the year is two years closed and has left the tables: what it came to stays as it is; dismiss the letter"
_YEARS_REMEMBERED = 2


def fold_days_in_time(
    tables: DayTables, calendar: Calendar, events: Iterable[tuple[Event, Cause]], terms: Terms
) -> tuple[list[Effect], Sequence[Result | Rejected | None]]:
    """Take a batch of events as `fold_days` does, but for those that are too late; then let leave what is due.

    What became of an event that is too late is why. Whether it is goes by the events before it alone, in whichever
    batches they came.
    """
    events = list(events)
    touched: Touched = {}
    forwarded = take_merges(tables, merges_of(events), touched)
    results: list[Result | Rejected | None] = []
    for event, cause in events:
        if isinstance(event, DayReopened):
            results.append(_reopen(tables, calendar, event, cause, touched))
            continue
        date = _date_of(event)
        if date is not None and date > calendar.newest:
            calendar.see(date, cause.appended)
        late = _too_late(tables, calendar, event, date) if calendar.line else None
        results.append(late or take_event(tables, event, cause, touched))
    effects = [*settle_days(tables, touched, terms), *forwarded, *forward(tables)]
    _let_leave(tables, calendar)
    return effects, results


def _date_of(event: Event) -> str | None:
    """Give the date that a segment's event or a note is of, where it tells one."""
    started_at: str | None = getattr(event, "started_at", None)
    return getattr(event, "service_date", None) if started_at is None else started_at[:10]


def _too_late(tables: DayTables, calendar: Calendar, event: Any, date: str | None) -> Rejected | None:
    """Tell why an event is too late: its day has left, or its segment has with a day that it was of."""
    if not isinstance(event, DAY_EVENTS):
        return None
    if date is not None and date <= calendar.line and not _open(tables, calendar, event.patient_id, date):
        detail = _OF_A_DAY if date > calendar.closed else OF_A_YEAR
        return _refusal(event, detail, "service_date" if hasattr(event, "service_date") else "started_at")
    if isinstance(event, VisitDocumented):
        return None  # A note is of its date for good.
    facts = tables.segments.get(f"{event.patient_id}|{event.segment_id}")
    if facts is None:
        left = calendar.left.get(event.patient_id)
        gone = left is not None and any(_number(event.segment_id) in numbers for numbers in left.years.values())
    else:
        gone = _is_due(tables, calendar, event.patient_id, facts)
    return _refusal(event, _OF_A_SEGMENT, "segment_id") if gone else None


def _refusal(event: Event, detail: str, field: str) -> Rejected:
    return Rejected("too_late", detail, field, event_id=event.event_id, source=event.source)


def _open(tables: DayTables, calendar: Calendar, patient_id: str, date: str) -> bool:
    """Tell whether a day that is over the line was opened again, its year not having left."""
    day = tables.days.get(f"{patient_id}|{date}")
    return day is not None and day.until > calendar.line and date > calendar.closed


def _is_due(tables: DayTables, calendar: Calendar, patient_id: str, facts: SegmentFacts) -> bool:
    """Tell whether a segment that is still there has left, for all that it matters."""
    date = service_date(facts)
    if date is None:
        return facts.since is not None and facts.since <= calendar.line
    return date <= calendar.line and not _open(tables, calendar, patient_id, date)


def _reopen(
    tables: DayTables, calendar: Calendar, reopened: DayReopened, cause: Cause, touched: Touched
) -> Result | Rejected:
    """Put the segments of days back as their events tell of them, and compute those days."""
    patient_id = reopened.patient_id
    if min(reopened.dates) <= calendar.closed:
        return _refusal(reopened, OF_A_YEAR, "dates")
    found: dict[str, SegmentFacts] = {}
    for event in reopened.events:
        segment_id = fact_id(event)
        before = found.get(segment_id)
        if before is None:
            before = tables.segments.get(f"{patient_id}|{segment_id}") or SegmentFacts()
        found[segment_id] = take(before, version_of(event))[0]
    until = calendar.now(cause.appended)
    for date in reopened.dates:
        key = f"{patient_id}|{date}"
        day = tables.days.get(key)
        if date <= calendar.line and (day is None or day.until != until):
            calendar.enter(until, f"day|{key}")
            tables.days.put(key, DayIndex(day.segment_ids if day else [], until))
        touched.pop((patient_id, date), None)
        touched[patient_id, date] = cause
    for segment_id, facts in found.items():
        key = f"{patient_id}|{segment_id}"
        joined = service_date(facts)
        if joined is None:
            tables.segments.put(key, undated(calendar, key, facts, cause))
        elif joined in reopened.dates or not _is_due(tables, calendar, patient_id, facts):
            list_segment(tables, patient_id, joined, segment_id)
            note_attendance(tables, patient_id, joined, facts)
            touched.setdefault((patient_id, joined), cause)
            tables.segments.put(key, facts)
        # Else a newer version is of a day that has left too, and was not to be opened.
        tables.resolved.pop(key, None)
    return "applied"


def _let_leave(tables: DayTables, calendar: Calendar) -> None:
    """Take out what is due: a day with its segments, a segment without a day, the memory of what has left."""
    for entry in calendar.due():
        kind, _, key = entry.partition("|")
        patient_id, _, name = key.rpartition("|")
        if kind == "day":
            _day_leaves(tables, calendar, patient_id, name)
        elif kind == "segment":
            facts = tables.segments.get(key)
            if facts and service_date(facts) is None and facts.since is not None and facts.since <= calendar.line:
                _segment_leaves(tables, calendar, patient_id, name, facts.since)
        else:
            left = calendar.left.get(patient_id)
            kept = {year: numbers for year, numbers in (left.years if left else {}).items() if year > name}
            calendar.left.put(patient_id, Left(kept) if kept else None)


def _day_leaves(tables: DayTables, calendar: Calendar, patient_id: str, date: str) -> None:
    key = f"{patient_id}|{date}"
    day = tables.days.get(key)
    if day is None or day.until > calendar.line:
        return
    for segment_id in day.segment_ids:
        facts = tables.segments.get(f"{patient_id}|{segment_id}")
        if facts and service_date(facts) == date:
            _segment_leaves(tables, calendar, patient_id, segment_id, date)
    tables.days.put(key, None)


def _segment_leaves(tables: DayTables, calendar: Calendar, patient_id: str, segment_id: str, date: str) -> None:
    """Take a segment out, and remember that it was there until two years after its own; a note tells its date."""
    tables.segments.put(f"{patient_id}|{segment_id}", None)
    if is_note(segment_id):
        return
    left = calendar.left.get(patient_id) or Left()
    year, number = date[:4], _number(segment_id)
    numbers = left.years.get(year)
    if numbers is None:
        calendar.enter(last_day(int(year) + _YEARS_REMEMBERED), f"left|{patient_id}|{year}")
    if numbers is None or number not in numbers:
        calendar.left.put(patient_id, replace(left, years={**left.years, year: [*(numbers or []), number]}))


def _number(segment_id: str) -> int:
    """Give the number of 64 bits that a segment's id is remembered by."""
    return int.from_bytes(blake2b(segment_id.encode(), digest_size=8).digest(), "big")
