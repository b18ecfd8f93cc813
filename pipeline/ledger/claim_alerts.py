"""What billers are told of claims: lines to hold, lines without a price, claims that must be sent again."""

from collections import Counter
from collections.abc import Mapping, Sequence

from msgspec import Struct

from pipeline.events.alerts import ClaimAlert, ClaimNews, alert_id
from pipeline.events.days import ClaimLine, Line, SentClaim, SentLine
from pipeline.ledger.answers import denied, described, strays
from pipeline.ledger.claim_day import claimed, sent_order, unattested
from pipeline.ledger.lines import DISCIPLINE
from pipeline.ledger.marks import DISTINCT, NOTICE
from pipeline.ledger.tables import Cause
from pipeline.ledger.year import PatientFacts, YearFacts, answers
from pipeline.rules.assistants import MODIFIER as ASSISTANT
from pipeline.rules.remittances import Key, Remittance


class Trouble(Struct, frozen=True):
    """Something about a day's claims that a biller must act on; it is settled when it is found no more.

    `caveat` says in either alert what it was made with that may still change.
    """

    kind: str
    payer_id: str | None
    lines: list[str]
    submitted: SentClaim | None
    sentence: str
    action: str
    therapist_id: str | None = None
    with_patient_id: str | None = None
    caveat: str = ""


_ACTIONS = {
    "code_not_listed": "Correct the segment's code, or install a release that lists it.",
    "blocked": "Hold the lines: mend the segments' times or regions of the body, or bill one code of the pair.",
    "no_price": "Install a release that has the figure that is named.",
    "kx_not_attested": "Hold the lines until necessity is attested for the date.",
    "denied": "Read the reasons: send a corrected claim or appeal, or write the lines off.",
    "remittance_without_line": "Find the line that the payer answered: record the service, or ask the payer.",
    "therapist_overlap": "Correct the times; where both were treated together, bill the group (97150).",
    "no_threshold": "Install a release that has the year's figures: until then the year has no total.",
}


def troubles(date: str, facts: YearFacts, due: Sequence[int], patient: PatientFacts) -> dict[str, Trouble]:
    """Find what is amiss with a day's claims, by kind and payer. `due` are the positions of the lines that need KX."""
    entry = facts.days.get(date)
    lines = [] if entry is None else entry.lines()
    found = _answered(answers(facts, date, patient), lines, stands=entry is not None and entry.stands)
    if entry is None:
        return found
    for kind in sorted({kind for kind, _ in entry.trouble}):
        texts = sorted(text for other, text in entry.trouble if other == kind)
        found[kind] = Trouble(kind, None, texts, None, " ".join(texts), _ACTIONS[kind])
    if due:
        held = [_described(lines[position]) for position in unattested(lines, due, date, patient)]
        if held:
            text = f"KX is due on {', '.join(held)} and no attestation covers the date."
            found["kx_not_attested"] = Trouble("kx_not_attested", None, held, None, text, _ACTIONS["kx_not_attested"])
    if date in facts.claims:
        found |= _to_resubmit(date, facts, claimed(lines, due))
    return found


def _answered(posted: Mapping[Key, Remittance], lines: Sequence[Line], *, stands: bool) -> dict[str, Trouble]:
    """Find lines that were denied, by payer; and answers of a date that has no day to say so on."""
    found = {}
    for payer_id, texts in denied(posted, lines).items():
        text = f"{payer_id} denied {'; '.join(texts)}."
        found[f"denied|{payer_id}"] = Trouble("denied", payer_id, texts, None, text, _ACTIONS["denied"])
    if not stands and (left := strays(posted, lines)):
        texts = [f"{answer.remittance_id}: {described(answer)}" for answer in left]
        text = f"Nothing was recorded for what was answered: {', '.join(texts)}."
        kind = "remittance_without_line"
        found[kind] = Trouble(kind, None, texts, None, text, _ACTIONS[kind])
    return found


def _described(line: Line) -> str:
    """Name a line by its code, units and modifiers, without KX, which the sentence is about."""
    return " ".join([line.code, *line.modifiers, f"x {line.units}"])


def _to_resubmit(date: str, facts: YearFacts, billed: Sequence[ClaimLine]) -> dict[str, Trouble]:
    """Compare what was last sent to each payer for each discipline with the lines as they stand now.

    A day may go out on several claims, one a discipline; a later claim with lines of a discipline stands for it.
    """
    newest: dict[tuple[str, str], SentClaim] = {}
    for claim in sorted(facts.claims[date].values(), key=sent_order):
        for discipline in {_discipline(line) for line in claim.sent.lines} or {""}:
            newest[claim.sent.payer_id, discipline] = claim.sent
    found = {}
    for (payer_id, discipline), sent in sorted(newest.items(), key=lambda item: item[0]):
        lines = [line for line in billed if line.payer_id == payer_id]
        now = Counter(_compared(line) for line in lines if discipline in {"", _discipline(line)})
        then = Counter(_compared(line) for line in sent.lines if discipline in {"", _discipline(line)})
        if now == then:
            continue
        wanted = sorted(map(_text, now.elements()))
        text = f"Claim {sent.claim_id} was sent with other lines than the day has now: {', '.join(wanted) or 'none'}."
        about = f"resubmit|{payer_id}|{discipline}"
        found[about] = Trouble("resubmit", payer_id, wanted, sent, text, _correction(sent.claim_id, then, now))
    return found


_Compared = tuple[str, tuple[str, ...], int]


def _correction(claim_id: str, then: Counter[_Compared], now: Counter[_Compared]) -> str:
    """Say line by line how a claim becomes what the day is now: what to change, to drop and to add."""
    if not now:
        return f"Void claim {claim_id}: {', '.join(f'drop {_text(line)}' for line in sorted(then.elements()))}."
    old, new = sorted((then - now).elements()), sorted((now - then).elements())
    steps = []
    for line in old:
        other = next((one for one in new if one[0] == line[0]), None)
        if other is None:
            steps.append(f"drop {_text(line)}")
        else:
            new.remove(other)
            steps.append(f"change {_text(line)} to {_text(other)}")
    steps += [f"add {_text(line)}" for line in new]
    return f"Send a corrected claim {claim_id}: {', '.join(steps)}."


def _text(line: _Compared) -> str:
    code, modifiers, units = line
    return " ".join([code, *modifiers, f"x {units}"])


_DISCIPLINES = frozenset(DISCIPLINE.values())
_OURS = _DISCIPLINES | {*ASSISTANT.values(), *DISTINCT, NOTICE, "KX"}


def _discipline(line: ClaimLine | SentLine) -> str:
    return next((modifier for modifier in line.modifiers if modifier in _DISCIPLINES), "")


def _compared(line: ClaimLine | SentLine) -> _Compared:
    """Give what of a line is compared: of its modifiers those that are computed here, as a biller may add others."""
    return line.code, tuple(sorted(_OURS.intersection(line.modifiers))), line.units


def no_threshold(lacks: str) -> Trouble:
    """Say that a year has no thresholds: what is counted has no total."""
    return Trouble("no_threshold", None, [], None, f"The year has no total: {lacks}.", _ACTIONS["no_threshold"])


def therapist_overlap(therapist_id: str, other_patient: str, overlaps: list[str]) -> Trouble:
    """Say that a therapist was one-on-one with another patient at the same time; `overlaps` names segments of both."""
    text = f"Therapist {therapist_id} was one-on-one with patient {other_patient} too: {', '.join(overlaps)}."
    action = _ACTIONS["therapist_overlap"]
    return Trouble("therapist_overlap", None, overlaps, None, text, action, therapist_id, other_patient)


class Matter(Struct, frozen=True):
    """Whose day (or, without a date, year) an alert is about, and the event that caused it."""

    patient_id: str
    year: int
    date: str | None
    cause: Cause


def claim_alerts(before: dict[str, Trouble], after: dict[str, Trouble], matter: Matter) -> list[ClaimAlert]:
    """Give the alerts that a change of troubles is owed.

    What is new or other than it was is raised; what is gone is settled, so that nobody works on it any more.
    """
    alerts = [
        _alert(f"kxwatch.claim.{trouble.kind}", about, trouble, trouble.sentence, matter)
        for about, trouble in after.items()
        if before.get(about) != trouble
    ]
    settled = "settled: what was amiss is so no more."
    alerts += [
        _alert("kxwatch.claim.settled", about, trouble, settled, matter)
        for about, trouble in before.items()
        if about not in after
    ]
    return alerts


def _alert(kind: str, about: str, trouble: Trouble, sentence: str, matter: Matter) -> ClaimAlert:
    return ClaimAlert(
        id=alert_id(
            kind=kind,
            patient_id=matter.patient_id,
            year=matter.year,
            about=f"{matter.date or ''}|{about}",
            threshold="",
            event_id=matter.cause.event_id,
        ),
        type=kind,
        subject=matter.patient_id,
        time=matter.cause.occurred_at,
        data=ClaimNews(
            kind=trouble.kind,
            year=matter.year,
            bucket=None,
            service_date=matter.date,
            payer_id=trouble.payer_id,
            lines=trouble.lines,
            submitted=trouble.submitted,
            therapist_id=trouble.therapist_id,
            with_patient_id=trouble.with_patient_id,
            sentence=f"Patient {matter.patient_id}, {matter.date or matter.year}: {sentence}{trouble.caveat}",
            action="Nothing more to do." if kind.endswith("settled") else trouble.action,
        ),
    )
