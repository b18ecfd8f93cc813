"""How a day's units and prices came about, step by step, each with its rule."""

from collections.abc import Mapping, Sequence

from pipeline.events.days import Line
from pipeline.ledger.counts import Count
from pipeline.rules.fees import UnitPrice
from pipeline.rules.units import UnitRule

_RULES = {
    "cms_total": "total of timed minutes, Medicare Claims Processing Manual ch. 5 s. 20.2",
    "ama_midpoint": "each code by itself, a unit at its eighth minute",
}


def dollars(cents: int) -> str:
    """Write whole cents as dollars, with a sign only where they are owed back."""
    return f"{'-' if cents < 0 else ''}${abs(cents) // 100:,}.{abs(cents) % 100:02d}"


def units_step(
    payer_id: str, discipline: str, counts: Sequence[Count], units: Mapping[str, int], rule: UnitRule
) -> str:
    """Say how minutes became units for one payer and discipline."""
    parts = ", ".join([f"{count.code} {count.minutes} min = {units[count.code]}" for count in counts])
    return f"{payer_id} {discipline}: {parts} ({_RULES[rule]})"


def price_step(line: Line, price: UnitPrice) -> str:
    """Say how a line's units became its amount."""
    full, reduced = dollars(price.full_cents), dollars(price.reduced_cents)
    text = f"{line.payer_id} {line.discipline} {line.code}: {line.units} x {full}"
    for reduction in line.reductions:
        text += f", {reduction.units} reduced to {reduced} (multiple procedures, ch. 5 s. 10.7)"
    return f"{text} = {dollars(line.allowed_cents or 0)}"
