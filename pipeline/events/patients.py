"""What concerns a patient as a whole, and the tick of the day."""

from pipeline.events.base import Event
from pipeline.events.fields import Date, Id, Revision, Text


class PatientMerged(Event, frozen=True, kw_only=True, tag="patient.merged"):
    """`patient_id` lives on as the other."""

    into_patient_id: Id
    revision: Revision


class DayTicked(Event, frozen=True, kw_only=True, tag="day.ticked"):
    """A day has begun: made by the system, never by an EMR, and of no patient in particular."""

    date: Date
    patient_id: Id = "-"
    site_id: Id = "-"
    source: Text = "kxwatch"
