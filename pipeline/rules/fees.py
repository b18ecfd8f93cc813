"""What a unit is worth: CMS's fee schedule by date and locality, and schedules of a network's own."""

import csv
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache, lru_cache
from importlib.resources import files
from math import floor

from msgspec import Struct

from pipeline.rules.network import LOCALITIES, RELATIVE_VALUES, carried_from, network
from pipeline.rules.parameters import NoFigure, Unpriced, document, figure, parameter, provisional

NATIONAL = "national"
_FACTOR, _APM_FACTOR = "conversion_factor", "conversion_factor_apm"


class UnitPrice(Struct, frozen=True, gc=False):
    """One unit in full and reduced, whole cents.

    `reducible` tells a code that the multiple-procedure reduction concerns (indicator 5), `practice_expense` what it
    ranks by; `status` is CMS's status indicator. `provisional` names the figures in it that are carried forward from
    another year.
    """

    full_cents: int
    reduced_cents: int
    practice_expense: Decimal
    reducible: bool
    status: str
    provisional: tuple[str, ...] = ()


class Values(Struct, frozen=True):
    """A code's relative values, whether the multiple-procedure reduction concerns it, and its status indicator."""

    work: Fraction
    practice_expense: Fraction
    malpractice: Fraction
    reducible: bool
    status: str


def _rows(name: str) -> list[dict[str, str]]:
    text = (files("pipeline.rules") / "params" / "fees" / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def packaged_years(table: str) -> dict[int, str]:
    """Give the packaged files of a table (`relative_values`, `localities`) by year."""
    years: dict[int, str] = document("fees/cms.yaml")[table]
    return years


@cache
def source_year(table: str, year: int) -> int | None:
    """Give the year whose rows of a table price a year: itself, or the one it is carried forward from; else None."""
    known = network().relative_values(year) if table == RELATIVE_VALUES else network().localities(year)
    return year if known or year in packaged_years(table) else carried_from(table, year)


@cache
def relative_values(year: int) -> dict[str, Values] | None:
    """Give the relative values of a year by code; None for a year that has none."""
    source = source_year(RELATIVE_VALUES, year)
    if source is None:
        return None
    if imported := network().relative_values(source):
        rows = {
            code: (row.status, row.work, row.practice_expense, row.malpractice, row.indicator)
            for code, row in imported.rows.items()
        }
    else:
        rows = {
            row["code"]: (
                row["status"],
                row["work_rvu"],
                row["nonfacility_pe_rvu"],
                row["mp_rvu"],
                row["multiple_procedure_indicator"],
            )
            for row in _rows(packaged_years(RELATIVE_VALUES)[source])
        }
    return {
        code: Values(Fraction(work), Fraction(expense), Fraction(malpractice), indicator == "5", status)
        for code, (status, work, expense, malpractice, indicator) in rows.items()
    }


@cache
def indices_of_year(year: int) -> dict[str, tuple[Fraction, Fraction, Fraction]]:
    """Give the indices of a year by locality: work, practice expense, malpractice; empty for a year without."""
    source = source_year(LOCALITIES, year)
    if source is None:
        return {}
    if imported := network().localities(source):
        return {
            locality: (Fraction(row.work), Fraction(row.practice_expense), Fraction(row.malpractice))
            for locality, row in imported.rows.items()
        }
    return {
        f"{row['mac']}-{row['locality']}": (
            Fraction(row["work_gpci"]),
            Fraction(row["pe_gpci"]),
            Fraction(row["mp_gpci"]),
        )
        for row in _rows(packaged_years(LOCALITIES)[source])
    }


@cache
def _own_schedule(name: str) -> tuple[date, date, dict[str, int]]:
    stated = document(f"fees/{name}.yaml")
    return date.fromisoformat(str(stated["from"])), date.fromisoformat(str(stated["through"])), stated["values"]


def half_up(amount: Fraction) -> int:
    """Round dollars half up to whole cents."""
    return floor(amount * 100 + Fraction(1, 2))


@lru_cache(maxsize=65_536)
def unit_price(code: str, day: str, schedule: str, locality: str, apm: bool = False) -> UnitPrice | Unpriced:
    """Price one unit of a code on an ISO date, by a site's schedule and locality; `apm`: a qualifying APM participant.

    `schedule` is `cms` or one of a network's own, which takes CMS's price for a code that it does not list. Gives
    `Unpriced`, naming the parameter and the date, where a figure is missing: never a zero, never another year's.
    Source: CMS physician fee schedule, non-facility relative values, indices and conversion factor.
    """
    try:
        place = NATIONAL if schedule != "cms" and _listed(schedule, code) else locality
        price = _cms_price(code, day, place, _factor(day) if apm else _FACTOR)
        return price if schedule == "cms" else _own_price(schedule, code, day, price, locality)
    except NoFigure as error:
        return error.missing


def _factor(day: str) -> str:
    """Name the conversion factor of a qualifying APM participant: until 2026 there is one for everyone."""
    return _FACTOR if date.fromisoformat(day) < min(parameter(_APM_FACTOR).values) else _APM_FACTOR


def _cms_price(code: str, day: str, locality: str, factor_name: str) -> UnitPrice:
    year = int(day[:4])
    by_code = relative_values(year)
    if by_code is None:
        raise NoFigure(Unpriced("relative_values", day))
    values = by_code.get(code)
    if values is None:
        raise NoFigure(Unpriced(f"relative value of {code}", day))
    # A status that bars a line leaves it at 0 cents wherever it is, so that no index need be known for it.
    place = NATIONAL if values.status in {"B", "I"} else locality
    # A locality that has none in the year is told with the date.
    _indices(place, year, day)
    rates = _factor_on(factor_name, day), figure("multiple_procedure_reduction", day)
    return _worth(code, year, place, factor_name, rates)


@lru_cache(maxsize=16_384)
def _factor_on(name: str, day: str) -> Decimal:
    return parameter(name).at(day)


@lru_cache(maxsize=16_384)
def _worth(code: str, year: int, place: str, factor_name: str, rates: tuple[Decimal, int]) -> UnitPrice:
    """Price a unit of a code that a year has values of: the days of a year that have one factor share their prices.

    `rates` are the factor and the percent of the multiple-procedure reduction.
    """
    values = (relative_values(year) or {})[code]
    work, expense, malpractice = _indices(place, year, f"{year:04d}-01-01")
    factor, reduction_percent = Fraction(rates[0]), rates[1]
    whole = values.work * work + values.practice_expense * expense + values.malpractice * malpractice
    taken = values.practice_expense * expense * Fraction(reduction_percent, 100)
    return UnitPrice(
        half_up(whole * factor),
        half_up((whole - taken) * factor),
        _decimal(values.practice_expense * expense),
        values.reducible,
        values.status,
        _carried(year, factor_name, place),
    )


def _carried(year: int, factor_name: str, locality: str) -> tuple[str, ...]:
    """Name what of a price is carried forward from another year."""
    tables = [RELATIVE_VALUES] if locality == NATIONAL else [LOCALITIES, RELATIVE_VALUES]
    from_tables = [table for table in tables if source_year(table, year) != year]
    return tuple(sorted([*provisional((factor_name,), year), *from_tables]))


def _indices(locality: str, year: int, day: str) -> tuple[Fraction, Fraction, Fraction]:
    if locality == NATIONAL:
        return Fraction(1), Fraction(1), Fraction(1)
    indices = indices_of_year(year).get(locality)
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
    values = (relative_values(int(day[:4])) or {})[code]
    share = relative_share(code, day)
    reduced = Fraction(fee, 100) * (1 - share * Fraction(figure("multiple_procedure_reduction", day), 100))
    expense = _indices(locality, int(day[:4]), day)[1]
    return UnitPrice(fee, half_up(reduced), _decimal(values.practice_expense * expense), cms.reducible, cms.status)


def relative_share(code: str, day: str) -> Fraction:
    """Give CMS's national share of practice expense in a code that it prices in the year of an ISO date."""
    values = (relative_values(int(day[:4])) or {})[code]
    return values.practice_expense / (values.work + values.practice_expense + values.malpractice)
