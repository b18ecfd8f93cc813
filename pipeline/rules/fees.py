"""What a unit is worth: CMS's fee schedule by date and locality, and schedules of a network's own."""

import csv
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache, lru_cache
from importlib.resources import files
from math import floor

from msgspec import Struct

from pipeline.rules.parameters import NoFigure, Unpriced, document, figure, parameter

NATIONAL = "national"


class UnitPrice(Struct, frozen=True, gc=False):
    """One unit in full and reduced, whole cents.

    `reducible` tells a code that the multiple-procedure reduction concerns (indicator 5), `practice_expense` what it
    ranks by; `status` is CMS's status indicator.
    """

    full_cents: int
    reduced_cents: int
    practice_expense: Decimal
    reducible: bool
    status: str


class _Values(Struct, frozen=True):
    work: Fraction
    practice_expense: Fraction
    malpractice: Fraction
    reducible: bool
    status: str


def _rows(name: str) -> list[dict[str, str]]:
    text = (files("pipeline.rules") / "params" / "fees" / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def _relative_values(year: int) -> dict[str, _Values] | None:
    name = document("fees/cms.yaml")["relative_values"].get(year)
    if name is None:
        return None
    return {
        row["code"]: _Values(
            Fraction(row["work_rvu"]),
            Fraction(row["nonfacility_pe_rvu"]),
            Fraction(row["mp_rvu"]),
            row["multiple_procedure_indicator"] == "5",
            row["status"],
        )
        for row in _rows(name)
    }


@cache
def _localities(year: int) -> dict[str, tuple[Fraction, Fraction, Fraction]]:
    name = document("fees/cms.yaml")["localities"].get(year)
    if name is None:
        return {}
    return {
        f"{row['mac']}-{row['locality']}": (
            Fraction(row["work_gpci"]),
            Fraction(row["pe_gpci"]),
            Fraction(row["mp_gpci"]),
        )
        for row in _rows(name)
    }


@cache
def _own_schedule(name: str) -> tuple[date, date, dict[str, int]]:
    stated = document(f"fees/{name}.yaml")
    return date.fromisoformat(str(stated["from"])), date.fromisoformat(str(stated["through"])), stated["values"]


def half_up(amount: Fraction) -> int:
    """Round dollars half up to whole cents."""
    return floor(amount * 100 + Fraction(1, 2))


@lru_cache(maxsize=65_536)
def unit_price(code: str, day: str, schedule: str, locality: str) -> UnitPrice | Unpriced:
    """Price one unit of a code on an ISO date, by a site's schedule and locality.

    `schedule` is `cms` or one of a network's own, which takes CMS's price for a code that it does not list. Gives
    `Unpriced`, naming the parameter and the date, where a figure is missing: never a zero, never another year's.
    Source: CMS physician fee schedule, non-facility relative values, indices and conversion factor.
    """
    try:
        price = _cms_price(code, day, NATIONAL if schedule != "cms" and _listed(schedule, code) else locality)
        return price if schedule == "cms" else _own_price(schedule, code, day, price, locality)
    except NoFigure as error:
        return error.missing


def _cms_price(code: str, day: str, locality: str) -> UnitPrice:
    year = int(day[:4])
    by_code = _relative_values(year)
    if by_code is None:
        raise NoFigure(Unpriced("relative_values", day))
    values = by_code.get(code)
    if values is None:
        raise NoFigure(Unpriced(f"relative value of {code}", day))
    # A status that bars a line leaves it at 0 cents wherever it is, so that no index need be known for it.
    work, expense, malpractice = _indices(NATIONAL if values.status in {"B", "I"} else locality, year, day)
    factor = Fraction(parameter("conversion_factor").at(day))
    whole = values.work * work + values.practice_expense * expense + values.malpractice * malpractice
    taken = values.practice_expense * expense * Fraction(figure("multiple_procedure_reduction", day), 100)
    return UnitPrice(
        half_up(whole * factor),
        half_up((whole - taken) * factor),
        _decimal(values.practice_expense * expense),
        values.reducible,
        values.status,
    )


def _indices(locality: str, year: int, day: str) -> tuple[Fraction, Fraction, Fraction]:
    if locality == NATIONAL:
        return Fraction(1), Fraction(1), Fraction(1)
    indices = _localities(year).get(locality)
    if indices is None:
        raise NoFigure(Unpriced(f"geographic indices of locality {locality}", day))
    return indices


def _decimal(value: Fraction) -> Decimal:
    """Give a product of relative value and index, whose digits end, as a number that compares fast."""
    return Decimal(value.numerator) / Decimal(value.denominator)


def _listed(schedule: str, code: str) -> bool:
    return code in _own_schedule(schedule)[2]


def _own_price(schedule: str, code: str, day: str, cms: UnitPrice, locality: str) -> UnitPrice:
    first, last, fees = _own_schedule(schedule)
    if not first <= date.fromisoformat(day) <= last:
        raise NoFigure(Unpriced(f"schedule {schedule}", day))
    fee = fees.get(code)
    if fee is None:
        return cms
    values = (_relative_values(int(day[:4])) or {})[code]
    share = relative_share(code, day)
    reduced = Fraction(fee, 100) * (1 - share * Fraction(figure("multiple_procedure_reduction", day), 100))
    expense = _indices(locality, int(day[:4]), day)[1]
    return UnitPrice(fee, half_up(reduced), _decimal(values.practice_expense * expense), cms.reducible, cms.status)


def relative_share(code: str, day: str) -> Fraction:
    """Give CMS's national share of practice expense in a code that it prices in the year of an ISO date."""
    values = (_relative_values(int(day[:4])) or {})[code]
    return values.practice_expense / (values.work + values.practice_expense + values.malpractice)
