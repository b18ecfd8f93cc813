"""What billing sends days after a visit, and the few answers that come back."""

from typing import Any

from pipeline.simulate.chance import Chance
from pipeline.simulate.clock import DAY, HOUR, date_text
from pipeline.simulate.outbox import Outbox
from pipeline.simulate.patients import MEDICARE, Patient
from pipeline.simulate.standing import KX_CENTS
from pipeline.simulate.treatments import MODIFIER, worth_cents
from pipeline.simulate.visits import Visit, billed

SUBMITTED = 0.5
WRONG = 0.06
"""Of claims: with a unit too many."""

ANSWERED = 0.12
DENIED = 0.08
"""Of claims, those that a remittance comes for; of its lines, those that are denied."""

Line = dict[str, Any]


def submit(outbox: Outbox, visits: list[Visit], chance: Chance) -> None:
    """Send one claim for all that a patient had on a day, where the EMR sends claims."""
    patient, day = visits[0].patient, visits[0].day
    if not patient.site.feed.claims or not chance.happens(SUBMITTED):
        return
    lines = [line for visit in visits for line in _lines(visit)]
    if not lines:
        return
    if chance.happens(WRONG):
        lines[0]["units"] += 1
    at = (day + chance.between(2, 6)) * DAY + chance.between(9 * HOUR, 17 * HOUR)
    claim = {
        "claim_id": f"cl-{patient.number}-{visits[0].number}",
        "revision": 1,
        "payer_id": patient.payer_id,
        "service_date": date_text(day),
        "submitted_at": patient.site.zone.text(at),
        "lines": lines,
    }
    outbox.send("claim.submitted", patient, at, claim)
    if chance.happens(ANSWERED):
        _answer(outbox, patient, claim, at // DAY + chance.between(14, 28), chance)


def _lines(visit: Visit) -> list[Line]:
    patient, plan = visit.patient, visit.plan
    modifiers = [MODIFIER[plan.discipline]]
    if patient.attested.get(plan.bucket) and patient.believed_cents[plan.bucket] > KX_CENTS:
        modifiers.append("KX")
    return [
        {
            "code": code,
            "modifiers": modifiers,
            "units": count,
            "charge_cents": 2 * worth_cents({code: count}),
            "control_number": f"{patient.number}-{visit.number}-{nth}",
        }
        for nth, (code, count) in enumerate(sorted(billed(visit).items()), start=1)
    ]


def _answer(outbox: Outbox, patient: Patient, claim: Line, day: int, chance: Chance) -> None:
    at = day * DAY + 10 * HOUR
    for line in claim["lines"]:
        allowed = 0 if chance.happens(DENIED) else line["charge_cents"] * chance.between(44, 50) // 100
        paid = allowed * 784 // 1_000 if patient.payer_id == MEDICARE else max(0, allowed - 1_000)
        rest = line["charge_cents"] - allowed
        remittance = {
            "remittance_id": f"r-{line['control_number']}",
            "revision": 1,
            "payer_id": patient.payer_id,
            "service_date": claim["service_date"],
            "code": line["code"],
            "modifiers": line["modifiers"],
            "units": line["units"],
            "allowed_cents": allowed,
            "paid_cents": paid,
            "adjudicated_on": date_text(day),
            "adjustments": [
                {"group": "CO", "reason": "45" if allowed else "50", "amount_cents": rest},
                *([{"group": "PR", "reason": "2", "amount_cents": allowed - paid}] if allowed else []),
            ],
            "claim_id": claim["claim_id"],
        }
        outbox.send("remittance.posted", patient, at + chance.between(0, 60), remittance)
