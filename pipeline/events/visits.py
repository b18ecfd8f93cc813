"""What was planned and what was written: appointments and documentation."""

from typing import Literal

from msgspec import Struct

from pipeline.events.base import Event
from pipeline.events.fields import Count, Date, Discipline, Id, Revision, Text, Time

Element = Literal[
    "services_provided",
    "medical_necessity",
    "functional_goals",
    "treatment_time",
    "patient_response",
    "progress",
    "plan_of_care",
]


class VisitDocumented(Event, frozen=True, kw_only=True, tag="visit.documented"):
    """The note of a visit: which of its elements are there."""

    service_date: Date
    discipline: Discipline
    therapist_id: Id
    elements: list[Element]
    progress_report: bool


class PlannedService(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A code and the minutes planned for it."""

    code: Text
    minutes: Count


class _Appointment(Event, frozen=True, kw_only=True):
    appointment_id: Id
    revision: Revision
    starts_at: Time
    discipline: Discipline
    planned: list[PlannedService]


class VisitScheduled(_Appointment, frozen=True, kw_only=True, tag="visit.scheduled"):
    """An appointment."""


class VisitCancelled(_Appointment, frozen=True, kw_only=True, tag="visit.cancelled"):
    """An appointment that will not be kept."""
