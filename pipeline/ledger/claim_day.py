"""A day as it goes on claims: every modifier, KX where it is due, and the claim that was last sent."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from pipeline.events.days import ClaimDay, ClaimLine, Finding, Line, SentClaim
from pipeline.events.fields import BUCKET, instant
from pipeline.ledger.findings import in_order
from pipeline.ledger.payment import DEDUCTIBLE, Payment
from pipeline.ledger.year import BUCKETS, Claim, PatientFacts, YearFacts
from pipeline.rules.cost_sharing import UNKNOWN, Owed
from pipeline.rules.parameters import Unpriced


def sent_order(claim: Claim) -> tuple[tuple[datetime, str], int, tuple[datetime, str], str, str]:
    """Give what orders claims of a day: when they were submitted, then their versions, then their ids."""
    revision, occurred_at, event_id = claim.version
    return instant(claim.sent.submitted_at), revision, instant(occurred_at), event_id, claim.sent.claim_id


def last_sent(facts: YearFacts, date: str, payer_id: str | None = None) -> SentClaim | None:
    """Give the claim of a date that was sent last, of one payer or of any."""
    claims = [
        claim for claim in facts.claims.get(date, {}).values() if payer_id is None or claim.sent.payer_id == payer_id
    ]
    return max(claims, key=sent_order).sent if claims else None


def unattested(lines: Sequence[Line], due: Sequence[int], date: str, patient: PatientFacts) -> list[int]:
    """Give the positions of the lines that KX is due on and no attestation of their bucket covers."""
    return [position for position in due if not patient.attested(BUCKET[lines[position].discipline], date)]


class Sides(NamedTuple):
    """What a day's claim goes by beside its lines: the claim last sent, the positions KX is due on, who pays what."""

    sent: SentClaim | None
    due: Sequence[int]
    payment: Payment


def claim_day(of: tuple[str, str], lines: Sequence[Line], sides: Sides, patient: PatientFacts) -> ClaimDay:
    """Give a day's claim, of a patient and a date, from its lines."""
    patient_id, date = of
    due, owed = sides.due, sides.payment.lines
    held = unattested(lines, due, date, patient)
    findings = [_not_attested(lines[position]) for position in held]
    findings += [_open(payer_id, lacks) for payer_id, lacks in sides.payment.lacks.items()]
    findings += [_carried(payer_id) for payer_id in sides.payment.carried]
    return ClaimDay(
        patient_id=patient_id,
        service_date=date,
        lines=claimed(lines, due, owed),
        kx_lines=list(due),
        kx_attested=not held if due else _attested(date, patient),
        findings=in_order(findings),
        submitted=sides.sent,
    )


def _attested(date: str, patient: PatientFacts) -> bool:
    """Tell whether an attestation of any bucket covers a date."""
    return bool(patient.attestations) and any(patient.attested(bucket, date) for bucket in BUCKETS)


def claimed(lines: Sequence[Line], due: Sequence[int], owed: Sequence[Owed] | None = None) -> list[ClaimLine]:
    """Give a day's lines as they go on claims: KX on those whose positions are `due`, and what is owed where told."""
    shares = owed or [UNKNOWN] * len(lines)
    return [_claim_line(line, shares[position], with_kx=position in due) for position, line in enumerate(lines)]


def _claim_line(line: Line, owed: Owed, *, with_kx: bool) -> ClaimLine:
    return ClaimLine(
        payer_id=line.payer_id,
        discipline=line.discipline,
        code=line.code,
        units=line.units,
        minutes=line.minutes,
        modifiers=[*line.modifiers, "KX"] if with_kx else line.modifiers,
        allowed_cents=line.allowed_cents,
        full_cents=line.full_cents,
        reductions=line.reductions,
        segment_ids=line.segment_ids,
        started_at=line.started_at,
        patient_cents=owed.patient_cents,
        payer_cents=owed.payer_cents,
    )


def _not_attested(line: Line) -> Finding:
    return Finding(
        kind="kx_not_attested",
        message="KX is due and no attestation covers the date: hold the line until necessity is attested.",
        payer_id=line.payer_id,
        discipline=line.discipline,
        code=line.code,
        segment_ids=line.segment_ids,
    )


def _carried(payer_id: str) -> Finding:
    return Finding(
        kind="provisional",
        message="Who pays what is provisional: the deductible is carried forward from another year.",
        payer_id=payer_id,
        discipline=None,
        code=None,
        segment_ids=[],
        parameters=[DEDUCTIBLE],
    )


def _open(payer_id: str, lacks: Unpriced) -> Finding:
    return Finding(
        kind="no_figure",
        message=f"Who pays what of the payer's lines is not known: {lacks}.",
        payer_id=payer_id,
        discipline=None,
        code=None,
        segment_ids=[],
        parameters=[lacks.parameter],
    )
