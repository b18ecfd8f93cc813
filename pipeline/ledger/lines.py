"""The lines of a day: priced, and reduced over the whole day."""

from collections.abc import Sequence

from msgspec import Struct

from pipeline.events.days import Line, Reduction
from pipeline.ledger.counts import Count, Share
from pipeline.rules.fees import UnitPrice
from pipeline.rules.parameters import Unpriced
from pipeline.rules.payers import Payer
from pipeline.rules.reduction import Priced, multiple_procedure_reduction

BUNDLED = "B"
NOT_VALID = "I"
_MODIFIER = {"OT": "GO", "PT": "GP", "SLP": "GN"}


class Draft(Struct, frozen=True, gc=False):
    """A line before the day's reduction; `tin` is the billing number of the site of its earliest segment."""

    payer_id: str
    rules: Payer
    discipline: str
    share: Share
    price: UnitPrice | Unpriced
    tin: str
    started_at: str | None
    segment_ids: list[str]


class Group(Struct, frozen=True, gc=False):
    """One payer's and discipline's part of a day: its counts, the units of each, its lines before the reduction."""

    payer_id: str
    rules: Payer
    discipline: str
    counts: list[Count]
    units: dict[str, int]
    drafts: list[Draft]

    @property
    def without_unit(self) -> list[Count]:
        """Give the counts whose minutes make no unit."""
        return [count for count in self.counts if not self.units[count.code]]


def claim_order(draft: Draft) -> tuple[str, str, str]:
    """Give what orders a day's lines: payer, discipline, code."""
    return draft.payer_id, draft.discipline, draft.share.code


def lines_of(drafts: Sequence[Draft]) -> list[Line]:
    """Give a day's lines in the order of `drafts`, whole cents, the whole day's reduction taken."""
    reductions = _reductions(drafts)
    lines = []
    for position, draft in enumerate(drafts):
        full = _full_cents(draft)
        reduction = reductions.get(position)
        lines.append(
            Line(
                payer_id=draft.payer_id,
                discipline=draft.discipline,
                code=draft.share.code,
                units=draft.share.units,
                minutes=draft.share.minutes,
                modifiers=[_MODIFIER[draft.discipline]],
                allowed_cents=full - reduction.cents if full is not None and reduction else full,
                full_cents=full,
                reductions=[reduction] if reduction else [],
                segment_ids=draft.segment_ids,
                started_at=draft.started_at,
            )
        )
    return lines


def barred(draft: Draft) -> bool:
    """Tell whether a code's status leaves its line at 0 cents: bundled, or not valid for this payer."""
    status = draft.price.status if isinstance(draft.price, UnitPrice) else ""
    return status == BUNDLED or (status == NOT_VALID and draft.rules.not_valid_status_applies)


def _full_cents(draft: Draft) -> int | None:
    if isinstance(draft.price, Unpriced):
        return None
    return 0 if barred(draft) else draft.share.units * draft.price.full_cents


def _reductions(drafts: Sequence[Draft]) -> dict[int, Reduction]:
    """Give what the reduction takes, by position: it runs over a payer's lines of one billing number."""
    together: dict[tuple[str, str], dict[int, Priced]] = {}
    for position, draft in enumerate(drafts):
        price = draft.price
        if draft.rules.multiple_procedure and isinstance(price, UnitPrice) and price.reducible:
            priced = Priced(
                draft.share.code, draft.discipline, by_assistant=False, units=draft.share.units, price=price
            )
            together.setdefault((draft.payer_id, draft.tin), {})[position] = priced
    taken: dict[int, Reduction] = {}
    for lines in together.values():
        reduced = multiple_procedure_reduction(list(lines.values()))
        for (position, line), units in zip(lines.items(), reduced, strict=True):
            if units:
                cents = units * (line.price.full_cents - line.price.reduced_cents)
                taken[position] = Reduction(rule="multiple_procedure", units=units, cents=cents)
    return taken
