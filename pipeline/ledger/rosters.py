"""A therapist's date over all patients: whose one-on-one time overlaps, and what billers are told of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from operator import attrgetter

from msgspec import Struct

from pipeline.events.fields import moment
from pipeline.events.therapists import TherapistSegments
from pipeline.ledger.attended import OneOnOne
from pipeline.ledger.calendar import Calendar
from pipeline.ledger.claim_alerts import Matter, Trouble, claim_alerts, therapist_overlap
from pipeline.ledger.settle import CLAIM_ALERTS
from pipeline.ledger.tables import Cause, Effect, Facts

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SECOND, _MINUTE = 1_000_000, 60_000_000


class Span(Struct, frozen=True, array_like=True, gc=False):
    """A one-on-one segment; its ends are microseconds of the epoch."""

    start: int
    stop: int
    code: str
    segment_id: str


class Roster(Struct, frozen=True, array_like=True, gc=False):
    """A therapist's one-on-one segments of a date, by patient."""

    patients: dict[str, list[Span]] = {}


class RosterChange(Struct, frozen=True):
    """What a therapist does one-on-one with a patient on a date now."""

    therapist_id: str
    date: str
    patient_id: str
    segments: Sequence[OneOnOne]


def roster_change(key: str, segments: Struct | None) -> RosterChange:
    """Give the change that a message of `therapist-segments` is, by its key and value."""
    therapist_id, date, patient_id = key.split("|")
    attended = segments.segments if isinstance(segments, TherapistSegments) else []
    found = [(one.segment_id, one.code, one.started_at, one.stopped_at) for one in attended]
    return RosterChange(therapist_id, date, patient_id, found)


class RosterTables(Struct, frozen=True):
    """The table of `therapists`: rosters by `therapist|date`; with a calendar they leave as days do."""

    rosters: Facts[Roster]
    calendar: Calendar | None = None

    def flush(self) -> None:
        """Write what changed."""
        if self.calendar is not None:
            self.calendar.flush()
        self.rosters.flush()


def fold_rosters(tables: RosterTables, changes: Iterable[tuple[RosterChange, Cause]]) -> list[Effect]:
    """Take a batch of changes; give the claim alerts that they owe to the patients on either side of an overlap.

    A date that has left is not looked at again: who else was treated on it is not known any more.
    """
    touched: dict[tuple[str, str], dict[str, tuple[RosterChange, Cause]]] = {}
    for change, cause in changes:
        if tables.calendar is not None:
            tables.calendar.see(change.date, cause.appended)
            if change.date <= tables.calendar.line:
                continue
        of = touched.setdefault((change.therapist_id, change.date), {})
        # The last cause of an overlap is its last change.
        of.pop(change.patient_id, None)
        of[change.patient_id] = change, cause
    effects: list[Effect] = []
    for (therapist_id, date), of in touched.items():
        effects += _settle(tables, therapist_id, date, of)
    if tables.calendar is not None:
        for entry in tables.calendar.due():
            tables.rosters.put(entry, None)
    return effects


def _settle(
    tables: RosterTables, therapist_id: str, date: str, changes: Mapping[str, tuple[RosterChange, Cause]]
) -> Iterator[Effect]:
    key = f"{therapist_id}|{date}"
    roster = tables.rosters.get(key)
    before = roster.patients if roster else {}
    after = {**before}
    for patient_id, (change, _) in changes.items():
        if change.segments:
            after[patient_id] = _spans(change.segments)
        else:
            after.pop(patient_id, None)
    if after == before:
        return
    if roster is None and tables.calendar is not None:
        tables.calendar.enter(date, key)
    tables.rosters.put(key, Roster(after) if after else None)
    causes = {patient_id: cause for patient_id, (_, cause) in changes.items()}
    done: set[str] = set()
    for patient_id, cause in reversed(causes.items()):
        # With every other patient once; of two that changed the later is the cause.
        done.add(patient_id)
        if patient_id not in before and patient_id not in after:
            continue
        begin, end = _window([*before.get(patient_id, ()), *after.get(patient_id, ())])
        # Those whom the batch does not concern are after it where they were before.
        spans_of: list[tuple[str, Sequence[Span]]] = [
            *after.items(),
            *[(other, before.get(other, ())) for other in causes],
        ]
        near = {
            other
            for other, spans in spans_of
            if other not in done
            for span in spans
            if span.start < end and begin < span.stop
        }
        for other in sorted(near):
            was = _overlaps(before.get(patient_id, ()), before.get(other, ()))
            now = _overlaps(after.get(patient_id, ()), after.get(other, ()))
            if was != now:
                yield from _alerts(therapist_id, date, (patient_id, other), (was, now), cause)


def _window(spans: Iterable[Span]) -> tuple[int, int]:
    """Give from when to when a patient is in rosters; nearly always it is when no other is."""
    return min([span.start for span in spans]), max([span.stop for span in spans])


_by_clock = attrgetter("start", "segment_id")


def _spans(segments: Sequence[OneOnOne]) -> list[Span]:
    spans = [
        Span(_microseconds(start), _microseconds(stop), code, segment_id) for segment_id, code, start, stop in segments
    ]
    if len(spans) > 1:
        spans.sort(key=_by_clock)
    return spans


@lru_cache(maxsize=16_384)
def _microseconds(time: str) -> int:
    return (moment(time) - _EPOCH) // _MICROSECOND


Pair = tuple[Span, Span]


def _overlaps(one: Iterable[Span], other: Iterable[Span]) -> list[Pair]:
    """Give the pairs of segments that share an instant; ends that meet share none."""
    return [(mine, theirs) for mine in one for theirs in other if _shared(mine, theirs) > 0]


def _shared(mine: Span, theirs: Span) -> int:
    return min(mine.stop, theirs.stop) - max(mine.start, theirs.start)


def _alerts(
    therapist_id: str, date: str, patients: tuple[str, str], pairs: tuple[list[Pair], list[Pair]], cause: Cause
) -> Iterator[Effect]:
    """Tell both patients' billers what overlaps now and did not, or did and does not."""
    mirrored = tuple([(theirs, mine) for mine, theirs in found] for found in pairs)
    for (patient_id, other), (was, now) in (patients, pairs), (patients[::-1], mirrored):
        about = f"therapist_overlap|{therapist_id}|{other}"
        matter = Matter(patient_id, int(date[:4]), date, cause)
        before, after = ({about: _trouble(therapist_id, other, found)} if found else {} for found in (was, now))
        for alert in claim_alerts(before, after, matter):
            yield Effect(CLAIM_ALERTS, patient_id, patient_id, alert, cause, home=patient_id)


def _trouble(therapist_id: str, other: str, pairs: list[Pair]) -> Trouble:
    told = sorted(
        f"{mine.code} {mine.segment_id} with {theirs.code} {theirs.segment_id} for {_lasting(_shared(mine, theirs))}"
        for mine, theirs in pairs
    )
    return therapist_overlap(therapist_id, other, told)


def _lasting(microseconds: int) -> str:
    minutes, rest = divmod(microseconds, _MINUTE)
    seconds = rest // _SECOND
    parts = [f"{minutes} min"] * (minutes > 0) + [f"{seconds} s"] * (seconds > 0)
    return " ".join(parts) or "less than a second"
