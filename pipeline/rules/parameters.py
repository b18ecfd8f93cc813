"""Dated figures: a value holds until the next date, and outside the dates that it is stated for there is none."""

from bisect import bisect_right
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import msgspec
from msgspec import Struct


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
    """A figure by date: `values` from each date on, the last through `through`; `unit` says cents, percent, dollars."""

    name: str
    label: str
    unit: str
    source: list[Source]
    through: date
    values: dict[date, int | str]

    def at(self, day: str) -> Decimal:
        """Give the value on an ISO date.

        Errors: `NoFigure` before the first date and after the last one that it is stated for.
        """
        asked = date.fromisoformat(day)
        dates = sorted(self.values)
        position = bisect_right(dates, asked)
        if not position or asked > self.through:
            raise NoFigure(Unpriced(self.name, day))
        return Decimal(self.values[dates[position - 1]])


def document(name: str) -> Any:
    """Read a packaged parameter file as plain values."""
    return msgspec.yaml.decode((files("pipeline.rules") / "params" / name).read_bytes())


@cache
def parameter(name: str) -> Parameter:
    """Read a packaged dated figure by its name."""
    return msgspec.convert(document(f"{name}.yaml"), Parameter, strict=False)


@lru_cache(maxsize=65_536)
def figure(name: str, day: str) -> int:
    """Give a whole-number figure (cents, percent) on an ISO date; `NoFigure` where none is stated."""
    return int(parameter(name).at(day))
