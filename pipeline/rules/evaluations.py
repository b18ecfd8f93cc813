"""Levels of evaluation: what was found and done, held against what the level that is billed asks for."""

from functools import cache, lru_cache
from typing import Literal

import msgspec
from msgspec import Struct

from pipeline.rules.dated import Dated
from pipeline.rules.parameters import Source, document

Bands = Literal["cpt", "guide"]


class _Levels(Struct, frozen=True, forbid_unknown_fields=True):
    codes: list[str]
    decision_making: list[str]
    history: list[str] = []
    modification: list[str] = []


class _Elements(Struct, frozen=True, forbid_unknown_fields=True):
    source: list[Source]
    levels: list[_Levels]


class _OneOf(Struct, frozen=True, forbid_unknown_fields=True):
    source: list[Source]
    codes: list[list[str]]


class _Table(Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    label: str
    deficits: dict[Bands, Dated[dict[str, list[int]]]]
    elements: _Elements
    one_of: _OneOf


class Elements(Struct, frozen=True, gc=False):
    """What an EMR said of an evaluation; None for what it did not say."""

    deficits: int | None = None
    history: str | None = None
    decision_making: str | None = None
    modification: str | None = None


class Judgement(Struct, frozen=True, gc=False):
    """Which elements are less than the level asks for, which are more, and which are in words that nobody knows."""

    less: tuple[str, ...]
    more: tuple[str, ...]
    unknown: tuple[str, ...]


@cache
def _table() -> _Table:
    return msgspec.convert(document("evaluations.yaml"), _Table, strict=False)


@cache
def _level_of() -> dict[str, tuple[int, _Levels]]:
    return {code: (place, levels) for levels in _table().elements.levels for place, code in enumerate(levels.codes)}


def has_levels(code: str) -> bool:
    """Tell whether a code is one of several levels of an evaluation."""
    return code in _level_of()


@cache
def exclusive() -> dict[str, int]:
    """Give the evaluations that exclude each other, each with the number of its list."""
    return {code: number for number, codes in enumerate(_table().one_of.codes) for code in codes}


@lru_cache(maxsize=4_096)
def judge(code: str, day: str, said: Elements, bands: Bands = "cpt") -> Judgement:
    """Hold what was said of an evaluation against its level, on an ISO date; `bands` are those of deficits to go by.

    Performance deficits are of occupational therapy. A level wants all of its elements, so only deficits can say that a
    level is too low; each element can say that it is too high.

    Errors: `NoFigure` where no bands are stated for the date.
    Source: AMA, Current Procedural Terminology; the bands of the guide are `guide`.
    """
    place, levels = _level_of()[code]
    less, more, unknown = [], [], []
    if said.deficits is not None:
        band = _table().deficits[bands].at("evaluations", day).get(code)
        if band is not None and said.deficits < band[0]:
            less.append("deficits")
        elif band is not None and len(band) > 1 and said.deficits > band[1]:
            more.append("deficits")
    words = (
        ("history", levels.history, said.history),
        ("decision_making", levels.decision_making, said.decision_making),
        ("modification", levels.modification, said.modification),
    )
    for name, known, word in words:
        if word is None or not known:
            continue
        plain = word.strip().casefold()
        if plain not in known:
            unknown.append(name)
        elif known.index(plain) < place:
            less.append(name)
    return Judgement(tuple(less), tuple(more), tuple(unknown))
