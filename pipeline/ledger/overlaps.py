"""Overlaps of a patient's own timed segments: what two of them share counts once."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from pipeline.events.days import Finding
from pipeline.events.fields import moment
from pipeline.ledger.segments import MICROSECONDS, Segment
from pipeline.rules.codes import table
from pipeline.rules.overlap import Span, common, shared


class Shared(Struct, frozen=True):
    """A day whose segments do not simply follow one another: their spans, and what each lost, by segment id.

    Spans are of all billable segments with a clock, whole microseconds; `lost` is whole microseconds of timed ones.
    """

    spans: dict[str, Span]
    lost: dict[str, int]
    findings: list[Finding]


def count_once(segments: Sequence[Segment]) -> tuple[Sequence[Segment], Shared | None]:
    """Take from each timed segment what earlier ones cover, pauses not looked at, never more than it has.

    `segments` are in the order of the clock, then of their ids. All payers and disciplines are compared, as instants;
    caregiver training and untimed codes are not. Gives None beside them where nothing can overlap.
    """
    if _in_turn(segments):
        return segments, None
    spans = _spans(segments)
    codes = table()
    timed = [
        segment
        for segment in segments
        if segment.segment_id in spans and codes[segment.code].kind in ("timed", "cognitive")
    ]
    covered = shared([spans[segment.segment_id] for segment in timed])
    lost = {
        segment.segment_id: min(taken, segment.microseconds)
        for segment, taken in zip(timed, covered, strict=True)
        if taken
    }
    if not lost:
        return segments, Shared(spans, {}, [])
    left = [_less(segment, lost[segment.segment_id]) if segment.segment_id in lost else segment for segment in segments]
    return left, Shared(spans, lost, _findings(timed, spans))


def in_turn(segments: Sequence[Segment]) -> bool:
    """Tell segments that are in the order of the clock and share no time, by the texts of their times alone.

    So they are told of by an EMR that tells of each when it is over.
    """
    begun, ended, form = "", "", None
    for segment in segments:
        start, stop = segment.started_at, segment.stopped_at
        if start is None or stop is None or not segment.fits:
            return False
        if form is None:
            form = start[19:]
        # Equal starts would go by their ids.
        if start <= begun or start < ended or start[19:] != form or stop[19:] != form:
            return False
        if start[10] != "T" or stop[10] != "T":
            return False
        begun, ended = start, stop
    return True


def _in_turn(segments: Sequence[Segment]) -> bool:
    """Tell segments that follow one another by the texts of their times alone, which must be in one form."""
    latest, form = "", None
    for segment in segments:
        start, stop = segment.started_at, segment.stopped_at
        if start is None or stop is None or not segment.fits:
            continue
        if form is None:
            form = start[19:]
        # Texts order as the clock does in one offset and fraction, and by one letter between date and time.
        if start < latest or start[19:] != form or stop[19:] != form or start[10] != "T" or stop[10] != "T":
            return False
        latest = stop
    return True


def _spans(segments: Sequence[Segment]) -> dict[str, Span]:
    codes = table()
    spans = {}
    first = None
    for segment in segments:
        start, stop = segment.started_at, segment.stopped_at
        if start is not None and stop is not None and segment.fits and segment.code in codes:
            first = first or moment(start)
            spans[segment.segment_id] = _since(first, start), _since(first, stop)
    return spans


def _since(first: datetime, time: str) -> int:
    passed = moment(time) - first
    return (passed.days * 86_400 + passed.seconds) * MICROSECONDS + passed.microseconds


def _less(segment: Segment, lost: int) -> Segment:
    left = segment.microseconds - lost
    return msgspec.structs.replace(segment, microseconds=left, by_assistant=min(segment.by_assistant, left))


def _findings(timed: Sequence[Segment], spans: dict[str, Span]) -> list[Finding]:
    """Say of every two that overlap that they do: it is about the later one, and names both."""
    found = []
    for position, later in enumerate(timed):
        for earlier in timed[:position]:
            both = common(spans[earlier.segment_id], spans[later.segment_id])
            if both:
                text = f"Two segments share {seconds(both)} of the clock: the same minute counts once, in the earlier."
                found.append(
                    Finding(
                        kind="overlap",
                        message=text,
                        payer_id=later.payer_id,
                        discipline=later.discipline,
                        code=later.code,
                        segment_ids=[earlier.segment_id, later.segment_id],
                    )
                )
    return found


def seconds(microseconds: int) -> str:
    """Give a time in seconds, for a person."""
    return f"{microseconds / MICROSECONDS:.10g} s"
