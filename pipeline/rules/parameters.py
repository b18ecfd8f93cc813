"""Dated figures: a value holds until the next date, and outside the dates that it is stated for there is none."""

from bisect import bisect_right
from datetime import date, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from pipeline.rules.network import network


class Unpriced(Struct, frozen=True):
    """A figure that no parameter states: its name and the date it was asked for."""

    parameter: str
    date: str

    def __str__(self) -> str:
        """Say what is missing, and for when."""
        return f"no {self.parameter} for {self.date} in this release"


class NoFigure(LookupError):  # noqa: N818 -- what is missing, for the caller to report.
    """A parameter was asked for a date that it has no value for."""

    def __init__(self, missing: Unpriced) -> None:
        super().__init__(str(missing))
        self.missing = missing


class Source(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a figure is from."""

    title: str
    link: str | None = None


class Parameter(Struct, frozen=True, forbid_unknown_fields=True):
    """A figure by date: `values` from each date on, the last through `through`; `unit` says cents, percent, dollars.

    A value of null ends the one before it; in `provisional` are the years whose value is carried forward.
    """

    name: str
    label: str
    unit: str
    source: list[Source]
    through: date
    values: dict[date, int | str | None]
    provisional: frozenset[int] = frozenset()

    def at(self, day: str) -> Decimal:
        """Give the value on an ISO date.

        Errors: `NoFigure` before the first date and after the last one that it is stated for.
        """
        value = self.stated(date.fromisoformat(day))
        if value is None:
            raise NoFigure(Unpriced(self.name, day))
        return Decimal(value)

    def stated(self, day: date) -> int | str | None:
        """Give the value on a date as it is written; None where there is none."""
        dates = sorted(self.values)
        position = bisect_right(dates, day)
        return self.values[dates[position - 1]] if position and day <= self.through else None

    def of_year(self, year: int) -> dict[date, int | str | None]:
        """Give the values of a year by date, the first from its first day on; none where the year has none."""
        first = date(year, 1, 1)
        within = {day: value for day, value in self.values.items() if day.year == year and day <= self.through}
        stated = {first: self.stated(first)} | within
        return stated if any(value is not None for value in stated.values()) else {}

    def with_years(self, years: dict[int, dict[date, int | str | None]]) -> "Parameter":
        """Give the figure with years replaced or added; a year between that nobody states has no value."""
        values = dict(self.values)
        for year, added in years.items():
            first, after = date(year, 1, 1), date(year + 1, 1, 1)
            values.setdefault(first, self.stated(first))
            values |= added
            values.setdefault(after, self.stated(after))
        through = max([self.through, *(date(year, 12, 31) for year in years)])
        if through > self.through:
            values.setdefault(self.through + timedelta(days=1), None)
        return replace(self, values=values, through=through)


def document(name: str) -> Any:
    """Read a packaged parameter file as plain values."""
    return msgspec.yaml.decode((files("pipeline.rules") / "params" / name).read_bytes())


@cache
def packaged(name: str) -> Parameter:
    """Read a packaged dated figure by its name."""
    return msgspec.convert(document(f"{name}.yaml"), Parameter, strict=False)


@cache
def official(name: str) -> Parameter:
    """Give a dated figure by its name, as packaged and as official files that a network imported state it."""
    years: dict[int, dict[date, int | str | None]] = {}
    for day, value in sorted(network().factors(name).items()):
        years.setdefault(day.year, {})[day] = value
    return packaged(name).with_years(years)


@cache
def parameter(name: str) -> Parameter:
    """Give a dated figure by its name, with the years that a network carried forward where nothing states them."""
    stated = official(name)
    carried = {
        year: {date(year, 1, 1): stated.stated(date(origin, 12, 31))}
        for year, origin in network().carried(name).items()
        if not stated.of_year(year)
    }
    return replace(stated.with_years(carried), provisional=frozenset(carried))


@lru_cache(maxsize=65_536)
def figure(name: str, day: str) -> int:
    """Give a whole-number figure (cents, percent) on an ISO date; `NoFigure` where none is stated."""
    return int(parameter(name).at(day))


@lru_cache(maxsize=4_096)
def provisional(names: tuple[str, ...], year: int) -> tuple[str, ...]:
    """Give those of some dated figures whose value of a year is carried forward from another."""
    return tuple(name for name in names if year in parameter(name).provisional)
