"""How a day's units and prices came about, step by step, each with its rule."""

from collections.abc import Sequence

from pipeline.events.days import Line
from pipeline.ledger.lines import Draft, Group
from pipeline.money import dollars
from pipeline.rules.fees import UnitPrice

_RULES = {
    "cms_total": "total of timed minutes, Medicare Claims Processing Manual ch. 5 s. 20.2",
    "ama_midpoint": "each code by itself, a unit at its eighth minute",
}


def explain(groups: Sequence[Group], drafts: Sequence[Draft], lines: Sequence[Line]) -> list[str]:
    """Say step by step how minutes became units and units became amounts; `lines` are what `drafts` came to."""
    steps = [_units_step(group) for group in groups]
    for draft, line in zip(drafts, lines, strict=True):
        if draft.price is not None and not draft.barred:
            steps.append(_price_step(line, draft.price))
    return steps


def _units_step(group: Group) -> str:
    parts = ", ".join([f"{count.code} {count.minutes} min = {group.units[count.code]}" for count in group.counts])
    return f"{group.payer_id} {group.discipline}: {parts} ({_RULES[group.rules.unit_rule]})"


def _price_step(line: Line, price: UnitPrice) -> str:
    full, reduced = dollars(price.full_cents), dollars(price.reduced_cents)
    text = f"{line.payer_id} {line.discipline} {line.code}: {line.units} x {full}"
    for reduction in line.reductions:
        text += f", {reduction.units} reduced to {reduced} (multiple procedures, ch. 5 s. 10.7)"
    return f"{text} = {dollars(line.allowed_cents or 0)}"
