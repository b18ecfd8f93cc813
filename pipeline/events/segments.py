"""What happened at the mat: segments of treatment, whole, in halves, without a clock, and taken back."""

from typing import Literal

from pipeline.events.base import Event
from pipeline.events.fields import Count, Date, Discipline, Id, Revision, Text, Time


class _Treatment(Event, frozen=True, kw_only=True):
    segment_id: Id
    revision: Revision
    therapist_id: Id
    payer_id: Id
    discipline: Discipline
    code: Text
    supervision: Literal["direct", "general"] | None = None
    body_regions: list[str] | None = None
    diagnoses: list[str] | None = None
    modifiers: list[str] | None = None
    telehealth: bool | None = None
    place_of_service: Text | None = None
    deficits: Count | None = None
    history: Text | None = None
    decision_making: Text | None = None
    modification: Literal["none", "minimal", "significant"] | None = None


class _Clocked(_Treatment, frozen=True, kw_only=True):
    started_at: Time
    paused_seconds: Count | None = None
    assistant_seconds: Count | None = None


class SegmentRecorded(_Clocked, frozen=True, kw_only=True, tag="segment.recorded"):
    """A segment with its start and its stop."""

    stopped_at: Time


class SegmentAmended(_Clocked, frozen=True, kw_only=True, tag="segment.amended"):
    """A whole segment again, under a higher revision."""

    stopped_at: Time


class SegmentStarted(_Clocked, frozen=True, kw_only=True, tag="segment.started"):
    """A live timer's first half: all of a segment but its stop."""


class SegmentStopped(Event, frozen=True, kw_only=True, tag="segment.stopped"):
    """A live timer's second half; a value given here replaces the one in the start."""

    segment_id: Id
    revision: Revision
    stopped_at: Time
    paused_seconds: Count | None = None
    assistant_seconds: Count | None = None


class ServiceRecorded(_Treatment, frozen=True, kw_only=True, tag="service.recorded"):
    """A segment of an EMR that keeps minutes and no clock."""

    service_date: Date
    minutes: Count
    assistant_minutes: Count | None = None


class SegmentVoided(Event, frozen=True, kw_only=True, tag="segment.voided"):
    """The segment is taken back: as if it had never been."""

    segment_id: Id
    revision: Revision
