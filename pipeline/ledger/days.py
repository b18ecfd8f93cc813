"""Segments to days: each event replaces a fact, and each day that it touches is computed whole again."""

from collections.abc import Iterable, Sequence
from typing import Any

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
from pipeline.events.visits import VisitDocumented
from pipeline.ledger.attended import attended
from pipeline.ledger.day import rate_day
from pipeline.ledger.day_tables import (
    NO_SEGMENT,
    DayTables,
    Touched,
    list_segment,
    note_attendance,
    undated,
    unlist_segment,
)
from pipeline.ledger.days_together import (
    facts_together,
    forward,
    left_behind,
    merges_of,
    segment_ids_together,
    segments_together,
    take_merges,
    touch_household,
)
from pipeline.ledger.segments import (
    Result,
    Segment,
    SegmentFacts,
    date_of,
    resolve,
    service_date,
    standing_base,
    take,
)
from pipeline.ledger.tables import Cause, Effect
from pipeline.ledger.terms import Terms
from pipeline.ledger.versions import Version, fact_id, is_note, version_of

TOPIC = "billable-days"
SEGMENT_EVENTS = (
    SegmentRecorded,
    SegmentAmended,
    SegmentStarted,
    SegmentStopped,
    ServiceRecorded,
    SegmentVoided,
)
DAY_EVENTS = (*SEGMENT_EVENTS, VisitDocumented)


def take_event(tables: DayTables, event: Event, cause: Cause, touched: Touched) -> Result | None:
    """Replace a fact by what an event says; note the days that it touches, by patient and date.

    Gives what became of the event, or None where it is no segment's. An event that changes nothing still mends what a
    worker left half written when it died: a segment that its day does not list.
    """
    if isinstance(event, SEGMENT_EVENTS):
        return _take_fact(tables, event, cause, touched)
    if isinstance(event, VisitDocumented):
        # What became of a note is told by the stage of care.
        _take_fact(tables, event, cause, touched)
    else:
        _see_tick(tables, event, cause)
    return None


def _take_fact(tables: DayTables, event: Any, cause: Cause, touched: Touched) -> Result:
    patient_id, segment_id = event.patient_id, fact_id(event)
    key = f"{patient_id}|{segment_id}"
    together = tables.households is not None and not tables.households.alone(patient_id)
    before, version = tables.segments.get(key) or NO_SEGMENT, version_of(event)
    after, result = take(before, version)
    joined, own = service_date(after), date_of(version)
    listed = joined is None or list_segment(tables, patient_id, joined, segment_id)
    if after is before and listed:
        return result
    if joined is None and tables.calendar is not None:
        after = undated(tables.calendar, key, after, cause)
    if together:
        touch_household(tables, patient_id, segment_id, cause, touched)
    tables.segments.put(key, after)
    tables.resolved.pop(key, None)
    if before.start is not None or after.start is not None:
        _see_timer(tables, key, before, after, cause)
    left = service_date(before)
    if left is not None and left != joined:
        unlist_segment(tables.days, patient_id, left, segment_id)
    if together:
        touch_household(tables, patient_id, segment_id, cause, touched)
        tables.forwarding.changes.append((event, cause))
        return result
    lone = is_note(segment_id) and joined is not None and not _has_segments(tables, patient_id, joined)
    touches = [(left, before), (joined, after)] if result == "applied" or not listed else []
    if own not in (left, joined):
        # A version that does not stand tells of a day, too: one that has come and gone.
        touches.append((own, NO_SEGMENT))
    for date, facts in touches:
        if date is not None and not lone:
            note_attendance(tables, patient_id, date, facts)
            # The days come out in the order of their last touch, so that the last cause of a year is its last event.
            touched.pop((patient_id, date), None)
            touched[patient_id, date] = cause
    return result


def _has_segments(tables: DayTables, patient_id: str, date: str) -> bool:
    """Tell whether a date lists any segment: a note alone makes no day."""
    index = tables.days.get(f"{patient_id}|{date}")
    return index is not None and not all(is_note(segment_id) for segment_id in index.segment_ids)


def _see_tick(tables: DayTables, event: Event, cause: Cause) -> None:
    if tables.timers is not None and isinstance(event, DayTicked):
        tables.timers.tick(event, cause)


def _see_timer(tables: DayTables, key: str, before: SegmentFacts, after: SegmentFacts, cause: Cause) -> None:
    """Let the timers look at a segment; those of a guest are looked at where they came in."""
    households, patient_id = tables.households, key.partition("|")[0]
    if tables.timers is not None and (
        households is None or households.alone(patient_id) or households.here(patient_id)
    ):
        tables.timers.see(key, before, after, cause)


def compute_day(tables: DayTables, patient_id: str, date: str, terms: Terms) -> BillableDay | None:
    """Compute a patient's day from the facts; None when no complete segment stands."""
    return _day_of(tables, patient_id, date, segments_of(tables, patient_id, date, terms), terms)


def _day_of(
    tables: DayTables, patient_id: str, date: str, segments: Sequence[Segment], terms: Terms
) -> BillableDay | None:
    if not segments:
        return None
    return rate_day(patient_id, date, segments, terms, notes_of(tables, patient_id, date))


def segments_of(tables: DayTables, patient_id: str, date: str, terms: Terms) -> list[Segment]:
    """Give the complete segments of a patient's date; none for one who is known as another."""
    if tables.households is not None and not tables.households.alone(patient_id):
        return segments_together(tables, tables.households.members(patient_id), date, terms)
    index = tables.days.get(f"{patient_id}|{date}")
    segments: list[Segment] = []
    for segment_id in index.segment_ids if index else ():
        # What a note comes to is no segment.
        key = f"{patient_id}|{segment_id}"
        known = tables.resolved.get(key)
        if known is None:
            facts = tables.segments.get(key) or NO_SEGMENT
            known = tables.resolved[key] = service_date(facts), resolve(facts, terms.max_segment_minutes)
        of, segment = known
        if of == date and segment is not None:
            segments.append(segment)
    return segments


def notes_of(tables: DayTables, patient_id: str, date: str) -> list[Version]:
    """Give the notes of a patient's visits on a date, in the order of disciplines and therapists."""
    if tables.households is not None and not tables.households.alone(patient_id):
        members = tables.households.members(patient_id)
        segment_ids = segment_ids_together(tables, members, date)
    else:
        members = [patient_id]
        index = tables.days.get(f"{patient_id}|{date}")
        segment_ids = index.segment_ids if index else []
    noted = [segment_id for segment_id in segment_ids if is_note(segment_id)]
    if not noted:
        return []
    found = [standing_base(facts_together(tables, members, segment_id)) for segment_id in sorted(noted)]
    return [note for note in found if note is not None]


def settle_days(tables: DayTables, touched: Touched, terms: Terms) -> list[Effect]:
    """Compute every touched day again, what its therapists did, and the alerts of open timers.

    What does not stand gives a tombstone, whether or not it stood before: a worker that died may have sent it already.
    """
    effects = []
    for (patient_id, date), cause in touched.items():
        segments = segments_of(tables, patient_id, date, terms)
        day = _day_of(tables, patient_id, date, segments, terms)
        moved = day is None and left_behind(tables, patient_id, date)
        effects.append(Effect(TOPIC, f"{patient_id}|{date}", patient_id, day, cause, moved=moved))
        if tables.attendance and (therapists := tables.attendance.get((patient_id, date))):
            effects += attended(patient_id, date, segments, therapists, cause)
    return effects if tables.timers is None else effects + tables.timers.settle(tables.segments)


def fold_days(
    tables: DayTables, events: Iterable[tuple[Event, Cause]], terms: Terms
) -> tuple[list[Effect], Sequence[Result | None]]:
    """Take a batch of events of one partition and compute the days that they touch.

    Gives the messages owed to `billable-days`, `therapist-segments` and `care-alerts`, and what became of each event,
    in their order. The caller flushes the tables once the messages are delivered.
    """
    events = list(events)
    touched: Touched = {}
    forwarded = take_merges(tables, merges_of(events), touched)
    results = [take_event(tables, event, cause, touched) for event, cause in events]
    return [*settle_days(tables, touched, terms), *forwarded, *forward(tables)], results
