"""What every event says."""

from msgspec import Struct

from pipeline.events.fields import Id, Text, Time


class Event(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag_field="event_type"):
    """One thing that an EMR tells of one patient.

    Times are text as received, RFC 3339 with an offset; a null in an optional field is absence.
    """

    event_id: Id
    occurred_at: Time
    patient_id: Id
    site_id: Id
    source: Text
