"""Segments to days: each event replaces a fact, and each day that it touches is computed whole again."""

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from pipeline.events.base import Event
from pipeline.events.days import BillableDay
from pipeline.events.patients import DayTicked, PatientMerged
from pipeline.events.segments import (
    SegmentAmended,
    SegmentRecorded,
    SegmentStarted,
    SegmentStopped,
    SegmentVoided,
    ServiceRecorded,
)
from pipeline.events.visits import VisitDocumented
from pipeline.ledger.attended import Attendance, attended, attending
from pipeline.ledger.calendar import Calendar
from pipeline.ledger.day import rate_day
from pipeline.ledger.forwarding import Forwarding
from pipeline.ledger.households import Households, keys_of
from pipeline.ledger.segments import (
    Result,
    Segment,
    SegmentFacts,
    date_of,
    dates_of,
    resolve,
    service_date,
    standing_base,
    take,
    united,
    versions_of,
)
from pipeline.ledger.tables import Cause, Effect, Facts
from pipeline.ledger.terms import Terms
from pipeline.ledger.timers import Timers
from pipeline.ledger.versions import Version, event_of, fact_id, is_note, version_of

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
_NOTHING = SegmentFacts()


class DayIndex(Struct, frozen=True, array_like=True, gc=False):
    """The segments of a patient's day by id, and the notes of its visits by theirs.

    One that has moved to another date may still be listed; what a segment says of itself decides. `until` is set for a
    day that had left and was opened again: the date of the calendar under which it leaves.
    """

    segment_ids: list[str]
    until: str = ""


class DayTables(Struct, frozen=True):
    """The tables of `days`: segments and notes of visits by `patient|segment_id`, days by `patient|date`.

    `resolved` is what the segments that were counted last came to, until one changes; `attendance` is of the batch.
    With a calendar they know when to leave, with timers which of them are left open.
    """

    segments: Facts[SegmentFacts]
    days: Facts[DayIndex]
    resolved: dict[str, tuple[str | None, Segment | None]] = {}
    attendance: Attendance = {}
    calendar: Calendar | None = None
    timers: Timers | None = None
    households: Households | None = None
    forwarding: Forwarding = field(default_factory=lambda: Forwarding("days"))

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
        self.forwarding.changes.clear()
        # What a replay of a merge goes by comes last.
        if self.households is not None:
            self.households.flush()


Touched = dict[tuple[str, str], Cause]


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
    before, version = tables.segments.get(key) or _NOTHING, version_of(event)
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
        _unlist(tables.days, patient_id, left, segment_id)
    if together:
        touch_household(tables, patient_id, segment_id, cause, touched)
        tables.forwarding.changes.append((event, cause))
        return result
    lone = is_note(segment_id) and joined is not None and not _has_segments(tables, patient_id, joined)
    touches = [(left, before), (joined, after)] if result == "applied" or not listed else []
    if own not in (left, joined):
        # A version that does not stand tells of a day, too: one that has come and gone.
        touches.append((own, _NOTHING))
    for date, facts in touches:
        if date is not None and not lone:
            note_attendance(tables.attendance, patient_id, date, facts)
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


def note_attendance(attendance: Attendance, patient_id: str, date: str, facts: SegmentFacts) -> None:
    """Note the therapist of a segment under its date, if it is one-on-one."""
    therapist_id = attending(facts)
    if therapist_id is not None:
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
    if not segments:
        return None
    notes = notes_of(tables, patient_id, date)
    return rate_day(patient_id, date, segments, terms, explained=explained, notes=notes)


def segments_of(tables: DayTables, patient_id: str, date: str, terms: Terms) -> list[Segment]:
    """Give the complete segments of a patient's date; none for one who is known as another."""
    if tables.households is not None and not tables.households.alone(patient_id):
        return segments_together(tables, tables.households.members(patient_id), date, terms)
    index = tables.days.get(f"{patient_id}|{date}")
    segments: list[Segment] = []
    for segment_id in index.segment_ids if index else ():
        if is_note(segment_id):
            continue
        key = f"{patient_id}|{segment_id}"
        known = tables.resolved.get(key)
        if known is None:
            facts = tables.segments.get(key) or _NOTHING
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
    noted = sorted([segment_id for segment_id in segment_ids if is_note(segment_id)])
    found = [standing_base(facts_together(tables, members, segment_id)) for segment_id in noted]
    return [note for note in found if note is not None]


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
        moved = day is None and left_behind(tables, patient_id, date)
        effects.append(Effect(TOPIC, f"{patient_id}|{date}", patient_id, day, cause, moved=moved))
        effects += attended_on(tables, patient_id, date, terms, cause)
    return effects if tables.timers is None else effects + tables.timers.settle(tables.segments)


def touch_household(tables: DayTables, patient_id: str, segment_id: str, cause: Cause, touched: Touched) -> None:
    """Note the days that a segment is of in the records of any who are known as one, under who is told of them."""
    households = tables.households
    if households is None:
        return
    for output in households.outputs(patient_id):
        for member in {patient_id, *households.members(households.home(patient_id))}:
            facts = tables.segments.get(f"{member}|{segment_id}") or _NOTHING
            _touch_told(tables, [output], facts, cause, touched)


def _touch_told(tables: DayTables, outputs: Iterable[str], facts: SegmentFacts, cause: Cause, touched: Touched) -> None:
    """Note the days that a segment was ever said to be of, under each of some patients."""
    for date in _dates_told(tables, facts):
        for output in outputs:
            if date == service_date(facts):
                note_attendance(tables.attendance, output, date, facts)
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
            facts = tables.segments.get(f"{patient_id}|{segment_id}") or _NOTHING
            told = {None, *_dates_told(tables, facts)}
            said += [event_of(version, patient_id) for version in versions_of(facts) if date_of(version) in told]
            # Where it was known a version of another may stand again, where it is now another's may fall.
            for member in together:
                known = tables.segments.get(f"{member}|{segment_id}") or _NOTHING
                _touch_told(tables, outputs, known, cause, touched)
        events.append((patient_id, said))
    return tables.forwarding.settle(households, events, cause)


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


def merges_of(events: Iterable[tuple[Any, Cause]]) -> list[tuple[PatientMerged, Cause]]:
    """Give the merges among events."""
    return [(event, cause) for event, cause in events if isinstance(event, PatientMerged)]


def forward(tables: DayTables) -> list[Effect]:
    """Give what is to be passed on of what a batch changed."""
    if tables.households is None or not tables.forwarding.changes:
        return []
    return tables.forwarding.settle(tables.households, (), None)
