"""Days of patients who are one: the segments of all their records, and what moves when a merge is heard of."""

from collections.abc import Iterable, Sequence
from typing import Any

from pipeline.events.base import Event
from pipeline.events.patients import PatientMerged
from pipeline.ledger.day_tables import NO_SEGMENT, DayTables, Touched, note_attendance
from pipeline.ledger.households import keys_of
from pipeline.ledger.segments import (
    Segment,
    SegmentFacts,
    date_of,
    dates_of,
    resolve,
    service_date,
    united,
    versions_of,
)
from pipeline.ledger.tables import Cause, Effect
from pipeline.ledger.terms import Terms
from pipeline.ledger.versions import event_of, is_note


def touch_household(tables: DayTables, patient_id: str, segment_id: str, cause: Cause, touched: Touched) -> None:
    """Note the days that a segment is of in the records of any who are known as one, under who is told of them."""
    households = tables.households
    if households is None:
        return
    members = sorted({patient_id, *households.members(households.home(patient_id))})
    _touch_told(tables, (members, households.outputs(patient_id)), segment_id, cause, touched)


def _touch_told(
    tables: DayTables, of: tuple[Sequence[str], Iterable[str]], segment_id: str, cause: Cause, touched: Touched
) -> None:
    """Note the days that records of patients, who are or were one, ever said a segment to be of, under who is told."""
    members, outputs = of
    for member in members:
        facts = tables.segments.get(f"{member}|{segment_id}") or NO_SEGMENT
        for date in _dates_told(tables, facts):
            if is_note(segment_id) and all(map(is_note, segment_ids_together(tables, members, date))):
                # A note alone makes no day.
                continue
            for output in outputs:
                if date == service_date(facts):
                    note_attendance(tables, output, date, facts)
                touched.pop((output, date), None)
                touched[output, date] = cause


def _dates_told(tables: DayTables, facts: SegmentFacts) -> list[str]:
    """Give the dates that a segment was ever said to be of, less those whose days have left: they stay as they are."""
    line, own = "" if tables.calendar is None else tables.calendar.line, service_date(facts)
    return sorted(date for date in dates_of(facts) if date == own or date > line)


def segments_together(tables: DayTables, members: Sequence[str], date: str, terms: Terms) -> list[Segment]:
    """Give the complete segments of a date of patients who are one: of equal ids the newest version of all."""
    found = []
    for segment_id in segment_ids_together(tables, members, date):
        if is_note(segment_id):
            continue
        facts = facts_together(tables, members, segment_id)
        segment = resolve(facts, terms.max_segment_minutes) if service_date(facts) == date else None
        if segment is not None:
            found.append(segment)
    return found


def segment_ids_together(tables: DayTables, members: Sequence[str], date: str) -> list[str]:
    """Give the ids that any record of patients who are one lists under a date."""
    indexes = [tables.days.get(f"{member}|{date}") for member in members]
    return sorted({segment_id for index in indexes if index for segment_id in index.segment_ids})


def facts_together(tables: DayTables, members: Sequence[str], segment_id: str) -> SegmentFacts:
    """Give what stands of a segment over the records of patients who are one."""
    said = [(member, tables.segments.get(f"{member}|{segment_id}")) for member in members]
    return united([(member, facts) for member, facts in said if facts is not None])


def left_behind(tables: DayTables, patient_id: str, date: str) -> bool:
    """Tell whether a day that stands no more does so because its patient is known as another now."""
    households = tables.households
    if households is None or households.home(patient_id) == patient_id:
        return False
    return tables.days.get(f"{patient_id}|{date}") is not None


def take_merges(tables: DayTables, merges: Iterable[tuple[PatientMerged, Cause]], touched: Touched) -> list[Effect]:
    """Learn who lives on as whom; note the days of those who moved, and give what is to be passed on of them.

    Nothing else of the batch may be taken yet: merges come first, which changes nothing, as results are functions of
    facts. The tables of the facts are walked, once for all.
    """
    households, cause = tables.households, None
    if households is None:
        return []
    for event, why in merges:
        if households.take(event) == "applied":
            cause = why
    moved = households.moved
    if cause is None or not moved:
        return []
    held = keys_of(tables.segments, moved)
    events: list[tuple[str, list[Event]]] = []
    for patient_id, segment_ids in held.items():
        said: list[Event] = []
        outputs = [one for one in (moved[patient_id], *households.outputs(patient_id)) if households.here(one)]
        together = sorted(
            {patient_id, *households.were(moved[patient_id]), *households.were(households.home(patient_id))}
        )
        for segment_id in segment_ids:
            facts = tables.segments.get(f"{patient_id}|{segment_id}") or NO_SEGMENT
            told = {None, *_dates_told(tables, facts)}
            said += [event_of(version, patient_id) for version in versions_of(facts) if date_of(version) in told]
            # Where it was known a version of another may stand again, where it is now another's may fall.
            _touch_told(tables, (together, outputs), segment_id, cause, touched)
        events.append((patient_id, said))
    return tables.forwarding.settle(households, events, cause)


def merges_of(events: Iterable[tuple[Any, Cause]]) -> list[tuple[PatientMerged, Cause]]:
    """Give the merges among events."""
    return [(event, cause) for event, cause in events if isinstance(event, PatientMerged)]


def forward(tables: DayTables) -> list[Effect]:
    """Give what is to be passed on of what a batch changed."""
    if tables.households is None or not tables.forwarding.changes:
        return []
    return tables.forwarding.settle(tables.households, (), None)
