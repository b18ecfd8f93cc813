"""What a segment says of itself, held against the rules: its code, level, place, supervision, region of the body."""

from collections.abc import Sequence

from pipeline.events.days import Finding
from pipeline.ledger.findings import about
from pipeline.ledger.segments import Segment
from pipeline.ledger.terms import Terms
from pipeline.rules.diagnoses import Compared, compared
from pipeline.rules.disciplines import owners
from pipeline.rules.evaluations import Elements, has_levels, judge
from pipeline.rules.parameters import NoFigure
from pipeline.rules.supervision import supervision_needed
from pipeline.rules.telehealth import allowed, place_wanted, places


def of_segment(segment: Segment, date: str, terms: Terms) -> list[Finding]:
    """Check what one billed segment says, on an ISO date; what it does not say contradicts nothing."""
    code, said = segment.code, segment.said
    found: list[Finding] = []
    owned = owners().get(code)
    if owned is not None:
        if segment.discipline not in owned:
            found.append(_of_another_discipline(segment, owned))
        if has_levels(code):
            found += _of_level(segment, date, terms)
    if said.telehealth or said.place_of_service in places():
        found += _of_telehealth(segment, date, terms)
    if segment.by_assistant and said.supervision == "general":
        found += _of_supervision(segment, date, terms)
    if said.diagnoses or said.body_regions:
        found += _of_regions(segment)
    return found


def _of_another_discipline(segment: Segment, owned: Sequence[str]) -> Finding:
    text = f"This code is furnished by {' or '.join(owned)}: correct the code or the discipline."
    return about(segment, "code_of_another_discipline", text)


def _no_figure(segment: Segment, missing: NoFigure) -> Finding:
    text = f"This was not checked: {missing}."
    return about(segment, "no_figure", text, [missing.missing.parameter])


def _of_level(segment: Segment, date: str, terms: Terms) -> list[Finding]:
    said = segment.said
    stated = Elements(said.deficits, said.history, said.decision_making, said.modification)
    try:
        judged = judge(segment.code, date, stated, terms.evaluation_bands)
    except NoFigure as error:
        return [_no_figure(segment, error)]
    found = []
    if judged.less:
        text = f"The level asks for more than was documented ({_named(judged.less)}): bill the level that they support."
        found.append(about(segment, "upcoded", text))
    if judged.more:
        text = f"More was documented than the level is for ({_named(judged.more)}): let the therapist look at it."
        found.append(about(segment, "undercoded", text))
    return found + [_not_known(segment, name) for name in judged.unknown]


def _named(names: Sequence[str]) -> str:
    return ", ".join(name.replace("_", " ") for name in names)


def _not_known(segment: Segment, name: str) -> Finding:
    return about(segment, "not_known", f"The rules do not know what is said in {name}: it was not looked at.")


def _of_telehealth(segment: Segment, date: str, terms: Terms) -> list[Finding]:
    """Look at a segment that is by telehealth, by what it says or by its place of service."""
    said = segment.said
    if said.telehealth is False:
        text = "The place of service says telehealth and the segment says none: correct one of them."
        return [about(segment, "telehealth_place", text)]
    if not terms.payers.at(segment.payer_id, date).thresholds:
        return []
    found = []
    try:
        if not allowed(date, terms.telehealth_rule):
            text = "Medicare takes no telehealth by therapists on this date: do not bill it so."
            found.append(about(segment, "telehealth_not_allowed", text))
    except NoFigure as error:
        found.append(_no_figure(segment, error))
    place = said.place_of_service
    if place is not None and place not in places() and place_wanted(date):
        text = f"Telehealth with place of service {place}: Medicare wants {' or '.join(sorted(places()))}."
        found.append(about(segment, "telehealth_place", text))
    return found


def _of_supervision(segment: Segment, date: str, terms: Terms) -> list[Finding]:
    """Look at general supervision, the least that can be said."""
    if not terms.payers.at(segment.payer_id, date).thresholds:
        return []
    try:
        needed = supervision_needed(terms.directory.site(segment.site_id).setting, date)
    except NoFigure as error:
        return [_no_figure(segment, error)]
    if needed == "general":
        return []
    text = "Medicare wants direct supervision of the assistant's time on this date, and the segment says general."
    return [about(segment, "supervision", text)]


_IN_ORDER = Compared((), unknown_region=False, unknown_diagnosis=False)


def _of_regions(segment: Segment) -> list[Finding]:
    said = segment.said
    result = compared(tuple(said.body_regions or ()), tuple(said.diagnoses or ()))
    if result == _IN_ORDER:
        return []
    found = [_not_known(segment, "body_regions")] if result.unknown_region else []
    if result.unknown_diagnosis:
        found.append(_not_known(segment, "diagnoses"))
    if result.wrong:
        text = (
            f"{', '.join(result.wrong)}: no diagnosis ({', '.join(said.diagnoses or ())}) is of that region and side; "
            f"correct the region or the diagnoses."
        )
        found.append(about(segment, "wrong_body_part", text))
    return found
