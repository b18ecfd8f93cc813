"""Segments to days: each event replaces a fact, and each day that it touches is computed whole again."""

from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from pipeline.events.base import Event
from pipeline.events.days import BillableDay
from pipeline.events.patients import DayTicked
from pipeline.events.segments import (
    SegmentAmended,
    SegmentRecorded,
    SegmentStarted,
    SegmentStopped,
    SegmentVoided,
    ServiceRecorded,
)
from pipeline.ledger.attended import Attendance, attended, attending
from pipeline.ledger.calendar import Calendar
from pipeline.ledger.day import rate_day
from pipeline.ledger.segments import Result, Segment, SegmentFacts, resolve, service_date, take
from pipeline.ledger.tables import Cause, Effect, Facts
from pipeline.ledger.terms import Terms
from pipeline.ledger.timers import Timers
from pipeline.ledger.versions import version_of

TOPIC = "billable-days"
SEGMENT_EVENTS = (
    SegmentRecorded,
    SegmentAmended,
    SegmentStarted,
    SegmentStopped,
    ServiceRecorded,
    SegmentVoided,
)
_NOTHING = SegmentFacts()


class DayIndex(Struct, frozen=True, array_like=True, gc=False):
    """The segments of a patient's day by id.

    One that has moved to another date may still be listed; what a segment says of itself decides. `until` is set for a
    day that had left and was opened again: the date of the calendar under which it leaves.
    """

    segment_ids: list[str]
    until: str = ""


class DayTables(Struct, frozen=True):
    """The tables of `days`: segments by `patient|segment_id`, days by `patient|date`.

    `resolved` is what the segments that were counted last came to, until one changes; `attendance` is of the batch.
    With a calendar they know when to leave, with timers which of them are left open.
    """

    segments: Facts[SegmentFacts]
    days: Facts[DayIndex]
    resolved: dict[str, tuple[str | None, Segment | None]] = {}
    attendance: Attendance = {}
    calendar: Calendar | None = None
    timers: Timers | None = None

    def flush(self) -> None:
        """Write what changed."""
        self.resolved.clear()
        self.attendance.clear()
        if self.calendar is not None:
            self.calendar.flush()
        if self.timers is not None:
            self.timers.flush()
        self.segments.flush()
        self.days.flush()


Touched = dict[tuple[str, str], Cause]


def take_event(tables: DayTables, event: Event, cause: Cause, touched: Touched) -> Result | None:
    """Replace a fact by what an event says; note the days that it touches, by patient and date.

    Gives what became of the event, or None where it is no segment's. An event that changes nothing still mends what a
    worker left half written when it died: a segment that its day does not list.
    """
    if not isinstance(event, SEGMENT_EVENTS):
        if tables.timers is not None and isinstance(event, DayTicked):
            tables.timers.tick(event, cause)
        return None
    patient_id, segment_id = event.patient_id, event.segment_id
    key = f"{patient_id}|{segment_id}"
    before = tables.segments.get(key) or _NOTHING
    after, result = take(before, version_of(event))
    joined = service_date(after)
    listed = joined is None or list_segment(tables, patient_id, joined, segment_id)
    if result != "applied" and listed:
        return result
    if joined is None and tables.calendar is not None:
        after = undated(tables.calendar, key, after, cause)
    tables.segments.put(key, after)
    tables.resolved.pop(key, None)
    if tables.timers is not None and (before.start is not None or after.start is not None):
        tables.timers.see(key, before, after, cause)
    left = service_date(before)
    note_attendance(tables.attendance, patient_id, left, before)
    note_attendance(tables.attendance, patient_id, joined, after)
    if left is not None and left != joined:
        _unlist(tables.days, patient_id, left, segment_id)
    for date in (left, joined):
        if date is not None:
            # The days come out in the order of their last touch, so that the last cause of a year is its last event.
            touched.pop((patient_id, date), None)
            touched[patient_id, date] = cause
    return result


def note_attendance(attendance: Attendance, patient_id: str, date: str | None, facts: SegmentFacts) -> None:
    """Note the therapist of a segment under its date, if it is one-on-one."""
    therapist_id = None if date is None else attending(facts)
    if date is not None and therapist_id is not None:
        attendance.setdefault((patient_id, date), set()).add(therapist_id)


def list_segment(tables: DayTables, patient_id: str, date: str, segment_id: str) -> bool:
    """List a segment under its date; tells whether it was listed already."""
    key = f"{patient_id}|{date}"
    day = tables.days.get(key)
    if day is None:
        tables.days.put(key, DayIndex([segment_id]))
        if tables.calendar is not None:
            tables.calendar.enter(date, f"day|{key}")
    elif segment_id in day.segment_ids:
        return True
    else:
        tables.days.put(key, DayIndex([*day.segment_ids, segment_id], day.until))
    return False


def undated(calendar: Calendar, key: str, facts: SegmentFacts, cause: Cause) -> SegmentFacts:
    """Enter a segment that has no date in the calendar, as of now."""
    now = calendar.now(cause.appended)
    if not now:
        return facts
    calendar.enter(now, f"segment|{key}")
    return replace(facts, since=now)


def _unlist(days: Facts[DayIndex], patient_id: str, date: str, segment_id: str) -> None:
    key = f"{patient_id}|{date}"
    if day := days.get(key):
        kept = [other for other in day.segment_ids if other != segment_id]
        days.put(key, DayIndex(kept, day.until) if kept else None)


def compute_day(
    tables: DayTables, patient_id: str, date: str, terms: Terms, *, explained: bool = True
) -> BillableDay | None:
    """Compute a patient's day from the facts; None when no complete segment stands.

    A caller who sends no days may do without their explanation.
    """
    segments = segments_of(tables, patient_id, date, terms)
    return rate_day(patient_id, date, segments, terms, explained=explained) if segments else None


def segments_of(tables: DayTables, patient_id: str, date: str, terms: Terms) -> list[Segment]:
    """Give the complete segments of a patient's date."""
    index = tables.days.get(f"{patient_id}|{date}")
    segments: list[Segment] = []
    for segment_id in index.segment_ids if index else ():
        key = f"{patient_id}|{segment_id}"
        known = tables.resolved.get(key)
        if known is None:
            facts = tables.segments.get(key) or _NOTHING
            known = tables.resolved[key] = service_date(facts), resolve(facts, terms.max_segment_minutes)
        of, segment = known
        if of == date and segment is not None:
            segments.append(segment)
    return segments


def attended_on(tables: DayTables, patient_id: str, date: str, terms: Terms, cause: Cause) -> list[Effect]:
    """Give the messages that tell what therapists do one-on-one on a patient's date, where a batch may change it."""
    therapists = tables.attendance.get((patient_id, date))
    if not therapists:
        return []
    return attended(patient_id, date, segments_of(tables, patient_id, date, terms), therapists, cause)


def settle_days(tables: DayTables, touched: Touched, terms: Terms) -> list[Effect]:
    """Compute every touched day again, what its therapists did, and the alerts of open timers.

    What does not stand gives a tombstone, whether or not it stood before: a worker that died may have sent it already.
    """
    effects = []
    for (patient_id, date), cause in touched.items():
        day = compute_day(tables, patient_id, date, terms)
        effects.append(Effect(TOPIC, f"{patient_id}|{date}", patient_id, day, cause))
        effects += attended_on(tables, patient_id, date, terms, cause)
    return effects if tables.timers is None else effects + tables.timers.settle(tables.segments)


def fold_days(
    tables: DayTables, events: Iterable[tuple[Event, Cause]], terms: Terms
) -> tuple[list[Effect], Sequence[Result | None]]:
    """Take a batch of events of one partition and compute the days that they touch.

    Gives the messages owed to `billable-days`, `therapist-segments` and `care-alerts`, and what became of each event,
    in their order. The caller flushes the tables once the messages are delivered.
    """
    touched: Touched = {}
    results = [take_event(tables, event, cause, touched) for event, cause in events]
    return settle_days(tables, touched, terms), results
