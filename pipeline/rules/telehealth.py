"""Telehealth: whether a date allows it, and what the place of service says of it."""

from datetime import date
from functools import cache, lru_cache
from typing import Literal

import msgspec
from msgspec import Struct

from pipeline.rules.dated import Dated
from pipeline.rules.parameters import Source, document

Rule = Literal["law", "guide"]


class _Places(Struct, frozen=True, forbid_unknown_fields=True):
    source: list[Source]
    codes: frozenset[str]
    since: date


class _Table(Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    label: str
    rules: dict[Rule, Dated[bool]]
    places: _Places


@cache
def _table() -> _Table:
    return msgspec.convert(document("telehealth.yaml"), _Table, strict=False)


@cache
def places() -> frozenset[str]:
    """Give the places of service that say telehealth."""
    return _table().places.codes


@lru_cache(maxsize=4_096)
def allowed(day: str, rule: Rule = "law") -> bool:
    """Tell whether Medicare takes a therapist's telehealth on an ISO date, by the law or as the guide says.

    Errors: `NoFigure` where nothing is stated for the date.
    """
    return _table().rules[rule].at("telehealth", day)


@lru_cache(maxsize=4_096)
def place_wanted(day: str) -> bool:
    """Tell whether Medicare wants a place of service that says telehealth on such a claim of an ISO date."""
    return date.fromisoformat(day) >= _table().places.since
