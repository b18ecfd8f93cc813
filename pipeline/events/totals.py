"""Where a patient stands: `threshold-totals`."""

from typing import Literal

from msgspec import Struct

State = Literal["clear", "approaching", "exceeded"]


class Threshold(Struct, frozen=True, kw_only=True, gc=False):
    """A threshold and what is left to it, whole cents; `crossed_on` is null while it is not exceeded."""

    threshold_cents: int
    remaining_cents: int
    state: State
    crossed_on: str | None


class Projection(Struct, frozen=True, kw_only=True, gc=False):
    """How many more visits stay within a threshold, and the date of the one after them, which goes over it.

    Both are null while nothing is projected, and none is left once it is exceeded. `basis` says whether the visit that
    crosses is planned or follows from the patient's average visit and pace.
    """

    visits_left: int | None
    crosses_on: str | None
    basis: Literal["planned", "average"] | None = None


class Part(Struct, frozen=True, kw_only=True, gc=False):
    """A part of what is our own: whole cents, of how many lines, and as of when; null without a line."""

    cents: int
    lines: int
    as_of: str | None


class ExternalPart(Struct, frozen=True, kw_only=True, gc=False):
    """The report that what others have accrued is from, as of its date, whole cents.

    `own_cents` is what of a report over all providers is taken to be our own lines: those adjudicated by its date.
    """

    accrual_id: str
    basis: Literal["other_providers", "all_providers"]
    as_of: str
    reported_cents: int
    own_cents: int


class Provenance(Struct, frozen=True, kw_only=True, gc=False):
    """Where each part of a total is from.

    `estimated` are lines that no remittance has come for, as of the last service date of one; `adjudicated` those that
    a payer has answered, as of the last answer; `external` is null where nobody has reported anything.
    """

    estimated: Part
    adjudicated: Part
    external: ExternalPart | None


class ThresholdTotal(Struct, frozen=True, kw_only=True, gc=False):
    """A message of `threshold-totals`, key `patient|year|bucket`.

    Amounts are whole cents: own lines by allowed amount, or by what a payer has answered for them, and what other
    providers have accrued. `days` counts service dates with a Medicare line. `provisional` names the figures carried
    forward from another year that it was made with. `projection` is for the KX threshold, `review_projection` for that
    of targeted review; today is the bucket's last service date.
    """

    schema_version: int = 1
    patient_id: str
    year: int
    bucket: str
    total_cents: int
    own_cents: int
    external_cents: int
    estimated: bool
    days: int
    last_service_date: str | None
    provisional: list[str] = []
    kx: Threshold
    review: Threshold
    projection: Projection
    review_projection: Projection | None = None
    provenance: Provenance | None = None
