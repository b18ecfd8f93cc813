"""Lines of payers with one rate a visit or a case: who of a day's lines carries it."""

from collections.abc import Sequence

from msgspec.structs import replace

from pipeline.events.days import Finding, Line, Step
from pipeline.ledger.lines import Draft
from pipeline.rules.codes import initial_evaluations
from pipeline.rules.payers import Case, Payer, Visit


def at_rates(drafts: Sequence[Draft], lines: list[Line]) -> tuple[list[Line], list[Finding]]:
    """Give a day's lines with the rates of their payers, whole cents, and a finding for each line that is in a rate.

    A visit is what a discipline does for a payer on a date: the rate is on its first line, the others have 0 cents. A
    case of a discipline begins with an initial evaluation: the rate is on that line, all others of the case have 0
    cents. A code whose status leaves it at 0 cents carries no rate. `drafts` are what `lines` are of.
    """
    rated, found = list(lines), []
    carried: set[tuple[str, str]] = set()
    for position, draft in enumerate(drafts):
        price = draft.rules.price
        if not isinstance(price, Visit | Case) or draft.barred:
            continue
        of_visit = isinstance(price, Visit)
        of = draft.payer_id, draft.discipline
        cents = 0
        if of not in carried and (of_visit or draft.code in initial_evaluations()):
            carried.add(of)
            cents = price.cents
        else:
            found.append(_within(draft, of_visit=of_visit))
        rated[position] = replace(lines[position], allowed_cents=cents, full_cents=cents, reductions=[])
    return rated, found


def _within(draft: Draft, *, of_visit: bool) -> Finding:
    kind, text = "in_visit_rate", "The payer pays one rate a visit: it is on the visit's first line of this discipline."
    if not of_visit:
        kind = "in_case_rate"
        text = "The payer pays one rate a case: it is on the line of the initial evaluation of this discipline."
    return Finding(
        kind=kind,
        message=text,
        payer_id=draft.payer_id,
        discipline=draft.discipline,
        code=draft.code,
        segment_ids=draft.segment_ids,
    )


def rate_step(position: int, line: Line, rules: Payer) -> Step:
    """Say what a line has of its payer's rate."""
    per = "visit" if isinstance(rules.price, Visit) else "case"
    about = f"{line.payer_id} {line.discipline} {line.code}"
    return Step("rate", about, [position], {"per": per}, {"allowed_cents": line.allowed_cents or 0}, "payer")
