"""What the notes of a day's visits lack, and what they tell of that nobody bills."""

from collections.abc import Sequence

from pipeline.events.days import Finding, Line
from pipeline.ledger.care.said import ELEMENTS
from pipeline.ledger.segments import Segment
from pipeline.ledger.versions import Version

_TIME = "treatment_time"


def of_notes(notes: Sequence[Version], segments: Sequence[Segment], lines: Sequence[Line]) -> list[Finding]:
    """Hold the notes of a day's visits, each of a discipline and therapist, against its segments and lines.

    A visit without a note is none of this: it is a care alert.
    """
    billed = {segment_id for line in lines for segment_id in line.segment_ids}
    found = []
    for note in notes:
        visit = [
            segment
            for segment in segments
            if segment.discipline == note.discipline and segment.said.therapist_id == note.therapist_id
        ]
        elements = note.elements or []
        missing = [name for name in ELEMENTS if name not in elements]
        of_lines = [segment for segment in visit if segment.segment_id in billed]
        if missing and of_lines:
            named = ", ".join(name.replace("_", " ") for name in missing)
            text = f"The note of therapist {note.therapist_id} lacks {named}: have it completed."
            found.append(_of_visit(note, "documentation_missing", text, of_lines))
        if not visit and _TIME in elements:
            text = f"The note of therapist {note.therapist_id} tells of treatment time, and there are no minutes of it."
            found.append(_of_visit(note, "documented_without_minutes", text, []))
    return found


def _of_visit(note: Version, kind: str, text: str, segments: Sequence[Segment]) -> Finding:
    payers = {segment.payer_id for segment in segments}
    return Finding(
        kind=kind,
        message=text,
        payer_id=payers.pop() if len(payers) == 1 else None,
        discipline=note.discipline,
        code=None,
        segment_ids=[segment.segment_id for segment in segments],
    )
