"""Modifiers beside the discipline's own, and the lines that are blocked."""

from typing import TYPE_CHECKING

from reference.clock import overlap
from reference.facts import Segment
from reference.figures import ASSISTANT, DISTINCT, EDIT_PAIRS, MODIFIER, REGION_PAIRS

if TYPE_CHECKING:
    from reference.day import Line


def mark(lines: "list[Line]", segments: list[Segment]) -> set[str]:
    """Put 59, X and GA on lines; gives the kinds of findings."""
    kinds = set()
    blocked = []
    for payer in {line.count.payer for line in lines}:
        blocked += of_payer([line for line in lines if line.count.payer == payer], segments)
    for line in lines:
        sent = [m for s in line.count.segments for m in s.modifiers]
        if line in blocked:
            kinds.add("blocked")
            line.distinct = None
        line.distinct = next((m for m in DISTINCT if m in sent), line.distinct)
        line.notice = "GA" in sent
        if line in blocked and any(m in DISTINCT for m in sent):
            kinds.add("modifier_contradiction")
    return kinds | {kind for s in segments for m in s.modifiers for kind in amiss(m, s, lines)}


def of_payer(lines: "list[Line]", segments: list[Segment]) -> "list[Line]":
    """Put 59 on the lines of one payer that were apart; gives those that are blocked."""
    blocked = []

    def of(code: str) -> "tuple[list[Line], list[Segment]]":
        same = [line for line in lines if line.code == code]
        return same, [s for s in segments if s.payer_id == lines[0].count.payer and s.code == code]

    for one, two in EDIT_PAIRS:
        (first, some), (second, others) = of(one), of(two)
        if first and second:
            if any(overlap(a, b) for a in some for b in others):
                blocked += second
            else:
                for line in second:
                    line.distinct = "59"
    for code, beside in REGION_PAIRS:
        (first, some), (second, others) = of(code), of(beside)
        at_once = [(a, b) for a in some for b in others if overlap(a, b)]
        if first and second and any(not a.regions or not b.regions or {*a.regions} & {*b.regions} for a, b in at_once):
            blocked += first
    return blocked


def amiss(modifier: str, segment: Segment, lines: "list[Line]") -> set[str]:
    known = {*DISTINCT, "GA", "KX", *MODIFIER.values(), *ASSISTANT.values()}
    if modifier not in known:
        return {"modifier_not_used"}
    if modifier in MODIFIER.values() and modifier != MODIFIER[segment.discipline]:
        return {"modifier_contradiction"}
    mine = [line for line in lines if segment in line.count.segments]
    if modifier in ASSISTANT.values() and mine:
        computed = {ASSISTANT.get(segment.discipline) for line in mine if line.assisted}
        return set() if modifier in computed else {"modifier_contradiction"}
    return set()
