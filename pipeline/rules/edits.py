"""Codes that are not billed beside each other: CMS's edit pairs, and the guide's rule on regions of the body."""

from collections.abc import Iterable
from datetime import date
from functools import cache, lru_cache
from itertools import permutations

import msgspec
from msgspec import Struct, field

from pipeline.rules.network import network
from pipeline.rules.parameters import Source, document


class _Row(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    first: date = field(name="from")
    through: date | None = None
    source: str


class EditRow(_Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An edit pair as a table states it, from a date through a date (None: still)."""

    column_one: str
    column_two: str
    modifier_allowed: bool


class _RegionRow(_Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    code: str
    beside: str


class _Table(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    label: str
    source: list[Source]
    edits: list[EditRow] = []
    pairs: list[_RegionRow] = []


class Edit(Struct, frozen=True, gc=False):
    """Column two is not billed beside column one, unless a modifier is allowed and says that they were distinct."""

    column_one: str
    column_two: str
    modifier_allowed: bool
    source: str


class RegionPair(Struct, frozen=True, gc=False):
    """`code` is not billed beside another at the same time, unless both say regions of the body, none in common."""

    code: str
    beside: str
    source: str


@cache
def _packaged(name: str) -> _Table:
    return msgspec.convert(document(f"{name}.yaml"), _Table)


def _stated() -> Iterable[EditRow]:
    """Give the rows of every table of edit pairs; a pair that imported files state goes by them alone."""
    imported = [
        EditRow(
            column_one=row.column_one,
            column_two=row.column_two,
            modifier_allowed=row.modifier_allowed,
            first=row.first,
            through=row.through,
            source=f"{part.release}: {row.rationale}",
        )
        for part in network().edit_pairs()
        for row in part.rows
    ]
    stated = {(row.column_one, row.column_two) for row in imported}
    packaged = _packaged("edits").edits
    return [*imported, *(row for row in packaged if (row.column_one, row.column_two) not in stated)]


@cache
def _by_codes() -> dict[tuple[str, str], list[EditRow]]:
    """Give the rows of each pair, the latest date first."""
    found: dict[tuple[str, str], list[EditRow]] = {}
    for row in _stated():
        found.setdefault((row.column_one, row.column_two), []).append(row)
    return {codes: sorted(rows, key=lambda row: row.first, reverse=True) for codes, rows in found.items()}


def edit(column_one: str, column_two: str, day: str) -> Edit | None:
    """Give the edit pair of two codes on an ISO date; None where no table states one.

    Source: CMS, National Correct Coding Initiative, procedure-to-procedure edits.
    """
    rows = _by_codes().get((column_one, column_two))
    if rows is None:
        return None
    asked = date.fromisoformat(day)
    row = next((row for row in rows if _holds(row, asked)), None)
    return None if row is None else Edit(column_one, column_two, row.modifier_allowed, row.source)


def _holds(row: _Row, asked: date) -> bool:
    return row.first <= asked and (row.through is None or asked <= row.through)


def region_pair(code: str, beside: str, day: str) -> RegionPair | None:
    """Give the rule on two codes at the same time on an ISO date; None where there is none."""
    asked = date.fromisoformat(day)
    for row in _packaged("region_pairs").pairs:
        if (row.code, row.beside) == (code, beside) and _holds(row, asked):
            return RegionPair(code, beside, row.source)
    return None


@lru_cache(maxsize=65_536)
def among(codes: tuple[str, ...], day: str) -> tuple[Edit | RegionPair, ...]:
    """Give every pair that some codes of a day make, in the order of the codes."""
    found: list[Edit | RegionPair | None] = []
    for one, other in _ever_among(codes):
        found += [edit(one, other, day), region_pair(one, other, day)]
    return tuple(pair for pair in found if pair is not None)


@lru_cache(maxsize=16_384)
def _ever_among(codes: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Give those of some codes, two by two, that any table states a pair of, on whatever date."""
    regions = {(row.code, row.beside) for row in _packaged("region_pairs").pairs}
    return tuple(of for of in permutations(dict.fromkeys(codes), 2) if of in regions or of in _by_codes())
