"""A day that had left the tables, as a replay brings it back: the system's own message of `session-events`."""

from typing import Annotated

from msgspec import Meta

from pipeline.events.base import Event
from pipeline.events.fields import Date
from pipeline.events.segments import (
    SegmentAmended,
    SegmentRecorded,
    SegmentStarted,
    SegmentStopped,
    SegmentVoided,
    ServiceRecorded,
)
from pipeline.events.visits import VisitDocumented

DayEvent = (
    SegmentRecorded
    | SegmentAmended
    | SegmentStarted
    | SegmentStopped
    | ServiceRecorded
    | SegmentVoided
    | VisitDocumented
)


class DayReopened(Event, frozen=True, kw_only=True, tag="day.reopened"):
    """Days of a patient are opened again, with all that was told of their segments and visits; never sent by an EMR.

    The base fields are those of the late event that it is done for.
    """

    dates: Annotated[list[Date], Meta(min_length=1)]
    events: list[DayEvent]
