"""What is said of a patient's year besides its days: the events, what each is known by, and their order."""

from typing import get_args

import msgspec

from pipeline.events.claims import ClaimSubmitted, RemittancePosted
from pipeline.events.codec import write
from pipeline.events.coverage import AccrualReported, CoverageReported, NecessityAttested
from pipeline.events.fields import instant
from pipeline.events.visits import VisitCancelled, VisitScheduled

Appointment = VisitScheduled | VisitCancelled
YearEvent = AccrualReported | NecessityAttested | ClaimSubmitted | CoverageReported | RemittancePosted | Appointment
YEAR_EVENTS = get_args(YearEvent)
decode: msgspec.json.Decoder[YearEvent] = msgspec.json.Decoder(YearEvent)


def place_of(event: YearEvent) -> tuple[str, str]:
    """Give the kind and the id that a fact is known by."""
    if isinstance(event, AccrualReported):
        return "accrual", event.accrual_id
    if isinstance(event, NecessityAttested):
        return "attestation", event.attestation_id
    if isinstance(event, CoverageReported):
        return "coverage", event.coverage_id
    if isinstance(event, RemittancePosted):
        return "remittance", event.remittance_id
    return ("claim", event.claim_id) if isinstance(event, ClaimSubmitted) else ("appointment", event.appointment_id)


def order_of(event: YearEvent) -> tuple[int, tuple[object, str], str, bytes]:
    """Give what orders versions: revision, moment, event id, then the text of the sorted JSON."""
    return event.revision, instant(event.occurred_at), event.event_id, write(event)
