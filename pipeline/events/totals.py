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
    """The visits left before the KX threshold and the date of crossing; null while nothing is projected."""

    visits_left: int | None
    crosses_on: str | None


class ThresholdTotal(Struct, frozen=True, kw_only=True, gc=False):
    """A message of `threshold-totals`, key `patient|year|bucket`.

    Amounts are whole cents: own lines by allowed amount, and what other providers have accrued. `days` counts service
    dates with a Medicare line. `provisional` names the figures carried forward from another year that it was made with.
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
