"""Who pays what in a patient's year: the deductible is used up line by line, in the order that lines count in."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pipeline.events.days import Line
from pipeline.events.fields import clock_order
from pipeline.ledger.coverage import Coverage, copay, newest_first
from pipeline.ledger.year import PatientFacts, YearFacts
from pipeline.money import dollars
from pipeline.rules.cost_sharing import UNKNOWN, Owed, owed
from pipeline.rules.parameters import NoFigure, Unpriced, figure, provisional
from pipeline.rules.payers import Payers

DEDUCTIBLE = "part_b_deductible"
_ASSISTED = frozenset({"CO", "CQ"})
_WHOLE = 100


class Payment(NamedTuple):
    """Who pays what of a day: of each line, by payer the figure that lacks, and whose deductible is carried forward."""

    lines: list[Owed]
    lacks: dict[str, Unpriced]
    carried: list[str]


class Payments:
    """What patient and payers owe in a year, day by day; nothing is computed before it is asked for.

    What is left of a deductible is what the newest report of the payer says that covers the date, from the date it is
    as of on and in that calendar year; less what the year's lines since then have used of it. Where no report holds,
    Medicare's yearly deductible does, and for other payers none is known to be left.
    """

    def __init__(self, year: int, facts: YearFacts, patient: PatientFacts, payers: Payers) -> None:
        self._year = f"{year:04d}"
        self._facts = facts
        self._coverages: Mapping[str, Coverage] = patient.coverages
        self._payers = payers
        self._known: dict[str, tuple[list[Coverage], _Deductible]] = {}

    def of(self, date: str, lines: Sequence[Line]) -> Payment:
        """Give who pays what of a day's lines, in their order."""
        found = [UNKNOWN] * len(lines)
        priced: dict[str, list[int]] = {}
        for position, line in enumerate(lines):
            if line.allowed_cents is not None:
                priced.setdefault(line.payer_id, []).append(position)
        lacks: dict[str, Unpriced] = {}
        carried = []
        for payer_id, positions in priced.items():
            try:
                if self._share(payer_id, date, lines, positions, found):
                    carried.append(payer_id)
            except NoFigure as error:
                lacks[payer_id] = error.missing
        return Payment(found, lacks, carried)

    def _share(self, payer_id: str, date: str, lines: Sequence[Line], positions: list[int], found: list[Owed]) -> bool:
        """Share the lines of one payer that have an amount, by their positions.

        Tells whether they use a deductible that is carried forward from another year.
        """
        rules = self._payers.at(payer_id, date)
        newest, deductible = self._deductible(payer_id)
        left = deductible.left(date, medicare=rules.part_b_deductible)
        carried = left > 0 and deductible.carried(date)
        visit = None
        if rules.takes_copay:
            stated = copay(newest, date)
            visit = rules.copay_cents if stated is None else stated
        if len(positions) > 1 and (left or visit is not None):
            positions = sorted(positions, key=lambda at: (clock_order(lines[at].started_at), lines[at].code, at))
        copays: dict[str, int] = {}
        for at in positions:
            line = lines[at]
            of_visit = None if visit is None else copays.get(line.discipline, visit)
            assisted = rules.assistant_reduction and not _ASSISTED.isdisjoint(line.modifiers)
            part = figure("assistant_payment", date) if assisted else _WHOLE
            share = owed(line.allowed_cents or 0, left, rules.coinsurance_percent, of_visit, part)
            left -= share.deductible_cents
            if of_visit and share.patient_cents is not None:
                copays[line.discipline] = of_visit - (share.patient_cents - share.deductible_cents)
            found[at] = share
        return carried

    def _deductible(self, payer_id: str) -> "tuple[list[Coverage], _Deductible]":
        """Give a payer's coverages, the newest first, and its deductible."""
        known = self._known.get(payer_id)
        if known is None:
            newest = newest_first(self._coverages, payer_id) if self._coverages else []
            reports = [
                report
                for report in newest
                if report.deductible_cents is not None and report.holds_from[:4] == self._year
            ]
            known = self._known[payer_id] = newest, _Deductible(payer_id, reports, self._facts, self._payers)
        return known


class _Deductible:
    """What is left of one payer's deductible at the start of each day of a year."""

    def __init__(self, payer_id: str, reports: Sequence[Coverage], facts: YearFacts, payers: Payers) -> None:
        self._payer_id = payer_id
        self._reports = reports
        self._facts = facts
        self._payers = payers
        self._used: dict[str, int] | None = None

    def left(self, date: str, *, medicare: bool) -> int:
        """Give what is left at the start of a date, whole cents; `NoFigure` where Medicare's year has none."""
        report = self._holding(date)
        if report is None and not medicare:
            return 0
        at_first = _stated(report, date)
        if not at_first:
            return 0
        if self._used is None:
            self._used = self._walk()
        return max(0, at_first - self._used.get(date, 0))

    def carried(self, date: str) -> bool:
        """Tell whether what holds on a date is Medicare's deductible, carried forward from another year."""
        return self._holding(date) is None and bool(provisional((DEDUCTIBLE,), int(date[:4])))

    def _holding(self, date: str) -> Coverage | None:
        for report in self._reports:
            if report.holds_from <= date <= report.through:
                return report
        return None

    def _walk(self) -> dict[str, int]:
        """Add up by day what earlier days have used of what holds on it; what is used up is found at the first step."""
        used: dict[Coverage | None, int] = {}
        before = {}
        dates = [date for date, entry in self._facts.days.items() if self._payer_id in entry.allowed]
        for date in sorted(dates):
            report = self._holding(date) if self._reports else None
            so_far = before[date] = used.get(report, 0)
            used[report] = so_far + self._facts.days[date].allowed[self._payer_id]
        return before


def _stated(report: Coverage | None, date: str) -> int:
    if report is not None:
        return report.deductible_cents or 0
    return figure(DEDUCTIBLE, f"{date[:4]}-01-01")


def payment_steps(lines: Sequence[Line], payment: Payment) -> list[str]:
    """Say line by line who pays what, for a person."""
    steps = []
    for line, share in zip(lines, payment.lines, strict=True):
        text = f"{' '.join([line.payer_id, line.discipline, line.code, *line.modifiers])}: "
        if share.patient_cents is None or share.payer_cents is None or line.allowed_cents is None:
            lacks = payment.lacks.get(line.payer_id) or "another payer comes first"
            why = "the line has no amount" if line.allowed_cents is None else lacks
            steps.append(f"{text}who pays what is open: {why}")
            continue
        of_rest = share.patient_cents - share.deductible_cents
        text += f"of {dollars(line.allowed_cents)} the patient owes {dollars(share.patient_cents)} "
        text += f"({dollars(share.deductible_cents)} of the deductible, {dollars(of_rest)} of the rest), "
        text += f"the payer {dollars(share.payer_cents)}"
        cut = line.allowed_cents - share.patient_cents - share.payer_cents
        steps.append(text + (f"; {dollars(cut)} is cut for the assistant (42 USC 1395m(v))" if cut else ""))
    return steps
