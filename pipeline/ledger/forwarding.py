"""What a number passes on of patients who live on elsewhere: all that is known when they move, then each change."""

from collections.abc import Iterable, Iterator
from hashlib import sha256

from msgspec import Struct

from pipeline.events.base import Event
from pipeline.events.codec import write
from pipeline.events.forwarded import EventsForwarded
from pipeline.ledger.households import Households
from pipeline.ledger.tables import Cause, Effect

TOPIC = "session-events"
LARGEST_BYTES = 400_000
"""What the events of one record may come to; every Kafka takes it."""


class Forwarding(Struct):
    """What a batch of one stage passes on: events by patient, each with its cause."""

    stage: str
    changes: list[tuple[Event, Cause]] = []

    def settle(
        self, households: Households, moved: Iterable[tuple[str, list[Event]]], cause: Cause | None
    ) -> list[Effect]:
        """Give the messages: all events of those who `moved`, for `cause`, and each change of others."""
        effects = []
        for patient_id, events in moved:
            home = households.away(patient_id)
            if home is not None and cause is not None:
                for number, some in enumerate(_parted(events)):
                    effects.append(
                        self._message(patient_id, home, some, _part_of(cause, self.stage, patient_id, number))
                    )
        for event, why in self.changes:
            home = households.away(event.patient_id)
            if home is not None:
                effects.append(self._message(event.patient_id, home, [event], why))
        self.changes.clear()
        return effects

    def _message(self, patient_id: str, home: str, events: list[Event], cause: Cause) -> Effect:
        forwarded = EventsForwarded(
            event_id=cause.event_id,
            occurred_at=cause.occurred_at,
            patient_id=patient_id,
            site_id="-",
            source="kxwatch",
            stage=self.stage,
            events=events,  # type: ignore[arg-type]
        )
        return Effect(TOPIC, patient_id, patient_id, forwarded, cause, home=home)


def _part_of(cause: Cause, stage: str, patient_id: str, number: int) -> Cause:
    """Give a part of a move a name of its own: no two alerts that parts lead to are one."""
    name = sha256("\x1f".join((cause.event_id, stage, patient_id, str(number))).encode()).hexdigest()[:32]
    return Cause(f"moved-{name}", cause.occurred_at, cause.appended)


def _parted(events: Iterable[Event]) -> Iterator[list[Event]]:
    part: list[Event] = []
    size = 0
    for event in events:
        size += len(write(event))
        if part and size > LARGEST_BYTES:
            yield part
            part, size = [], len(write(event))
        part.append(event)
    if part:
        yield part
