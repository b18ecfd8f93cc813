"""The price of one unit, by CMS's schedule or the guide's."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from reference.figures import APM_CONVERSION_FACTOR, GUIDE_2025, MEDICARE, index, relative_values


@dataclass(frozen=True)
class UnitPrice:
    """A unit in full and reduced, in cents, and what its code ranks by."""

    full: int
    reduced: int
    rank: Decimal
    reducible: bool
    status: str


def half_up(dollars: Decimal | Fraction) -> int:
    return int(Fraction(dollars) * 100 + Fraction(1, 2))


def unit_price(code: str, date: str, payer: str, site: dict) -> UnitPrice | None:
    year = int(date[:4])
    schedule, locality = (site.get("schedule", "cms"), site.get("locality")) if payer == MEDICARE else ("cms", None)
    if schedule == "guide-2025" and year != 2025:
        return None
    value = relative_values(year).get(code)
    if value is None:
        return None
    if value.status == "B" or (value.status == "I" and payer == MEDICARE):
        return UnitPrice(0, 0, Decimal(0), reducible=False, status=value.status)
    gpci = index(year, locality)
    if gpci is None:
        return None
    factor = value.conversion_factor
    if payer == MEDICARE and site.get("apm") and year >= 2026:
        factor = APM_CONVERSION_FACTOR[year]
    pe = value.pe * gpci.pe
    rest = value.work * gpci.work + value.mp * gpci.mp
    full = half_up((rest + pe) * factor)
    reduced = half_up((rest + pe / 2) * factor)
    if schedule == "guide-2025" and code in GUIDE_2025:
        share = Fraction(value.pe) / Fraction(value.work + value.pe + value.mp)
        full = half_up(GUIDE_2025[code])
        reduced = half_up(Fraction(GUIDE_2025[code]) * (1 - share / 2))
    return UnitPrice(full, reduced, pe, reducible=value.indicator == "5", status=value.status)
