"""The lines of a day: priced, and reduced over the whole day."""

from collections.abc import Sequence

from msgspec import Struct

from pipeline.events.days import Line, Reduction
from pipeline.ledger.findings import bars
from pipeline.rules.fees import UnitPrice
from pipeline.rules.parameters import Unpriced
from pipeline.rules.payers import Payer
from pipeline.rules.reduction import Priced, multiple_procedure_reduction

_MODIFIER = {"OT": "GO", "PT": "GP", "SLP": "GN"}


class Draft(Struct, frozen=True, gc=False):
    """A line before the day's reduction; `tin` is the billing number of the site of its earliest segment."""

    payer_id: str
    rules: Payer
    discipline: str
    code: str
    units: int
    minutes: int
    price: UnitPrice | Unpriced
    tin: str
    started_at: str | None
    segment_ids: list[str]


def lines_of(drafts: Sequence[Draft]) -> list[Line]:
    """Give a day's lines, in the order of payer, discipline and code, whole cents."""
    ordered = sorted(drafts, key=lambda draft: (draft.payer_id, draft.discipline, draft.code))
    reductions = _reductions(ordered)
    lines = []
    for position, draft in enumerate(ordered):
        full = _full_cents(draft)
        reduction = reductions.get(position)
        lines.append(
            Line(
                payer_id=draft.payer_id,
                discipline=draft.discipline,
                code=draft.code,
                units=draft.units,
                minutes=draft.minutes,
                modifiers=[_MODIFIER[draft.discipline]],
                allowed_cents=full - reduction.cents if full is not None and reduction else full,
                full_cents=full,
                reductions=[reduction] if reduction else [],
                segment_ids=draft.segment_ids,
                started_at=draft.started_at,
            )
        )
    return lines


def _full_cents(draft: Draft) -> int | None:
    if isinstance(draft.price, Unpriced):
        return None
    return 0 if bars(draft.price, draft.rules) else draft.units * draft.price.full_cents


def _reductions(drafts: Sequence[Draft]) -> dict[int, Reduction]:
    """Give what the reduction takes, by position: it runs over a payer's lines of one billing number."""
    together: dict[tuple[str, str], dict[int, Priced]] = {}
    for position, draft in enumerate(drafts):
        price = draft.price
        if draft.rules.multiple_procedure and isinstance(price, UnitPrice) and price.reducible:
            priced = Priced(draft.code, draft.discipline, by_assistant=False, units=draft.units, price=price)
            together.setdefault((draft.payer_id, draft.tin), {})[position] = priced
    taken: dict[int, Reduction] = {}
    for lines in together.values():
        reduced = multiple_procedure_reduction(list(lines.values()))
        for (position, line), units in zip(lines.items(), reduced, strict=True):
            if units:
                cents = units * (line.price.full_cents - line.price.reduced_cents)
                taken[position] = Reduction(rule="multiple_procedure", units=units, cents=cents)
    return taken
