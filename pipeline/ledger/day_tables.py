"""The tables that days are kept in: segments, and the days that list them."""

from msgspec import Struct, field
from msgspec.structs import replace

from pipeline.ledger.attended import Attendance, attending
from pipeline.ledger.calendar import Calendar
from pipeline.ledger.forwarding import Forwarding
from pipeline.ledger.households import Households
from pipeline.ledger.segments import Segment, SegmentFacts
from pipeline.ledger.tables import Cause, Facts
from pipeline.ledger.timers import Timers

NO_SEGMENT = SegmentFacts()


class DayIndex(Struct, frozen=True, array_like=True, gc=False):
    """The segments of a patient's day by id, and the notes of its visits by theirs.

    One that has moved to another date may still be listed; what a segment says of itself decides. `until` is set for a
    day that had left and was opened again: the date of the calendar under which it leaves.
    """

    segment_ids: list[str]
    until: str = ""


class DayTables(Struct, frozen=True):
    """The tables of `days`: segments and notes of visits by `patient|segment_id`, days by `patient|date`.

    `resolved` is what the segments that were counted last came to, until one changes; `attendance` is of the batch,
    None where nobody looks at therapists. With a calendar they know when to leave, with timers which of them are left
    open.
    """

    segments: Facts[SegmentFacts]
    days: Facts[DayIndex]
    resolved: dict[str, tuple[str | None, Segment | None]] = {}
    attendance: Attendance | None = {}
    calendar: Calendar | None = None
    timers: Timers | None = None
    households: Households | None = None
    forwarding: Forwarding = field(default_factory=lambda: Forwarding("days"))

    def flush(self) -> None:
        """Write what changed."""
        self.resolved.clear()
        if self.attendance is not None:
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
"""The days that a batch touches, by patient and date, each with the last event that did."""


def note_attendance(tables: DayTables, patient_id: str, date: str, facts: SegmentFacts) -> None:
    """Note the therapist of a segment under its date, if it is one-on-one."""
    if tables.attendance is not None and (therapist_id := attending(facts)) is not None:
        tables.attendance.setdefault((patient_id, date), set()).add(therapist_id)


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


def unlist_segment(days: Facts[DayIndex], patient_id: str, date: str, segment_id: str) -> None:
    """Take a segment from the list of a date."""
    key = f"{patient_id}|{date}"
    if day := days.get(key):
        kept = [other for other in day.segment_ids if other != segment_id]
        days.put(key, DayIndex(kept, day.until) if kept else None)


def undated(calendar: Calendar, key: str, facts: SegmentFacts, cause: Cause) -> SegmentFacts:
    """Enter a segment that has no date in the calendar, as of now."""
    now = calendar.now(cause.appended)
    if not now:
        return facts
    calendar.enter(now, f"segment|{key}")
    return replace(facts, since=now)
