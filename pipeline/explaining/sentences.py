"""Steps as sentences, for a person who bills or audits."""

from collections.abc import Callable, Sequence

from pipeline.events.days import ClaimLine, Step
from pipeline.money import dollars


def sentence(step: Step, lines: Sequence[ClaimLine] = ()) -> str:
    """Say a step in a sentence; `lines` are those of the day, for a step that compares them."""
    told = _SENTENCES.get(step.rule)
    return told(step, lines) if told else f"{step.rule}: {_listed(step.inputs)} gives {_listed(step.result)}."


def _listed(values: dict[str, int | str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())


def _cents(values: dict[str, int | str], name: str) -> str:
    return dollars(int(values.get(name, 0)))


def _overlap(step: Step, _: Sequence[ClaimLine]) -> str:
    (lost,) = step.result.values()
    return f"{lost} s of segment {step.about} are counted in earlier segments: the same minute counts once."


def _minutes(step: Step, _: Sequence[ClaimLine]) -> str:
    parts = " and ".join(f"{seconds} s of {segment}" for segment, seconds in step.inputs.items())
    ((code, minutes),) = step.result.items()
    return f"{parts} are {minutes} whole minutes of {code}."


def _units(step: Step, _: Sequence[ClaimLine]) -> str:
    parts = ", ".join(
        f"{code} {minutes} min = {_counted(int(step.result.get(code, 0)), 'unit')}"
        for code, minutes in step.inputs.items()
    )
    rule = "by the total of timed minutes" if step.rule == "cms_total" else "each code by itself, from its midpoint on"
    return f"{parts}: {rule}."


def _counted(number: int, name: str) -> str:
    return f"{number} {name}{'' if number == 1 else 's'}"


def _assistants(step: Step, _: Sequence[ClaimLine]) -> str:
    given, result = step.inputs, dict(step.result)
    plain = int(result.pop("plain", 0))
    ((modifier, assisted),) = result.items()
    if "therapist_minutes" in given:
        times = f"therapist {given['therapist_minutes']} min, assistant {given['assistant_minutes']} min"
    else:
        times = f"{given['assistant_seconds']} of {given['seconds']} s by the assistant"
    return f"{times}: {_counted(plain, 'unit')} plain, {_counted(int(assisted), 'unit')} with {modifier}."


def _pair(step: Step, _: Sequence[ClaimLine]) -> str:
    given = step.inputs
    one, other = given.get("column_one", given.get("beside")), given.get("column_two", given.get("code"))
    if "modifier" in step.result:
        text = f"{other} beside {one} at other times carries {step.result['modifier']}"
    elif "blocked" in step.result:
        text = f"{other} beside {one} is blocked: {str(step.result['blocked']).rstrip('.')}"
    else:
        text = f"{other} beside {one} was at the same time, on other regions of the body"
    return f"{text} ({given.get('stated', '')})."


def _sent(step: Step, _: Sequence[ClaimLine]) -> str:
    return f"The EMR sent {step.inputs['sent']}: it is used as sent."


def _ranking(step: Step, lines: Sequence[ClaimLine]) -> str:
    full = int(step.result["full_unit_on_line"])
    name = f"{lines[full].code} {' '.join(lines[full].modifiers[:1])}" if full < len(lines) else f"line {full + 1}"
    highest = step.inputs["highest_practice_expense"]
    return (
        f"Of the day's units one pays in full, on {name}: the highest practice expense, {highest}. Others are reduced."
    )


def _price(step: Step, _: Sequence[ClaimLine]) -> str:
    given, units = step.inputs, int(step.inputs["units"])
    if "missing" in step.result:
        return f"{_counted(units, 'unit')} without an amount: {step.result['missing']}."
    if "status" in given:
        return f"Status {given['status']}: {_counted(units, 'unit')} at $0.00."
    reduced = int(given.get("reduced_units", 0))
    text = f"{_counted(units, 'unit')} at {_cents(given, 'unit_cents')}"
    if "schedule" in given:
        text += f" (schedule {given['schedule']}, {given['locality']})"
    if reduced:
        text += f", {reduced} of them reduced to {_cents(given, 'reduced_unit_cents')}"
    return f"{text}: {_cents(step.result, 'allowed_cents')} allowed."


def _rate(step: Step, _: Sequence[ClaimLine]) -> str:
    return f"One rate a {step.inputs['per']}: {_cents(step.result, 'allowed_cents')} on this line."


def _modifiers(step: Step, _: Sequence[ClaimLine]) -> str:
    return f"Modifiers in claim order: {step.result['modifiers']}."


def _kx(step: Step, _: Sequence[ClaimLine]) -> str:
    given, limit = step.inputs, _cents(step.inputs, "threshold_cents")
    text = f"{step.about}: {_cents(given, 'before_cents')} before it, {_cents(step.result, 'with_line_cents')} with it"
    modifier = step.result["modifier"]
    if modifier == "KX":
        return f"{text}, over the KX threshold of {limit}: KX."
    if modifier == "GA":
        return f"{text}, threshold {limit}: GA, so no KX."
    over = int(step.result["with_line_cents"]) > int(given["threshold_cents"])
    why = "no KX: amounts that remittances confirmed count in place of these" if over else "no KX"
    return f"{text}, threshold {limit}: {why}."


def _payment(step: Step, _: Sequence[ClaimLine]) -> str:
    result = step.result
    text = f"The patient owes {_cents(result, 'patient_cents')}, the payer {_cents(result, 'payer_cents')}"
    cut = "cut_for_assistant_cents"
    return f"{text}; {_cents(result, cut)} is cut for the assistant." if cut in result else f"{text}."


def _total(step: Step, _: Sequence[ClaimLine]) -> str:
    given = step.inputs
    how = "an estimate until remittances confirm it" if given.get("estimated") == "yes" else "confirmed by remittances"
    return (
        f"{_cents(given, 'own_cents')} of {_counted(int(given['days']), 'day')} here and "
        f"{_cents(given, 'external_cents')} elsewhere are {_cents(step.result, 'total_cents')}, {how}."
    )


def _threshold(step: Step, _: Sequence[ClaimLine]) -> str:
    name = "KX threshold" if step.rule == "threshold_kx" else "Targeted review"
    text = f"{name} of {_cents(step.inputs, 'threshold_cents')}: {step.result['state']}"
    if "crossed_on" in step.result:
        return f"{text} since {step.result['crossed_on']}."
    return f"{text}, {_cents(step.result, 'remaining_cents')} left."


_SENTENCES: dict[str, Callable[[Step, Sequence[ClaimLine]], str]] = {
    "overlap": _overlap,
    "minutes": _minutes,
    "cms_total": _units,
    "ama_midpoint": _units,
    "assistants": _assistants,
    "edit_pair": _pair,
    "body_regions": _pair,
    "sent_modifier": _sent,
    "multiple_procedure": _ranking,
    "price": _price,
    "rate": _rate,
    "modifiers": _modifiers,
    "kx": _kx,
    "payment": _payment,
    "total": _total,
    "threshold_kx": _threshold,
    "threshold_review": _threshold,
}
