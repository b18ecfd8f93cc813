"""Which codes are billed by time, which once a day, and which two share a count of minutes."""

from functools import cache
from typing import Literal

from msgspec import Struct

from pipeline.rules.parameters import document

Kind = Literal["timed", "untimed", "cognitive", "caregiver"]


class Code(Struct, frozen=True):
    """A code of the table: how it is counted, and the code that its count goes by (a pair shares one)."""

    code: str
    kind: Kind
    count: str
    timed: bool


@cache
def table() -> dict[str, Code]:
    """Give the codes by their text."""
    lists = document("codes.yaml")
    codes = {code: Code(code, "timed", code, timed=True) for code in lists["timed"]}
    codes |= {code: Code(code, "untimed", code, timed=False) for code in lists["untimed"]}
    cognitive, caregiver = lists["cognitive_pair"], lists["caregiver_pair"]
    codes |= {code: Code(code, "cognitive", cognitive[0], timed=True) for code in cognitive}
    codes |= {code: Code(code, "caregiver", caregiver[0], timed=True) for code in caregiver}
    return codes


@cache
def initial_evaluations() -> frozenset[str]:
    """Give the codes that begin a case."""
    return frozenset(document("codes.yaml")["initial_evaluations"])


@cache
def pair(count: str) -> tuple[str, str]:
    """Give the two codes that share a count: the first units' and the further units'."""
    lists = document("codes.yaml")
    for name in ("cognitive_pair", "caregiver_pair"):
        first, further = lists[name]
        if first == count:
            return first, further
    raise KeyError(count)
