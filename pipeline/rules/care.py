"""What care must have beside its lines: certified plans, progress reports, notes, coverage, timers that are stopped."""

from datetime import date, timedelta
from functools import lru_cache

from pipeline.rules.parameters import NoFigure, figure, parameter

LAST = "9999-12-31"
EVALUATIONS = frozenset({"97161", "97162", "97163", "97165", "97166", "97167", "92521", "92522", "92523", "92524"})
"""The codes that begin an episode of treatment: evaluations do, re-evaluations do not."""

_YEARLY = ("conversion_factor", "kx_threshold", "review_threshold", "part_b_deductible")


def care_figure(name: str, day: str) -> int | None:
    """Give one of care's dated figures (days, visits, units, hours) on an ISO date; None where none is stated."""
    try:
        return figure(f"care/{name}", day)
    except NoFigure:
        return None


@lru_cache(maxsize=16_384)
def later(day: str, days: int) -> str:
    """Give the ISO date so many days after another, or before it where they are negative; never past a calendar."""
    number = date.fromisoformat(day).toordinal() + days
    if number < 1:
        return ""
    return LAST if number > date.max.toordinal() else date.fromordinal(number).isoformat()


def certified_through(first: str, through: str, days: int) -> str:
    """Give the last date that a certification counts for: so many days at most (42 CFR 424.24(c)(4))."""
    return min(through, later(first, days - 1))


def years_to_look_at(day: str) -> list[int]:
    """Give the years whose figures are needed on a date: its own, and the next from 60 days before it begins."""
    today = date.fromisoformat(day)
    ahead = care_figure("figures_ahead_days", day) or 0
    return sorted({today.year, min(today + timedelta(ahead), date.max).year}) if today.year < date.max.year else []


def figures_missing(year: int) -> list[str]:
    """Name the yearly figures that this release does not have for a year; sources as each parameter cites them."""
    missing = []
    for name in _YEARLY:
        try:
            _at(name, year)
        except NoFigure:
            missing.append(name)
    return missing


def _at(name: str, year: int) -> None:
    parameter(name).at(f"{year:04d}-01-01")
