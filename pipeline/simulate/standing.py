"""What stands around the visits: coverage, what others have billed, certificates, attestations of necessity."""

from collections.abc import Sequence
from datetime import date

from pipeline.events.fields import Bucket
from pipeline.simulate.chance import Chance
from pipeline.simulate.clock import DAY, MINUTE, date_text
from pipeline.simulate.outbox import Outbox
from pipeline.simulate.patients import MEDICARE, Patient, Plan
from pipeline.simulate.treatments import worth_cents
from pipeline.simulate.visits import Visit, billed

Spread = Sequence[tuple[tuple[int, int] | None, int]]

ACCRUED_SHORT: Spread = (
    *((None, 24), ((0, 90_000), 24), ((90_000, 170_000), 20)),
    *(((170_000, 210_000), 12), ((210_000, 247_000), 11), ((247_000, 285_000), 4)),
    *(((285_000, 300_000), 3), ((300_000, 360_000), 2)),
)
"""Cents that an eligibility answer says, from and to, or no answer, each with a weight.

A short run has few visits a patient, so its patients start near the thresholds whatever the time of the year.
"""

ACCRUED_LONG: Spread = ((None, 55), ((0, 60_000), 30), ((60_000, 150_000), 10), ((150_000, 280_000), 5))
"""As above for a run in which a patient's own visits can reach a threshold."""

LONG_FROM = 60
"""Days from which a run is long."""

COVERAGE_REPORTED = 0.6
ALL_PROVIDERS = 0.3
CERTIFIED = 0.92
ATTESTED = 0.65
KX_CENTS, REVIEW_CENTS = 248_000, 300_000
"""The thresholds of 2026 as the clinics' people know them; the rules have their own."""

ATTESTED_FROM_CENTS = KX_CENTS * 17 // 20
_CERTIFICATE_DAYS = 90


def register(outbox: Outbox, plan: Plan, day: int, days: int, chance: Chance) -> None:
    """Tell, before a plan's first visit, what the payer says of the patient and of what others have billed."""
    patient = plan.patient
    morning = day * DAY + patient.site.opens - chance.between(5, 55) * MINUTE
    if plan.number == 1 and chance.happens(COVERAGE_REPORTED):
        _report_coverage(outbox, patient, day, morning, chance)
    if patient.payer_id == MEDICARE and plan.bucket not in patient.believed_cents:
        accrued = chance.weighted(ACCRUED_SHORT if days < LONG_FROM else ACCRUED_LONG)
        amount = chance.between(*accrued) if accrued else 0
        patient.believed_cents[plan.bucket] = amount
        if accrued:
            basis = "all_providers" if chance.happens(ALL_PROVIDERS) else "other_providers"
            accrual = {
                "accrual_id": f"x-{patient.number}-{plan.number}",
                "revision": 1,
                "year": date.fromisoformat(date_text(day)).year,
                "bucket": plan.bucket,
                "amount_cents": amount,
                "as_of": date_text(day - 1),
                "basis": basis,
            }
            outbox.send("accrual.reported", patient, morning + chance.between(10, 200), accrual)


def _report_coverage(outbox: Outbox, patient: Patient, day: int, at: int, chance: Chance) -> None:
    year = date_text(day)[:4]
    coverage: dict[str, object] = {
        "coverage_id": f"c-{patient.number}",
        "revision": 1,
        "payer_id": patient.payer_id,
        "effective_from": f"{year}-01-01",
        "effective_through": f"{year}-12-31",
        "verified_at": patient.site.zone.text(at),
    }
    if patient.payer_id == MEDICARE:
        coverage["deductible_remaining_cents"] = chance.one((0, 0, 0, 4_500, 11_250, 28_300))
    else:
        coverage["copay_cents"] = chance.one((2_000, 2_500, 3_000, 4_000))
        coverage["visit_limit"] = chance.one((20, 30, 40, 60))
        coverage["visits_used"] = chance.between(0, 12)
    if patient.payer_id == "uhc":
        visits = chance.one((8, 12, 16, 24))
        coverage["authorization"] = {
            "number": f"u-{patient.number}",
            "visits": visits,
            "units": 3 * visits,
            "through": date_text(day + 90),
        }
    outbox.send("coverage.reported", patient, at, coverage)


def certify(outbox: Outbox, visit: Visit, chance: Chance) -> None:
    """Have the plan signed within days of the evaluation, and again when it runs out."""
    plan, patient = visit.plan, visit.patient
    if visit.day <= plan.certified_through:
        return
    plan.certified_through = visit.day + _CERTIFICATE_DAYS - 1
    if not chance.happens(CERTIFIED):
        return
    certificate = {
        "plan_id": f"pl-{patient.number}-{plan.number}",
        "revision": visit.number,
        "discipline": plan.discipline,
        "certified_from": date_text(visit.day),
        "certified_through": date_text(plan.certified_through),
    }
    outbox.send("plan.certified", patient, visit.ends + chance.between(2, 4 * 1_440) * MINUTE, certificate)


def believe(outbox: Outbox, visit: Visit, chance: Chance) -> bool:
    """Add a visit to what the clinic believes of the year; give whether it thereby goes over a threshold.

    Near KX somebody attests necessity, or forgets to.
    """
    patient, bucket = visit.patient, visit.plan.bucket
    if patient.payer_id != MEDICARE:
        return False
    before = patient.believed_cents.get(bucket, 0)
    after = patient.believed_cents[bucket] = before + worth_cents(billed(visit))
    if after > ATTESTED_FROM_CENTS and bucket not in patient.attested:
        patient.attested[bucket] = chance.happens(ATTESTED)
        if patient.attested[bucket]:
            _attest(outbox, visit, bucket, chance)
    return any(before <= threshold < after for threshold in (KX_CENTS, REVIEW_CENTS))


def _attest(outbox: Outbox, visit: Visit, bucket: Bucket, chance: Chance) -> None:
    patient = visit.patient
    attestation = {
        "attestation_id": f"n-{patient.number}-{visit.plan.number}",
        "revision": 1,
        "bucket": bucket,
        "from": date_text(visit.day),
        "through": date_text(visit.day + _CERTIFICATE_DAYS),
        "therapist_id": visit.plan.therapist.therapist_id,
    }
    outbox.send("necessity.attested", patient, visit.ends + chance.between(5, 600) * MINUTE, attestation)
