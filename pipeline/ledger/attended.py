"""What a patient's day says of the therapists who were one-on-one with the patient."""

from collections.abc import Sequence
from functools import cache

from pipeline.events.therapists import Attended, TherapistSegments
from pipeline.ledger.segments import Segment, SegmentFacts, standing_base
from pipeline.ledger.tables import Cause, Effect
from pipeline.rules.codes import table

TOPIC = "therapist-segments"

Attendance = dict[tuple[str, str], set[str]]
"""By patient and date the therapists whose time with the patient may have changed."""


@cache
def one_on_one_codes() -> frozenset[str]:
    """Give the codes of time that a therapist cannot share: the timed ones, an individual caregiver's training too.

    CMS Medicare Claims Processing Manual, Pub. 100-04, chapter 5, section 20.2; several patients at once are a group,
    97150, which is not timed.
    """
    return frozenset(code.code for code in table().values() if code.timed)


def attending(facts: SegmentFacts) -> str | None:
    """Give the therapist of a segment that has both ends and a code that is one-on-one; None of any other."""
    base = standing_base(facts)
    if base is None or base.started_at is None or (facts.stop or base).stopped_at is None:
        return None
    return base.therapist_id if base.code in one_on_one_codes() else None


def attended(
    patient_id: str, date: str, segments: Sequence[Segment], therapists: set[str], cause: Cause
) -> list[Effect]:
    """Give the messages that tell what therapists do one-on-one on a patient's date; a tombstone where it is nothing.

    `segments` are all complete ones of that date.
    """
    effects = []
    for therapist_id in sorted(therapists):
        found = one_on_one(therapist_id, segments)
        value = None
        if found:
            told = [
                Attended(segment_id=segment_id, code=code, started_at=start, stopped_at=stop)
                for segment_id, code, start, stop in sorted(found)
            ]
            value = TherapistSegments(
                therapist_id=therapist_id, service_date=date, patient_id=patient_id, segments=told
            )
        key = f"{therapist_id}|{date}|{patient_id}"
        effects.append(Effect(TOPIC, key, patient_id, value, cause, home=therapist_id))
    return effects


OneOnOne = tuple[str, str, str, str]
"""A segment's id and code, its start and its stop as text."""


def one_on_one(therapist_id: str, segments: Sequence[Segment]) -> list[OneOnOne]:
    """Give what of a patient's complete segments a therapist spent one-on-one, in their order."""
    codes = one_on_one_codes()
    found = []
    for segment in segments:
        if segment.said.therapist_id != therapist_id or segment.code not in codes or not segment.fits:
            continue
        start, stop = segment.started_at, segment.stopped_at
        # What an assistant furnished alone, all of it, is no time of the therapist's.
        if start is None or stop is None or (segment.by_assistant and segment.by_assistant == segment.microseconds):
            continue
        found.append((segment.segment_id, segment.code, start, stop))
    return found
