"""What payers answered, beside a day's lines: answers that belong to no line, and lines that were denied."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from pipeline.events.days import ClaimDay, Finding, Line
from pipeline.ledger.findings import in_order
from pipeline.money import dollars
from pipeline.rules.remittances import Key, Remittance, key_of

_DISCIPLINE = {"GO": "OT", "GP": "PT", "GN": "SLP"}


def strays(answers: Mapping[Key, Remittance], lines: Sequence[Line]) -> list[Remittance]:
    """Give the remittances that no line of their date belongs to: they count nothing."""
    if not answers:
        return []
    known = {key_of(line.payer_id, line.code, line.modifiers) for line in lines}
    return [answer for key, answer in sorted(answers.items()) if key not in known]


def with_strays(claim: ClaimDay, answers: Mapping[Key, Remittance]) -> ClaimDay:
    """Say on a day's claim which remittances belong to none of its lines."""
    found = strays(answers, claim.lines)
    return replace(claim, findings=in_order([*claim.findings, *map(_stray, found)])) if found else claim


def _stray(answer: Remittance) -> Finding:
    modifiers = answer.modifiers.split()
    return Finding(
        kind="remittance_without_line",
        message=f"Remittance {answer.remittance_id} answers {described(answer)}, which is no line of the day.",
        payer_id=answer.payer_id,
        discipline=next((_DISCIPLINE[one] for one in modifiers if one in _DISCIPLINE), None),
        code=answer.code,
        segment_ids=[],
    )


def described(answer: Remittance) -> str:
    """Name the line that a remittance answers."""
    return " ".join([answer.code, *answer.modifiers.split()])


def denied(answers: Mapping[Key, Remittance], lines: Sequence[Line]) -> dict[str, list[str]]:
    """Give the lines that are denied, by payer, each with why: CARC group and reason, and dollars."""
    if not any(answer.reasons for answer in answers.values()):
        return {}
    found: dict[str, list[str]] = {}
    for line in lines:
        answer = answers.get(key_of(line.payer_id, line.code, line.modifiers))
        if answer is not None and answer.reasons:
            why = ", ".join(f"{code} {dollars(int(cents))}" for code, cents in map(_parted, answer.reasons))
            found.setdefault(line.payer_id, []).append(f"{described(answer)}: {why}")
    return found


def _parted(reason: str) -> tuple[str, str]:
    code, _, cents = reason.rpartition(" ")
    return code, cents
