"""How a day's units and prices came about, step by step, each with its rule."""

from collections.abc import Sequence

from pipeline.events.days import Line
from pipeline.ledger.lines import Draft, Group
from pipeline.ledger.marks import Marks
from pipeline.ledger.overlaps import Shared, seconds
from pipeline.ledger.rates import rate_step
from pipeline.money import dollars
from pipeline.rules.assistants import MODIFIER as ASSISTANT
from pipeline.rules.fees import UnitPrice

_RULES = {
    "cms_total": "total of timed minutes, Medicare Claims Processing Manual ch. 5 s. 20.2",
    "ama_midpoint": "each code by itself, a unit at its eighth minute",
}


def explain(
    groups: Sequence[Group],
    drafts: Sequence[Draft],
    lines: Sequence[Line],
    overlapping: Shared | None,
    marks: Marks | None,
) -> list[str]:
    """Say step by step how minutes became units and units became amounts; `lines` are what `drafts` came to.

    `overlapping` is what segments of the day share on the clock, `marks` what pairs of codes and the EMR put on lines.
    """
    steps = [] if overlapping is None else [_overlap_step(*of) for of in overlapping.lost.items()]
    for group in groups:
        steps.append(_units_step(group))
        steps += _assistant_steps(group)
    if marks is not None:
        steps += marks.steps
    for draft, line in zip(drafts, lines, strict=True):
        if draft.rules.flat:
            steps.append(rate_step(line, draft.rules))
        elif draft.price is not None and not draft.barred:
            steps.append(_price_step(line, draft.price))
    return steps


def _units_step(group: Group) -> str:
    parts = ", ".join([f"{count.code} {count.minutes} min = {group.units[count.code]}" for count in group.counts])
    return f"{group.payer_id} {group.discipline}: {parts} ({_RULES[group.rules.unit_rule]})"


def _overlap_step(segment_id: str, lost: int) -> str:
    return f"{segment_id}: {seconds(lost)} are counted in earlier segments (the same minute counts once, s. 20.3)"


def _assistant_steps(group: Group) -> list[str]:
    """Say of each code that an assistant had a part in how its units fall to therapist and assistant."""
    steps = []
    for count in group.counts:
        if not count.by_assistant or not group.units[count.code] or group.lacks is not None:
            continue
        modifier = ASSISTANT.get(group.discipline)
        if modifier is None or not group.rules.assistant_modifiers:
            continue
        mine = [draft for draft in group.drafts if draft.segment_ids is count.segment_ids]
        assisted = sum(draft.units for draft in mine if draft.by_assistant)
        assistant = count.assistant_minutes
        steps.append(
            f"{group.payer_id} {group.discipline} {count.code}: therapist {count.minutes - assistant} min, "
            f"assistant {assistant} min: {group.units[count.code] - assisted} plain, {assisted} {modifier} (s. 20.1)"
        )
    return steps


def _price_step(line: Line, price: UnitPrice) -> str:
    full, reduced = dollars(price.full_cents), dollars(price.reduced_cents)
    text = f"{line.payer_id} {line.discipline} {' '.join([line.code, *line.modifiers[1:]])}: {line.units} x {full}"
    for reduction in line.reductions:
        text += f", {reduction.units} reduced to {reduced} (multiple procedures, ch. 5 s. 10.7)"
    return f"{text} = {dollars(line.allowed_cents or 0)}"
