"""Regions of the body, as an EMR names them: which parts they are, of which side."""

from functools import cache, lru_cache

from msgspec import Struct, convert

from pipeline.rules.parameters import Source, document


class _Words(Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    label: str
    source: list[Source]
    sides: dict[str, list[str]]
    paired: frozenset[str]
    regions: dict[str, list[str]]


class Region(Struct, frozen=True, gc=False):
    """Parts of the body, and which of left and right are said; none where no side is said."""

    parts: frozenset[str]
    sides: frozenset[str]


@cache
def _words() -> _Words:
    return convert(document("body_regions.yaml"), _Words)


@cache
def paired() -> frozenset[str]:
    """Give the parts that have a left and a right one."""
    return _words().paired


@lru_cache(maxsize=4_096)
def region(text: str) -> Region | None:
    """Read the name of a region, as `left shoulder`, `Knee, right` or `lumbar spine`; None where it is no known one."""
    table = _words()
    words = "".join(letter if letter.isalnum() else " " for letter in text.casefold()).split()
    sides = {side for word in words for side in table.sides.get(word, ())}
    name = " ".join(word for word in words if word not in table.sides)
    parts = table.regions.get(name) or table.regions.get(name.removesuffix("s"))
    return None if parts is None else Region(frozenset(parts), frozenset(sides))
