"""Groups: what cannot be one-on-one at the same time."""

from functools import cache

import msgspec
from msgspec import Struct

from pipeline.rules.codes import table
from pipeline.rules.parameters import document


class _Group(Struct, frozen=True, forbid_unknown_fields=True):
    codes: list[str]
    one_on_one: list[str]
    timed: bool
    source: str


@cache
def one_on_one() -> dict[str, frozenset[str]]:
    """Give the codes that a group's code cannot share time with, by the group's code.

    Source: CMS Medicare Benefit Policy Manual, Pub. 100-02, chapter 15, section 230.A.
    """
    timed = {code for code, row in table().items() if row.kind in ("timed", "cognitive")}
    groups = msgspec.convert(document("groups.yaml")["groups"], list[_Group])
    return {
        code: frozenset(group.one_on_one) | (timed if group.timed else frozenset())
        for group in groups
        for code in group.codes
    }
