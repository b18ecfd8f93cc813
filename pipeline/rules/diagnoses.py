"""Diagnoses and the regions treated: where a diagnosis of ICD-10-CM is, and which regions it says nothing of."""

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Literal

from msgspec import Struct, convert

from pipeline.rules.body_regions import Region, paired, region
from pipeline.rules.parameters import Source, document

_CODE = re.compile(r"[A-Z][0-9][0-9A-Z](\.?[0-9A-Z]{1,4})?")
_LEAST = 5
"""Characters from which on a code may say a side."""
_SIDES = {"1": "right", "2": "left"}
_DISPLACED = {**_SIDES, "4": "right", "5": "left"}


class _Row(Struct, frozen=True, forbid_unknown_fields=True):
    regions: list[str] = []
    places: str = ""
    at: int = 5
    side: Literal["single", "displaced", "both", "none"] = "none"


class _Table(Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    label: str
    source: list[Source]
    places: dict[str, dict[str, list[str]]]
    codes: dict[str, _Row]


class Site(Struct, frozen=True, gc=False):
    """Where a diagnosis is: its parts, none for anywhere, and left or right where the code says one alone."""

    parts: frozenset[str]
    side: str | None


class Compared(Struct, frozen=True, gc=False):
    """The regions that no diagnosis is of, and whether any region or diagnosis is one that nobody knows."""

    wrong: tuple[str, ...]
    unknown_region: bool
    unknown_diagnosis: bool


_ANYWHERE = Site(frozenset(), None)


@cache
def _table() -> _Table:
    return convert(document("diagnoses.yaml"), _Table)


@lru_cache(maxsize=4_096)
def site(text: str) -> Site | None:
    """Tell where a diagnosis is; None for what is no code of ICD-10-CM."""
    code = text.strip().upper()
    if not _CODE.fullmatch(code):
        return None
    code = code.replace(".", "")
    table = _table()
    row = next((table.codes[code[:end]] for end in range(len(code), 1, -1) if code[:end] in table.codes), None)
    if row is None:
        return _ANYWHERE
    parts = table.places[row.places].get(code[row.at - 1 : row.at], []) if row.places else row.regions
    return Site(frozenset(parts), _side(code, row)) if parts else _ANYWHERE


def _side(code: str, row: _Row) -> str | None:
    if row.side in ("none", "both"):
        return None
    said = code[:6].rstrip("X")
    known = _DISPLACED if row.side == "displaced" else _SIDES
    return known.get(said[-1]) if len(said) >= _LEAST else None


@lru_cache(maxsize=16_384)
def compared(regions: tuple[str, ...], diagnoses: tuple[str, ...]) -> Compared:
    """Hold the regions that were treated against the diagnoses, all as an EMR sent them.

    A region is wrong when no diagnosis is of it, or none of its side; a diagnosis that is nowhere in particular goes
    with every region. Source: ICD-10-CM, chapters 13 and 19.
    """
    known = {text: found for text in regions if (found := region(text))}
    sites = [site(text) for text in diagnoses]
    located = [found for found in sites if found is not None and found.parts]
    wrong: list[str] = []
    if located and len(located) == len(sites):
        wrong = [text for text, found in known.items() if not _treated(found, located)]
    return Compared(tuple(wrong), len(known) < len(set(regions)), None in sites)


def _treated(treated: Region, sites: Iterable[Site]) -> bool:
    """Tell whether every side of a region is one that a diagnosis is of."""
    found = list(sites)
    return all(any(_meets(treated, side, one) for one in found) for side in treated.sides or (None,))


def _meets(treated: Region, side: str | None, one: Site) -> bool:
    shared = treated.parts & one.parts
    return bool(shared) and (side is None or one.side is None or side == one.side or not shared <= paired())
