"""What a patient may be treated for: plans, attestations, coverage, and what others have accrued."""

from typing import Literal

from msgspec import Struct, field

from pipeline.events.base import Event
from pipeline.events.fields import Bucket, Cents, Count, Date, Discipline, Id, Revision, Time, Year


class NecessityAttested(Event, frozen=True, kw_only=True, tag="necessity.attested"):
    """Services over the threshold, from a date through a date, are medically necessary and documented."""

    attestation_id: Id
    revision: Revision
    bucket: Bucket
    first: Date = field(name="from")
    through: Date
    therapist_id: Id


class PlanCertified(Event, frozen=True, kw_only=True, tag="plan.certified"):
    """A plan of care and the dates that it is certified for."""

    plan_id: Id
    revision: Revision
    discipline: Discipline
    certified_from: Date
    certified_through: Date


class Authorization(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A payer's leave to treat: visits, units, a last date; null where it sets no such limit."""

    number: Id
    visits: Count | None = None
    units: Count | None = None
    through: Date | None = None


class CoverageReported(Event, frozen=True, kw_only=True, tag="coverage.reported"):
    """What a payer said of a patient's coverage."""

    coverage_id: Id
    revision: Revision
    payer_id: Id
    effective_from: Date
    effective_through: Date
    verified_at: Time | None = None
    visit_limit: Count | None = None
    visits_used: Count | None = None
    authorization: Authorization | None = None
    copay_cents: Cents | None = None
    deductible_remaining_cents: Cents | None = None


class AccrualReported(Event, frozen=True, kw_only=True, tag="accrual.reported"):
    """What counts towards a threshold from elsewhere, year to date, as an eligibility answer tells it."""

    accrual_id: Id
    revision: Revision
    year: Year
    bucket: Bucket
    amount_cents: Cents
    as_of: Date
    basis: Literal["other_providers", "all_providers"]
