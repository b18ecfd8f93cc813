"""What was billed and what came back: claims as sent, remittances as posted."""

from msgspec import Struct

from pipeline.events.base import Event
from pipeline.events.fields import Cents, Count, Date, Id, Revision, SignedCents, SignedCount, Text, Time


class SubmittedLine(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A line of a claim as it was sent."""

    code: Text
    modifiers: list[str]
    units: Count
    charge_cents: Cents
    control_number: Text


class ClaimSubmitted(Event, frozen=True, kw_only=True, tag="claim.submitted"):
    """A claim as it went to its payer."""

    claim_id: Id
    revision: Revision
    payer_id: Id
    service_date: Date
    submitted_at: Time
    lines: list[SubmittedLine]


class Adjustment(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Why a payer paid less: a CARC group and reason with its amount."""

    group: Text
    reason: Text
    amount_cents: SignedCents


class RemittancePosted(Event, frozen=True, kw_only=True, tag="remittance.posted"):
    """A payer's answer to one line."""

    remittance_id: Id
    revision: Revision
    payer_id: Id
    service_date: Date
    code: Text
    modifiers: list[str]
    units: SignedCount
    allowed_cents: SignedCents
    paid_cents: SignedCents
    adjudicated_on: Date
    adjustments: list[Adjustment]
    claim_id: Id | None = None
    reverses: Id | None = None
