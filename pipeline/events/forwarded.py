"""Events of a merged patient, as they are passed on to where the patient lives: the system's own `session-events`."""

from typing import Annotated

from msgspec import Meta

from pipeline.events.base import Event
from pipeline.events.codec import AnyEvent


class EventsForwarded(Event, frozen=True, kw_only=True, tag="events.forwarded"):
    """What one `stage` knows of a patient who was merged, sent to the partition of the survivor; never sent by an EMR.

    The base fields are those of the event that it is done for, `patient_id` the patient as the events name it.
    """

    stage: str
    events: Annotated[list[AnyEvent], Meta(min_length=1)]
