"""A patient's year as facts: days, accruals, claims, answers, plans; and what of the patient holds in every year."""

from collections.abc import Callable, Mapping, Sequence

import msgspec
from msgspec import Struct

from pipeline.events.days import Line, SentClaim
from pipeline.events.fields import BUCKET, Bucket, alike, clock_order
from pipeline.ledger.coverage import Coverage
from pipeline.ledger.day import Day
from pipeline.rules.accrual_basis import AFTER_REDUCTION_BEFORE_CUT, AccrualBasis, accrual_basis
from pipeline.rules.accruals import Accrual
from pipeline.rules.assistants import MODIFIER
from pipeline.rules.payers import Payer, Payers
from pipeline.rules.remittances import Key, Remittance, key_of, standing

BUCKETS: tuple[Bucket, ...] = ("OT", "PT-SLP")
_TROUBLE = ("blocked", "code_not_listed", "no_price")


_ASSISTED = frozenset(MODIFIER.values())


class PackedLine(Line, frozen=True, kw_only=True, array_like=True, gc=False):
    """A line as it is stored: without the names of its fields, which would be the most of it."""


_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(list[PackedLine]).decode


class Counted(Struct, frozen=True, array_like=True, gc=False):
    """A Medicare line as the totals count it: its position in the day, its bucket, its whole cents (None unpriced).

    Those are what a remittance says that was adjudicated on a date, else an estimate. `without_kx` tells a line with
    GA, or of a payer that wants no KX: it counts and crosses like any, but never has it.
    """

    position: int
    bucket: Bucket
    cents: int | None
    without_kx: bool = False
    adjudicated_on: str | None = None


class DayEntry(Struct, frozen=True, array_like=True, gc=False):
    """A day of a year: its Medicare lines in the order that KX counts them in, all its lines packed, its trouble.

    A day that stands no more, or never did, stays as an entry without lines, so that a claim sent for it differs.
    `provisional` names, by their positions, the figures carried forward that its Medicare lines are priced by.
    `allowed` are the whole cents of its lines by payer, of which deductibles are used up.
    """

    stands: bool
    counted: list[Counted]
    packed_lines: bytes
    trouble: list[tuple[str, str]]
    provisional: list[tuple[int, str]] = []
    allowed: dict[str, int] = {}

    def lines(self) -> list[PackedLine]:
        """Give all lines of the day, of every payer."""
        return _unpack(self.packed_lines)


class Claim(Struct, frozen=True, array_like=True, gc=False):
    """A claim as its newest version tells it; `version` orders two that were submitted at the same moment."""

    sent: SentClaim
    version: tuple[int, str, str]


class Planned(Struct, frozen=True, array_like=True, gc=False):
    """An appointment as its newest version tells it: codes with their minutes; `kept` is False once it is cancelled."""

    starts_at: str
    discipline: str
    site_id: str
    services: list[tuple[str, int]]
    kept: bool


class YearFacts(Struct, frozen=True, array_like=True, gc=False):
    """What is known of a patient's year: days by date, accruals by id, claims and appointments by date and id.

    `own_cents` is what each day with a Medicare line adds to a bucket, by bucket and date, whole cents. Remittances
    are by date, in the order of `adjudicated_on`, then of versions; `taken_back` are dates with a line whose amount is
    less than nothing.
    """

    days: dict[str, DayEntry] = {}
    own_cents: dict[Bucket, dict[str, int]] = {}
    accruals: dict[str, Accrual] = {}
    claims: dict[str, dict[str, Claim]] = {}
    remittances: dict[str, list[Remittance]] = {}
    planned: dict[str, dict[str, Planned]] = {}
    taken_back: list[str] = []


class Attestation(Struct, frozen=True, array_like=True, gc=False):
    """Services of a bucket over the threshold are attested, from a date through a date."""

    bucket: Bucket
    first: str
    through: str


class PatientFacts(Struct, frozen=True, array_like=True, gc=False):
    """What holds in every year of a patient: the years there are, the attestations and the coverages by id.

    `reversals` are the remittances that name another, by id: the one that is named, and their own service date.
    """

    years: list[int] = []
    attestations: dict[str, Attestation] = {}
    coverages: dict[str, Coverage] = {}
    reversals: dict[str, tuple[str, str]] = {}

    def fallen(self) -> frozenset[str]:
        """Give the remittances that another names: they count no more, even where that one is itself reversed."""
        return frozenset(named for named, _ in self.reversals.values()) if self.reversals else _NONE

    def attested(self, bucket: Bucket, date: str) -> bool:
        """Tell whether an attestation covers a date."""
        return any(
            attestation.bucket == bucket and attestation.first <= date <= attestation.through
            for attestation in self.attestations.values()
        )


_NO_ANSWER: Mapping[Key, Remittance] = {}
_NONE: frozenset[str] = frozenset()
GONE = DayEntry(False, [], _pack([]), [])


def day_entry(
    day: Day, payers: Payers, answers: Mapping[Key, Remittance] = _NO_ANSWER, *, packed: bool = True
) -> DayEntry:
    """Give what a year keeps of a day; without `packed` all but the lines, for a caller who has them.

    Its Medicare lines are ordered by the earliest start of their count, those without a clock last, then code,
    discipline, plain before CO or CQ. They count what `answers` say, the remittances that stand for its date.
    """
    basis, findings = accrual_basis(day.service_date), day.findings
    trouble = [(found.kind, f"{found.code}: {found.message}") for found in findings if found.kind in _TROUBLE]
    counted = [
        Counted(place, BUCKET[line.discipline], accrues(line, basis), "GA" in line.modifiers or not rules.kx)
        for place, line, rules in _in_kx_order(day, payers)
    ]
    return DayEntry(
        True,
        _answered(counted, day.lines, answers) if answers else counted,
        _pack([msgspec.structs.astuple(line) for line in day.lines]) if packed else b"",
        trouble,
        _carried(day, counted) if findings else [],
        _allowed(day.lines),
    )


def answers(facts: YearFacts, date: str, patient: PatientFacts) -> Mapping[Key, Remittance]:
    """Give the remittances that stand for a date's lines."""
    posted = facts.remittances.get(date)
    return standing(posted, patient.fallen()) if posted else _NO_ANSWER


def answered(entry: DayEntry, date: str, answers: Mapping[Key, Remittance]) -> DayEntry:
    """Count a day's lines by the remittances that stand for its date, and the others by estimate."""
    lines, basis = entry.lines(), accrual_basis(date)
    counted = [
        Counted(line.position, line.bucket, accrues(lines[line.position], basis), line.without_kx)
        for line in entry.counted
    ]
    return msgspec.structs.replace(entry, counted=_answered(counted, lines, answers))


def _answered(counted: list[Counted], lines: Sequence[Line], answers: Mapping[Key, Remittance]) -> list[Counted]:
    found, left = [], dict(answers)
    for one in counted:
        line = lines[one.position]
        # Of two lines that a payer's modifiers do not tell apart the first has the answer.
        answer = left.pop(key_of(line.payer_id, line.code, line.modifiers), None)
        if answer is None:
            found.append(one)
        else:
            stated = answer.allowed_cents, one.without_kx, answer.adjudicated_on
            found.append(Counted(one.position, one.bucket, *stated))
    return found


def _carried(day: Day, counted: Sequence[Counted]) -> list[tuple[int, str]]:
    named = {
        (found.payer_id, found.discipline, found.code, *found.segment_ids): found.parameters
        for found in day.findings
        if found.kind == "provisional"
    }
    lines = [(one.position, day.lines[one.position]) for one in counted]
    return [
        (position, name)
        for position, line in lines
        for name in named.get((line.payer_id, line.discipline, line.code, *line.segment_ids), ())
    ]


def _allowed(lines: Sequence[Line]) -> dict[str, int]:
    """Add up lines by payer, whole cents; one without an amount adds nothing."""
    sums: dict[str, int] = {}
    for line in lines:
        sums[line.payer_id] = sums.get(line.payer_id, 0) + (line.allowed_cents or 0)
    return sums


def accrues(line: Line, basis: AccrualBasis) -> int | None:
    """Give what a line counts towards its bucket, whole cents."""
    if basis is AFTER_REDUCTION_BEFORE_CUT:
        return line.allowed_cents
    assisted = not _ASSISTED.isdisjoint(line.modifiers)
    return basis.cents(line.full_cents, line.allowed_cents, by_assistant=assisted)


def _in_kx_order(day: Day, payers: Payers) -> list[tuple[int, Line, Payer]]:
    """Give the lines of payers with thresholds, each between its position and its payer, in the order of KX."""
    date = day.service_date
    counted: list[tuple[int, Line, Payer]] = []
    payer_id = ""
    rules: Payer | None = None
    for place, line in enumerate(day.lines):
        if rules is None or line.payer_id != payer_id:
            payer_id = line.payer_id
            rules = payers.at(payer_id, date)
        if rules.thresholds:
            counted.append((place, line, rules))
    if len(counted) > 1:
        # Where the texts order as the clock does, they are the faster to compare.
        clock: Callable[[str | None], object] = (
            str if alike([line.started_at for _, line, _ in counted]) else clock_order
        )
        counted.sort(key=lambda found: (clock(found[1].started_at), found[1].code, found[1].discipline, found[0]))
    return counted


def put_day(facts: YearFacts, date: str, entry: DayEntry) -> tuple[YearFacts, set[Bucket]]:
    """Replace a day of a year; gives the facts, and the buckets that the day counts in or counted in."""
    was = facts.days.get(date, GONE)
    buckets = {line.bucket for line in entry.counted}
    touched = buckets | {line.bucket for line in was.counted}
    if not touched:
        # Of payers without thresholds, as many patients' years are.
        return msgspec.structs.replace(facts, days={**facts.days, date: entry}), touched
    own_cents = {**facts.own_cents}
    for bucket in touched:
        dates = own_cents[bucket] = {**own_cents.get(bucket, {})}
        if bucket in buckets:
            dates[date] = sum([line.cents or 0 for line in entry.counted if line.bucket == bucket])
        else:
            del dates[date]
    taken_back = facts.taken_back
    if taken_back or date in facts.remittances:
        less = [date] if any((line.cents or 0) < 0 for line in entry.counted) else []
        taken_back = [other for other in taken_back if other != date] + less
    days = {**facts.days, date: entry}
    return msgspec.structs.replace(facts, days=days, own_cents=own_cents, taken_back=taken_back), touched
