"""Figures of a network's own, laid over the packaged ones: official files as imported, and years carried forward."""

import sys
from collections.abc import Sequence
from datetime import date
from functools import _lru_cache_wrapper, cache
from typing import Annotated, Literal

from msgspec import Meta, Struct

Amount = Annotated[str, Meta(pattern=r"^[0-9]{1,6}(\.[0-9]{1,6})?$")]
Code = Annotated[str, Meta(pattern=r"^[A-Z0-9]{5}$")]
Checksum = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
FactorName = Literal["conversion_factor", "conversion_factor_apm"]
RELATIVE_VALUES, LOCALITIES = "relative_values", "localities"


class Release(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """What was imported: the name that CMS gave the release, the file that it was read from and its SHA-256."""

    release: str
    file: str
    sha256: Checksum


class RelativeRow(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A code's status, its relative values (non-facility for practice expense) and its indicator for reductions."""

    status: Annotated[str, Meta(pattern=r"^[A-Z]$")]
    work: Amount
    practice_expense: Amount
    malpractice: Amount
    indicator: str


class RelativeValues(Release, frozen=True, kw_only=True, tag="relative_values"):
    """The relative values of a year by code, and the conversion factor of the file.

    `factors` are the values that the file adds to the parameter `factor`, in dollars by date; the file for qualifying
    APM participants adds its factor alone, so it has no `rows`.
    """

    year: int
    factor: FactorName
    factors: dict[date, Amount] = {}
    rows: dict[Code, RelativeRow] = {}


class IndexRow(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A locality's indices: work with its floor, practice expense, malpractice."""

    work: Amount
    practice_expense: Amount
    malpractice: Amount


class Localities(Release, frozen=True, kw_only=True, tag="localities"):
    """The indices of a year by `carrier-locality`."""

    year: int
    rows: dict[Annotated[str, Meta(pattern=r"^[0-9]{5}-[0-9]{2}$")], IndexRow]


class EditRow(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Two codes that are not billed together from a date through a date (None: still); a modifier may allow it."""

    column_one: Code
    column_two: Code
    first: date
    through: date | None
    modifier_allowed: bool
    rationale: str


class EditPairs(Release, frozen=True, kw_only=True, tag="edit_pairs"):
    """NCCI's procedure-to-procedure edits between codes of the code table, of one part of a release."""

    part: str
    rows: list[EditRow]


class UnitsRow(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The most units of a code on a day, NCCI's indicator of how it is adjudicated (1, 2, 3), its rationale."""

    units: Annotated[int, Meta(ge=0)]
    indicator: Annotated[int, Meta(ge=1, le=3)]
    rationale: str


class DailyUnits(Release, frozen=True, kw_only=True, tag="daily_units"):
    """NCCI's medically unlikely edits for practitioners by code, from a date until the next table."""

    first: date
    rows: dict[Code, UnitsRow]


class Carried(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="carried"):
    """A year whose figures an operator carried forward: by figure, the year that its value is from."""

    year: int
    figures: dict[str, int]


Item = RelativeValues | Localities | EditPairs | DailyUnits | Carried


class Network(Struct, frozen=True):
    """Everything that a network's folder says, in the order of its files' names."""

    items: tuple[Item, ...] = ()

    def relative_values(self, year: int) -> RelativeValues | None:
        """Give a year's relative values."""
        found = (item for item in self.items if isinstance(item, RelativeValues) and item.rows)
        return next((item for item in found if item.year == year), None)

    def localities(self, year: int) -> Localities | None:
        """Give a year's indices."""
        return next((item for item in self.items if isinstance(item, Localities) and item.year == year), None)

    def factors(self, name: str) -> dict[date, str]:
        """Give what imported files add to a factor, dollars by date."""
        found = [item.factors for item in self.items if isinstance(item, RelativeValues) and item.factor == name]
        return {day: value for factors in found for day, value in factors.items()}

    def carried(self, name: str) -> dict[int, int]:
        """Give the years that a figure is carried into, each with the year that its value is from."""
        found = [item for item in self.items if isinstance(item, Carried) and name in item.figures]
        return {item.year: item.figures[name] for item in found}

    def edit_pairs(self) -> list[EditPairs]:
        """Give the imported parts of procedure-to-procedure edits."""
        return [item for item in self.items if isinstance(item, EditPairs)]

    def daily_units(self) -> list[DailyUnits]:
        """Give the imported tables of medically unlikely edits, by date."""
        return sorted((item for item in self.items if isinstance(item, DailyUnits)), key=lambda item: item.first)


_NONE = Network()
_installed = [_NONE]


def network() -> Network:
    """Give the figures that this process has laid over the packaged ones."""
    return _installed[0]


def install(items: Sequence[Item]) -> None:
    """Lay a network's figures over the packaged ones, for every rule of this process from now on.

    A process does it once, before its first day: a figure that changed between two days would be told by no fact.
    What has been read of other figures is forgotten.
    """
    if (given := Network(tuple(items))) != _installed[0]:
        _installed[0] = given
        forget()


def forget() -> None:
    """Forget every figure that a rule has kept."""
    for name, module in list(sys.modules.items()):
        if name.startswith(("pipeline.rules.", "pipeline.ledger.")):
            for kept in vars(module).values():
                if isinstance(kept, _lru_cache_wrapper):
                    kept.cache_clear()


@cache
def carried_from(name: str, year: int) -> int | None:
    """Give the year that a figure of a year is carried forward from; None where it is not carried."""
    return network().carried(name).get(year)
