"""Supervision of assistants: what a date and a setting need."""

from functools import cache, lru_cache
from typing import Literal

import msgspec
from msgspec import Struct

from pipeline.rules.dated import Dated
from pipeline.rules.parameters import document

Supervision = Literal["direct", "general"]


class _Table(Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    label: str
    settings: dict[str, Dated[Supervision]]


@cache
def _table() -> _Table:
    return msgspec.convert(document("supervision.yaml"), _Table, strict=False)


@lru_cache(maxsize=4_096)
def supervision_needed(setting: str, day: str) -> Supervision:
    """Give the supervision that an assistant's time needs in a setting on an ISO date: direct is more than general.

    Errors: `NoFigure` where nothing is stated for the date.
    Source: 42 CFR 410.59 and 410.60.
    """
    return _table().settings[setting].at("supervision", day)
