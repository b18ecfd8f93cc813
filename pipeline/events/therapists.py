"""What a therapist did one-on-one: the system's own messages, from the days to the stage that sees therapists."""

from msgspec import Struct


class Attended(Struct, frozen=True, kw_only=True, gc=False):
    """A complete segment in which a therapist was one-on-one with a patient; times are text as received."""

    segment_id: str
    code: str
    started_at: str
    stopped_at: str


class TherapistSegments(Struct, frozen=True, kw_only=True, gc=False):
    """A message of `therapist-segments`: all one-on-one segments of one therapist, date and patient, by their ids."""

    schema_version: int = 1
    therapist_id: str
    service_date: str
    patient_id: str
    segments: list[Attended]
