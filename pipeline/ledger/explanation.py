"""How a day's minutes, units, modifiers and prices came about, step by step, each with its rule."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from pipeline.directory import Site
from pipeline.events.days import Line, Step
from pipeline.ledger.counts import Count
from pipeline.ledger.lines import Draft, Group
from pipeline.ledger.rates import rate_step
from pipeline.ledger.segments import MICROSECONDS
from pipeline.ledger.terms import Terms
from pipeline.ledger.work import Work
from pipeline.rules.assistants import MODIFIER as ASSISTANT
from pipeline.rules.fees import NATIONAL
from pipeline.rules.payers import Schedule

_UNIT_SOURCES = {"cms_total": "clm-5-20.2", "ama_midpoint": "cpt-time"}
_WHOLE = 100
_MINUTE = 60 * MICROSECONDS
Values = dict[str, int | str]


def explain(work: Work, terms: Terms) -> list[Step]:
    """Give the steps of a day: overlaps, minutes, units and assistants by payer and discipline, modifiers, prices.

    Minutes have a step where seconds of several segments were summed, or seconds were cut off.

    Inputs and results are whole seconds (text where they are not whole), minutes, units and cents, by what they are of.
    """
    drafts, lines, overlapping, marks = work.drafts, work.lines, work.overlapping, work.marks
    steps = [] if overlapping is None else [_overlap_step(*of, lines) for of in overlapping.lost.items()]
    spent = {segment.segment_id: segment.microseconds for segment in work.segments}
    first = 0
    for group in work.groups:
        # Lines are in the order of their groups.
        after = first + len(group.drafts)
        _add_group(steps, group, list(range(first, after)), spent)
        first = after
    if marks is not None:
        steps += marks.steps
    steps += _ranking_steps(drafts, lines)
    site = terms.directory.site
    for position, (draft, line) in enumerate(zip(drafts, lines, strict=True)):
        if draft.rules.flat and not draft.barred:
            steps.append(rate_step(position, line, draft.rules))
        else:
            steps.append(_price_step(position, draft, line, site))
    return steps


def _seconds(microseconds: int) -> int | str:
    seconds, rest = divmod(microseconds, MICROSECONDS)
    return seconds if not rest else f"{microseconds / MICROSECONDS:.6f}".rstrip("0")


def _overlap_step(segment_id: str, lost: int, lines: Sequence[Line]) -> Step:
    of = [position for position, line in enumerate(lines) if segment_id in line.segment_ids]
    inputs: Values = {"segment": segment_id}
    return Step("overlap", segment_id, of, inputs, {"seconds_in_earlier_segments": _seconds(lost)}, "clm-5-20.3")


def _add_group(steps: list[Step], group: Group, lines: list[int], spent: Mapping[str, int]) -> None:
    """Say how seconds became minutes, minutes units, and how units fall to therapist and assistant.

    `spent` are whole microseconds by segment.
    """
    about = f"{group.payer_id} {group.discipline}"
    minutes: Values = {}
    assisted = False
    for count in group.counts:
        minutes[count.code] = count.minutes
        if count.microseconds % _MINUTE or len(count.segment_ids) > 1:
            steps.append(_minutes_step(about, count, spent, _of_count(group, lines, count)))
        if count.by_assistant:
            assisted = True
    rule = group.rules.unit_rule
    units: Values = {**group.units}
    steps.append(Step(rule, about, lines, minutes, units, _UNIT_SOURCES[rule]))
    if assisted and group.lacks is None and group.rules.assistant_modifiers and group.discipline in ASSISTANT:
        steps += [
            _assistant_step(group, about, lines, count)
            for count in group.counts
            if count.by_assistant and group.units[count.code]
        ]


def _of_count(group: Group, lines: list[int], count: Count) -> list[int]:
    """Give the positions of a count's lines, among those of its group."""
    drafts = group.drafts
    return [position for at, position in enumerate(lines) if drafts[at].segment_ids is count.segment_ids]


def _minutes_step(about: str, count: Count, spent: Mapping[str, int], lines: list[int]) -> Step:
    seconds: Values = {segment_id: _seconds(spent[segment_id]) for segment_id in count.segment_ids}
    return Step("minutes", f"{about} {count.code}", lines, seconds, {count.code: count.minutes}, "clm-5-20.3")


def _assistant_step(group: Group, about: str, lines: list[int], count: Count) -> Step:
    positions = _of_count(group, lines, count)
    drafts = [group.drafts[position - lines[0]] for position in positions]
    assisted = sum(draft.units for draft in drafts if draft.by_assistant)
    units = group.units[count.code]
    inputs: Values = {"seconds": _seconds(count.microseconds), "assistant_seconds": _seconds(count.by_assistant)}
    if count.kind in ("timed", "cognitive"):
        assistant = count.assistant_minutes
        inputs = {"therapist_minutes": count.minutes - assistant, "assistant_minutes": assistant}
    inputs["units"] = units
    result: Values = {"plain": units - assisted, ASSISTANT[group.discipline]: assisted}
    return Step("assistants", f"{about} {count.code}", positions, inputs, result, "clm-5-20.1")


def _ranking_steps(drafts: Sequence[Draft], lines: Sequence[Line]) -> list[Step]:
    """Say which line has the unit that pays in full, where others of its payer and billing number are reduced."""
    ranked: dict[tuple[str, str], list[int]] = {}
    for position, line in enumerate(lines):
        if line.reductions:
            draft = drafts[position]
            ranked.setdefault((draft.payer_id, draft.tin), []).append(position)
    return [_ranking_step(of, reduced, drafts, lines) for of, reduced in ranked.items()] if ranked else []


def _ranking_step(of: tuple[str, str], reduced: list[int], drafts: Sequence[Draft], lines: Sequence[Line]) -> Step:
    payer_id, tin = of
    full = 0
    for position, draft in enumerate(drafts):
        if draft.price is not None and draft.price.reducible and draft.tin == tin and draft.payer_id == payer_id:
            taken = lines[position].reductions
            if not taken or taken[0].units < draft.units:
                full = position
    price = drafts[full].price
    inputs: Values = {"highest_practice_expense": str(price.practice_expense) if price is not None else ""}
    concerned = reduced if full in reduced else sorted([full, *reduced])
    return Step("multiple_procedure", payer_id, concerned, inputs, {"full_unit_on_line": full}, "clm-5-10.7")


def _price_step(position: int, draft: Draft, line: Line, site_of: Callable[[str], Site]) -> Step:
    """Say what a line's units are worth, or why it has no amount."""
    about = f"{line.payer_id} {line.discipline} {line.code}"
    price = draft.price
    if price is None:
        return Step("price", about, [position], {"units": line.units}, {"missing": str(draft.missing)}, "pfs")
    nothing: Values = {"full_cents": 0, "allowed_cents": 0}
    if draft.barred:
        return Step("price", about, [position], {"units": line.units, "status": price.status}, nothing, "pfs")
    by, schedule, locality = draft.rules.price, "", ""
    if type(by) is Schedule:
        schedule, locality = "cms", NATIONAL
        if by.of == "site":
            site = site_of(draft.site_id)
            schedule, locality = site.schedule, site.locality
        if by.percent != _WHOLE:
            schedule = f"{by.percent} % of {schedule}"
    reduced = (line.reductions[0].units, price.reduced_cents) if line.reductions else _NOTHING
    return _priced(position, about, (line.units, price.full_cents), reduced, (schedule, locality))


@lru_cache(maxsize=16_384)
def _priced(position: int, about: str, full: tuple[int, int], reduced: tuple[int, int], place: tuple[str, str]) -> Step:
    """Say what units come to; few steps are said of very many lines, so that they are kept."""
    units, cents = full
    inputs: Values = {"units": units, "unit_cents": cents}
    schedule, locality = place
    if schedule:
        inputs |= {"schedule": schedule, "locality": locality}
    reduced_units, reduced_cents = reduced
    if reduced_units:
        inputs |= {"reduced_units": reduced_units, "reduced_unit_cents": reduced_cents}
    allowed = units * cents - reduced_units * (cents - reduced_cents)
    result: Values = {"full_cents": units * cents, "allowed_cents": allowed}
    return Step("price", about, [position], inputs, result, "pfs" if schedule else "payer")


_NOTHING = 0, 0
