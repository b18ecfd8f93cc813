"""Of several versions of one fact the newest stands, whatever the order they arrived in."""

from collections.abc import Iterable
from operator import attrgetter
from typing import Any

import orjson
from msgspec import Struct
from msgspec.structs import replace

from pipeline.events.fields import instant
from pipeline.events.segments import (
    SegmentAmended,
    SegmentRecorded,
    SegmentStarted,
    SegmentStopped,
    SegmentVoided,
    ServiceRecorded,
)
from pipeline.events.visits import VisitDocumented

KINDS = (
    "segment.recorded",
    "segment.amended",
    "service.recorded",
    "segment.voided",
    "segment.started",
    "segment.stopped",
    "visit.documented",
)
_EVENTS: tuple[Any, ...] = (
    SegmentRecorded,
    SegmentAmended,
    ServiceRecorded,
    SegmentVoided,
    SegmentStarted,
    SegmentStopped,
    VisitDocumented,
)
RECORDED, AMENDED, SERVICE, VOIDED, STARTED, STOPPED, NOTED = range(len(KINDS))


class Version(Struct, frozen=True, array_like=True, gc=False):
    """One version of a segment or of its half, as an EMR sent it: `kind` is a position in `KINDS`.

    Times are text as received; what the event did not say is None. A visit's note is a version, too, of a fact of its
    date: so it is listed, leaves and moves as segments do. `fact_id` gives what stands for its segment's id.
    """

    kind: int
    revision: int
    occurred_at: str
    event_id: str
    site_id: str
    source: str
    segment_id: str
    therapist_id: str | None = None
    payer_id: str | None = None
    discipline: str | None = None
    code: str | None = None
    started_at: str | None = None
    stopped_at: str | None = None
    paused_seconds: int | None = None
    modifiers: list[str] | None = None
    assistant_seconds: int | None = None
    supervision: str | None = None
    body_regions: list[str] | None = None
    diagnoses: list[str] | None = None
    telehealth: bool | None = None
    place_of_service: str | None = None
    deficits: int | None = None
    history: str | None = None
    decision_making: str | None = None
    modification: str | None = None
    service_date: str | None = None
    minutes: int | None = None
    assistant_minutes: int | None = None
    elements: list[str] | None = None
    progress_report: bool | None = None


_SAID = Version.__struct_fields__[1:]
_NOTE = "\x1f"
_KIND = {name: position for position, name in enumerate(KINDS)}
# Whole segments are nearly all that comes; the fields that they have come first, and one call in C gives them.
_OF_A_SEGMENT = attrgetter(*_SAID[: _SAID.index("service_date")])


def version_of(event: Any) -> Version:
    """Give the version that a segment's event is."""
    kind = _KIND[event.__struct_config__.tag]
    if kind <= AMENDED:
        return Version(kind, *_OF_A_SEGMENT(event))
    said: list[Any] = [getattr(event, name, None) for name in _SAID]
    version = Version(kind, *said)
    return replace(version, revision=0, segment_id=fact_id(event)) if kind == NOTED else version


def fact_id(event: Any) -> str:
    """Give what a segment's event or a visit's note is known by, beside its patient.

    That of a note holds characters that no id of an EMR may have.
    """
    if isinstance(event, VisitDocumented):
        return f"{_NOTE}{event.service_date}{_NOTE}{event.discipline}{_NOTE}{event.therapist_id}"
    return str(event.segment_id)


def is_note(segment_id: str) -> bool:
    """Tell the id of a visit's note from a segment's."""
    return segment_id.startswith(_NOTE)


def sorted_json(version: Version, patient_id: str | None = None) -> bytes:
    """Give a version's sorted JSON; less the patient where that is the same in all versions of a fact."""
    said: dict[str, Any] = {"event_type": KINDS[version.kind]}
    if patient_id is not None:
        said["patient_id"] = patient_id
    said |= {name: value for name in _SAID if (value := getattr(version, name)) is not None}
    return orjson.dumps(said, option=orjson.OPT_SORT_KEYS)


def _compared(one: Version, other: Version) -> int:
    """Compare two versions by revision, moment and event id: less than, equal to or more than 0."""
    if one.revision != other.revision:
        return 1 if one.revision > other.revision else -1
    if one.occurred_at != other.occurred_at:
        moments = instant(one.occurred_at), instant(other.occurred_at)
        if moments[0] != moments[1]:
            return 1 if moments[0] > moments[1] else -1
    return (one.event_id > other.event_id) - (one.event_id < other.event_id)


def newer(one: Version, other: Version) -> bool:
    """Tell whether a version stands over another: revision, moment, event id, then the text of its sorted JSON."""
    compared = _compared(one, other)
    return compared > 0 or (compared == 0 and sorted_json(one) > sorted_json(other))


def newest(versions: Iterable[tuple[str, Version]]) -> Version | None:
    """Give the version that stands of several patients' versions of what is one fact, each after its patient."""
    standing: tuple[str, Version] | None = None
    for patient_id, version in versions:
        compared = 1 if standing is None else _compared(version, standing[1])
        if compared == 0 and standing is not None:
            texts = sorted_json(version, patient_id), sorted_json(standing[1], standing[0])
            compared = (texts[0] > texts[1]) - (texts[0] < texts[1])
        if compared > 0:
            standing = patient_id, version
    return None if standing is None else standing[1]


def event_of(version: Version, patient_id: str) -> Any:
    """Give the event that a version was, of a patient."""
    kind = _EVENTS[version.kind]
    said = {name: getattr(version, name) for name in kind.__struct_fields__ if name != "patient_id"}
    return kind(patient_id=patient_id, **said)


def older(half: Version, whole: Version) -> bool:
    """Tell whether a whole version replaces a half: it does when the half is older by revision, moment and id."""
    return _compared(half, whole) < 0
