"""A patient's day accounted for: each line and each total of it with the steps that made it."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from pipeline.events.days import BillableDay, ClaimLine, Finding, Measure, Step
from pipeline.events.fields import BUCKET
from pipeline.events.totals import ThresholdTotal
from pipeline.explaining.outputs import Outputs
from pipeline.ledger.claim_day import claimed
from pipeline.ledger.year import YearFacts, day_entry, put_day
from pipeline.rules.parameters import Source
from pipeline.rules.payers import Payers
from pipeline.rules.sources import sources


class ExplainedLine(Struct, frozen=True):
    """A line as it goes on the claim, and its steps in their order."""

    line: ClaimLine
    steps: list[Step]


class ExplainedTotal(Struct, frozen=True):
    """A total that the day counts in, and its steps."""

    total: ThresholdTotal
    steps: list[Step]


class Account(Struct, frozen=True):
    """A day explained: its lines and totals with their steps, steps of no line, and where each rule is stated."""

    patient_id: str
    service_date: str
    site_ids: list[str]
    minutes: Measure
    units: Measure
    lines: list[ExplainedLine]
    steps: list[Step]
    findings: list[Finding]
    kx_attested: bool
    totals: list[ExplainedTotal]
    sources: dict[str, Source]


def account(outputs: Outputs, key: str, payers: Payers) -> Account | None:
    """Give the account of the day of a key, `patient|date`, from the values of its patient; None without that day.

    What counted before a line is told by the estimates of the year's days, in the order that they count in.
    """
    day = outputs.days.get(key)
    if day is None:
        return None
    claim = outputs.claims.get(key)
    lines = claim.lines if claim is not None and len(claim.lines) == len(day.lines) else claimed(day.lines, [])
    totals = _totals(outputs, day)
    running = _running(outputs, day, totals, payers)
    kx = _kx_steps(lines, running, totals)
    explained = []
    for position, line in enumerate(lines):
        steps = [step for step in day.explanation if position in step.lines]
        steps += [_modifiers_step(position, line), *kx.get(position, []), *_payment_steps(position, line)]
        explained.append(ExplainedLine(line, steps))
    findings = [*day.findings, *(claim.findings if claim else [])]
    counted = [ExplainedTotal(total, _total_steps(total)) for total in totals.values()]
    alone = [step for step in day.explanation if not step.lines]
    of_lines, of_totals = [one.steps for one in explained], [one.steps for one in counted]
    used = {step.source for steps in (*of_lines, *of_totals, alone) for step in steps}
    return Account(
        patient_id=day.patient_id,
        service_date=day.service_date,
        site_ids=day.site_ids,
        minutes=day.minutes,
        units=day.units,
        lines=explained,
        steps=alone,
        findings=findings,
        kx_attested=claim.kx_attested if claim else False,
        totals=counted,
        sources={name: source for name, source in sources().items() if name in used},
    )


def _totals(outputs: Outputs, day: BillableDay) -> dict[str, ThresholdTotal]:
    """Give the totals of the buckets that the day has lines in."""
    year = day.service_date[:4]
    buckets = sorted({BUCKET[line.discipline] for line in day.lines})
    held = {bucket: outputs.totals.get(f"{day.patient_id}|{year}|{bucket}") for bucket in buckets}
    return {bucket: total for bucket, total in held.items() if total is not None}


def _running(
    outputs: Outputs, day: BillableDay, totals: Mapping[str, ThresholdTotal], payers: Payers
) -> dict[int, tuple[int, int | None]]:
    """Give what stood before each counted line of the day and what it adds, whole cents, by its position."""
    facts = YearFacts()
    for other in outputs.days.values():
        if other.patient_id == day.patient_id and other.service_date[:4] == day.service_date[:4]:
            facts, _ = put_day(facts, other.service_date, day_entry(other, payers, packed=False))
    stood = {bucket: total.external_cents for bucket, total in totals.items()}
    for date, entry in sorted(facts.days.items()):
        if date < day.service_date:
            for counted in entry.counted:
                stood[counted.bucket] = stood.get(counted.bucket, 0) + (counted.cents or 0)
    found = {}
    for counted in facts.days[day.service_date].counted:
        before = stood.get(counted.bucket, 0)
        found[counted.position] = before, counted.cents
        stood[counted.bucket] = before + (counted.cents or 0)
    return found


def _kx_steps(
    lines: Sequence[ClaimLine], running: Mapping[int, tuple[int, int | None]], totals: Mapping[str, ThresholdTotal]
) -> dict[int, list[Step]]:
    found: dict[int, list[Step]] = {}
    for position, (before, cents) in running.items():
        line = lines[position]
        total = totals.get(BUCKET[line.discipline])
        if total is None:
            continue
        inputs: dict[str, int | str] = {"before_cents": before, "line_cents": cents or 0}
        inputs["threshold_cents"] = total.kx.threshold_cents
        given = "KX" if "KX" in line.modifiers else "GA" if "GA" in line.modifiers else "none"
        result: dict[str, int | str] = {"with_line_cents": before + (cents or 0), "modifier": given}
        about = f"{total.bucket} {total.year}"
        found[position] = [Step("kx", about, [position], inputs, result, "clm-5-10.3")]
    return found


def _modifiers_step(position: int, line: ClaimLine) -> Step:
    inputs: dict[str, int | str] = {"discipline": line.discipline}
    result: dict[str, int | str] = {"modifiers": " ".join(line.modifiers) or "none"}
    return Step("modifiers", f"{line.payer_id} {line.discipline} {line.code}", [position], inputs, result, "clm-5-20.1")


def _payment_steps(position: int, line: ClaimLine) -> Iterable[Step]:
    if line.patient_cents is None or line.payer_cents is None or line.allowed_cents is None:
        return
    inputs: dict[str, int | str] = {"allowed_cents": line.allowed_cents}
    result: dict[str, int | str] = {"patient_cents": line.patient_cents, "payer_cents": line.payer_cents}
    cut = line.allowed_cents - line.patient_cents - line.payer_cents
    if cut:
        result["cut_for_assistant_cents"] = cut
    about = f"{line.payer_id} {line.discipline} {line.code}"
    yield Step("payment", about, [position], inputs, result, "usc-1395m-v" if cut else "payer")


def _total_steps(total: ThresholdTotal) -> list[Step]:
    about = f"{total.bucket} {total.year}"
    amounts: dict[str, int | str] = {"own_cents": total.own_cents, "external_cents": total.external_cents}
    amounts |= {"days": total.days, "estimated": "yes" if total.estimated else "no"}
    steps = [Step("total", about, [], amounts, {"total_cents": total.total_cents}, "usc-1395l-g")]
    for name, threshold in (("kx", total.kx), ("review", total.review)):
        inputs: dict[str, int | str] = {"threshold_cents": threshold.threshold_cents, "total_cents": total.total_cents}
        result: dict[str, int | str] = {"state": threshold.state, "remaining_cents": threshold.remaining_cents}
        if threshold.crossed_on:
            result["crossed_on"] = threshold.crossed_on
        steps.append(Step(f"threshold_{name}", about, [], inputs, result, "usc-1395l-g"))
    return steps
