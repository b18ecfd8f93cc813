"""The price of one unit, by CMS's schedule or the guide's."""

from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from reference.figures import APM_CONVERSION_FACTOR, GUIDE_2025, index, relative_values
from reference.payers import rule


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
    stated = rule(payer, "price", date)
    if stated is None:
        return None
    if stated["by"] in ("visit", "case"):
        cms = cms_price(code, date, payer, {})
        return UnitPrice(0, 0, Decimal(0), reducible=False, status="A") if cms is None else cms
    if stated["by"] == "fees":
        return own_fee(stated, code, date, payer)
    found = cms_price(code, date, payer, site if stated.get("of") == "site" else {})
    return percent_of(found, stated.get("percent", 100))


def percent_of(price: UnitPrice | None, percent: str | float) -> UnitPrice | None:
    if price is None:
        return None
    share = Fraction(str(percent)) / 10_000
    return replace(price, full=half_up(price.full * share), reduced=half_up(price.reduced * share))


def own_fee(stated: dict, code: str, date: str, payer: str) -> UnitPrice | None:
    fee = {str(key): cents for key, cents in stated["cents"].items()}.get(code)
    if fee is None:
        others = stated.get("others_percent")
        return None if others is None else percent_of(cms_price(code, date, payer, {}), others)
    if not rule(payer, "multiple_procedure", date):
        return UnitPrice(fee, fee, Decimal(0), reducible=False, status="A")
    value = relative_values(int(date[:4])).get(code)
    if value is None:
        return None
    reducible = value.indicator == "5"
    share = Fraction(value.pe) / Fraction(value.work + value.pe + value.mp) if reducible else 0
    return UnitPrice(fee, half_up(Fraction(fee, 100) * (1 - share / 2)), value.pe, reducible=reducible, status="A")


def cms_price(code: str, date: str, payer: str, site: dict) -> UnitPrice | None:
    year = int(date[:4])
    schedule, locality = site.get("schedule", "cms"), site.get("locality")
    if schedule == "guide-2025" and year != 2025:
        return None
    value = relative_values(year).get(code)
    if value is None:
        return None
    if value.status == "B" or (value.status == "I" and rule(payer, "not_valid_status_applies", date)):
        return UnitPrice(0, 0, Decimal(0), reducible=False, status=value.status)
    gpci = index(year, locality)
    if gpci is None:
        return None
    factor = value.conversion_factor
    if site.get("apm") and year >= 2026:
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
