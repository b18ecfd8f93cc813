"""Segments to days: each event replaces a fact, and each day that it touches is computed whole again."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from pipeline.events.base import Event
from pipeline.events.days import BillableDay
from pipeline.events.segments import (
    SegmentAmended,
    SegmentRecorded,
    SegmentStarted,
    SegmentStopped,
    SegmentVoided,
    ServiceRecorded,
)
from pipeline.ledger.day import rate_day
from pipeline.ledger.segments import Result, Segment, SegmentFacts, resolve, service_date, take
from pipeline.ledger.tables import Cause, Effect, Facts
from pipeline.ledger.terms import Terms
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
    """The segments of a patient's day by id, and whether the day was sent as standing."""

    segment_ids: list[str]
    stands: bool


class DayTables(Struct, frozen=True):
    """The tables of `days`: segments by `patient|segment_id`, days by `patient|date`."""

    segments: Facts[SegmentFacts]
    days: Facts[DayIndex]

    def flush(self) -> None:
        """Write what changed."""
        self.segments.flush()
        self.days.flush()


Touched = dict[tuple[str, str], Cause]


def take_event(tables: DayTables, event: Event, cause: Cause, touched: Touched) -> Result | None:
    """Replace a fact by what an event says; note the days that it touches, by patient and date.

    Gives what became of the event, or None where it is no segment's.
    """
    if not isinstance(event, SEGMENT_EVENTS):
        return None
    patient_id, segment_id = event.patient_id, event.segment_id
    key = f"{patient_id}|{segment_id}"
    before = tables.segments.get(key) or _NOTHING
    after, result = take(before, version_of(event))
    if result != "applied":
        return result
    tables.segments.put(key, after)
    left, joined = service_date(before), service_date(after)
    if left is not None:
        touched[patient_id, left] = cause
    if joined is not None:
        touched[patient_id, joined] = cause
    if left != joined:
        _move(tables.days, patient_id, segment_id, left, joined)
    return result


def _move(days: Facts[DayIndex], patient_id: str, segment_id: str, left: str | None, joined: str | None) -> None:
    if left is not None and (day := days.get(f"{patient_id}|{left}")):
        kept = [other for other in day.segment_ids if other != segment_id]
        days.put(f"{patient_id}|{left}", DayIndex(kept, day.stands))
    if joined is not None:
        day = days.get(f"{patient_id}|{joined}") or DayIndex([], stands=False)
        days.put(f"{patient_id}|{joined}", DayIndex([*day.segment_ids, segment_id], day.stands))


def compute_day(
    tables: DayTables, patient_id: str, date: str, terms: Terms, *, explained: bool = True
) -> BillableDay | None:
    """Compute a patient's day from the facts; None when no complete segment stands."""
    index = tables.days.get(f"{patient_id}|{date}")
    segments: list[Segment] = []
    for segment_id in index.segment_ids if index else ():
        facts = tables.segments.get(f"{patient_id}|{segment_id}")
        if facts and (segment := resolve(facts, terms.max_segment_minutes)):
            segments.append(segment)
    return rate_day(patient_id, date, segments, terms, explained=explained) if segments else None


def settle_days(tables: DayTables, touched: Touched, terms: Terms, *, explained: bool = True) -> list[Effect]:
    """Compute every touched day again; a day that stood and stands no more gives a tombstone."""
    effects = []
    for (patient_id, date), cause in touched.items():
        key = f"{patient_id}|{date}"
        index = tables.days.get(key)
        if index is None:
            continue
        day = compute_day(tables, patient_id, date, terms, explained=explained)
        if day is not None or index.stands:
            effects.append(Effect(TOPIC, key, patient_id, day, cause))
        if not index.segment_ids:
            tables.days.put(key, None)
        elif index.stands != (day is not None):
            tables.days.put(key, DayIndex(index.segment_ids, day is not None))
    return effects


def fold_days(
    tables: DayTables, events: Iterable[tuple[Event, Cause]], terms: Terms, *, explained: bool = True
) -> tuple[list[Effect], Sequence[Result | None]]:
    """Take a batch of events of one partition and compute the days that they touch.

    Gives the messages owed to `billable-days`, and what became of each event, in their order. The caller flushes the
    tables once the messages are delivered. A caller who sends no days may do without their explanation.
    """
    touched: Touched = {}
    results = [take_event(tables, event, cause, touched) for event, cause in events]
    return settle_days(tables, touched, terms, explained=explained), results
