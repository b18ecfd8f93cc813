"""The lines of a day: priced, and reduced over the whole day."""

from collections.abc import Container, Mapping, Sequence
from operator import attrgetter

from msgspec import Struct

from pipeline.events.days import Line, Reduction
from pipeline.ledger.counts import Count, Share
from pipeline.rules.assistants import MODIFIER as ASSISTANT
from pipeline.rules.fees import UnitPrice
from pipeline.rules.parameters import Unpriced
from pipeline.rules.payers import Payer
from pipeline.rules.reduction import Priced, multiple_procedure_reduction

BUNDLED = "B"
NOT_VALID = "I"
DISCIPLINE = {"OT": "GO", "PT": "GP", "SLP": "GN"}
"""The modifier of each discipline, the first on every line."""


class Draft(Priced, frozen=True, gc=False):
    """A line before the day's reduction; `tin` is the billing number of `site_id`, the site of its earliest segment.

    Where no parameter prices it, `price` and `full_cents` are None and `missing` is what lacks; `barred` tells that its
    code's status leaves it at 0 cents.
    """

    missing: Unpriced | None
    full_cents: int | None
    barred: bool
    payer_id: str
    rules: Payer
    minutes: int
    tin: str
    started_at: str | None
    segment_ids: list[str]
    site_id: str


def draft_of(of: tuple[str, str, Payer], share: Share, price: UnitPrice | Unpriced, tin: str, count: Count) -> Draft:
    """Make the line of a share of a count, for a payer and a discipline by the payer's rules."""
    payer_id, discipline, rules = of
    stated, missing, full, barred = None, None, None, False
    if isinstance(price, UnitPrice):
        stated = price
        # Bundled into other services, or not valid for this payer.
        barred = price.status == BUNDLED or (price.status == NOT_VALID and rules.not_valid_status_applies)
        full = 0 if barred else share.units * price.full_cents
    else:
        missing = price
    return Draft(
        share.code,
        discipline,
        share.by_assistant,
        share.units,
        stated,
        missing,
        full,
        barred,
        payer_id,
        rules,
        share.minutes,
        tin,
        count.started_at,
        count.segment_ids,
        count.site_id,
    )


class Group(Struct, frozen=True, gc=False):
    """One payer's and discipline's part of a day: its counts, the units of each, its lines before the reduction.

    `lacks` is what no parameter states of the standard for assistants; then no line carries their modifier.
    """

    payer_id: str
    rules: Payer
    discipline: str
    counts: list[Count]
    units: dict[str, int]
    drafts: list[Draft]
    lacks: Unpriced | None


claim_order = attrgetter("payer_id", "discipline", "code", "by_assistant")
"""Gives what orders a day's lines: those of one code plain before CO or CQ."""


def lines_of(drafts: Sequence[Draft], distinct: Mapping[int, str], notice: Container[int]) -> list[Line]:
    """Give a day's lines in the order of `drafts`, whole cents, the whole day's reduction taken.

    By position, `distinct` are the modifiers for distinct services and `notice` the lines with GA.
    """
    reductions = _reductions(drafts)
    lines = []
    for position, draft in enumerate(drafts):
        full, discipline = draft.full_cents, draft.discipline
        reduction = reductions.get(position)
        modifiers = [DISCIPLINE[discipline]] if draft.rules.discipline_modifiers else []
        if draft.by_assistant:
            modifiers.append(ASSISTANT[discipline])
        if position in distinct:
            modifiers.append(distinct[position])
        if position in notice:
            modifiers.append("GA")
        lines.append(
            Line(
                payer_id=draft.payer_id,
                discipline=discipline,
                code=draft.code,
                units=draft.units,
                minutes=draft.minutes,
                modifiers=modifiers,
                allowed_cents=full - reduction.cents if full is not None and reduction else full,
                full_cents=full,
                reductions=[reduction] if reduction else [],
                segment_ids=draft.segment_ids,
                started_at=draft.started_at,
            )
        )
    return lines


def _reductions(drafts: Sequence[Draft]) -> dict[int, Reduction]:
    """Give what the reduction takes, by position: it runs over a payer's lines of one billing number."""
    together: dict[tuple[str, str], list[int]] = {}
    for position, draft in enumerate(drafts):
        if draft.rules.multiple_procedure:
            of = draft.payer_id, draft.tin
            if of in together:
                together[of].append(position)
            else:
                together[of] = [position]
    taken: dict[int, Reduction] = {}
    for positions in together.values():
        if len(positions) == 1 and drafts[positions[0]].units == 1:
            # A unit alone is paid in full.
            continue
        reduced = multiple_procedure_reduction([drafts[position] for position in positions])
        for position, units in zip(positions, reduced, strict=True):
            price = drafts[position].price
            if units and price is not None:
                cents = units * (price.full_cents - price.reduced_cents)
                taken[position] = Reduction(rule="multiple_procedure", units=units, cents=cents)
    return taken
