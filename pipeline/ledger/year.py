"""A patient's year as facts: its days, accruals and claims; and what of the patient holds in every year."""

from collections.abc import Callable, Sequence

import msgspec
from msgspec import Struct

from pipeline.events.days import BillableDay, Line, SentClaim
from pipeline.events.fields import BUCKET, Bucket, alike, clock_order
from pipeline.ledger.coverage import Coverage
from pipeline.rules.accrual_basis import AFTER_REDUCTION_BEFORE_CUT, AccrualBasis, accrual_basis
from pipeline.rules.accruals import Accrual
from pipeline.rules.assistants import MODIFIER
from pipeline.rules.payers import Payer, Payers

BUCKETS: tuple[Bucket, ...] = ("OT", "PT-SLP")
_TROUBLE = ("blocked", "code_not_listed", "no_price")


_ASSISTED = frozenset(MODIFIER.values())


class PackedLine(Line, frozen=True, kw_only=True, array_like=True, gc=False):
    """A line as it is stored: without the names of its fields, which would be the most of it."""


_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(list[PackedLine]).decode


class Counted(Struct, frozen=True, array_like=True, gc=False):
    """A Medicare line as the totals count it: its position in the day, its bucket, its whole cents (None unpriced).

    `without_kx` tells a line with GA, or of a payer that wants no KX: it counts and crosses like any, but never has it.
    """

    position: int
    bucket: Bucket
    cents: int | None
    without_kx: bool = False


class DayEntry(Struct, frozen=True, array_like=True, gc=False):
    """A day of a year: its Medicare lines in the order that KX counts them in, all its lines packed, its trouble.

    A day that stands no more stays as an entry without lines, so that a claim sent for it is seen to differ.
    `provisional` names, by bucket, the figures carried forward that its Medicare lines are priced by.
    `allowed` are the whole cents of its lines by payer, of which deductibles are used up.
    """

    stands: bool
    counted: list[Counted]
    packed_lines: bytes
    trouble: list[tuple[str, str]]
    provisional: list[tuple[Bucket, str]] = []
    allowed: dict[str, int] = {}

    def lines(self) -> list[PackedLine]:
        """Give all lines of the day, of every payer."""
        return _unpack(self.packed_lines)


class Claim(Struct, frozen=True, array_like=True, gc=False):
    """A claim as its newest version tells it; `version` orders two that were submitted at the same moment."""

    sent: SentClaim
    version: tuple[int, str, str]


class YearFacts(Struct, frozen=True, array_like=True, gc=False):
    """What is known of a patient's year: days by date, accruals by id, claims by date and id.

    `own_cents` is what each day with a Medicare line adds to a bucket, by bucket and date, whole cents.
    """

    days: dict[str, DayEntry] = {}
    own_cents: dict[Bucket, dict[str, int]] = {}
    accruals: dict[str, Accrual] = {}
    claims: dict[str, dict[str, Claim]] = {}


class Attestation(Struct, frozen=True, array_like=True, gc=False):
    """Services of a bucket over the threshold are attested, from a date through a date."""

    bucket: Bucket
    first: str
    through: str


class PatientFacts(Struct, frozen=True, array_like=True, gc=False):
    """What holds in every year of a patient: the years there are, the attestations and the coverages by id."""

    years: list[int] = []
    attestations: dict[str, Attestation] = {}
    coverages: dict[str, Coverage] = {}

    def attested(self, bucket: Bucket, date: str) -> bool:
        """Tell whether an attestation covers a date."""
        return any(
            attestation.bucket == bucket and attestation.first <= date <= attestation.through
            for attestation in self.attestations.values()
        )


GONE = DayEntry(False, [], _pack([]), [])


def day_entry(day: BillableDay, payers: Payers, *, packed: bool = True) -> DayEntry:
    """Give what a year keeps of a day; without `packed` all but the lines, for a caller who has them.

    Its Medicare lines are ordered by the earliest start of their count, those without a clock last, then code,
    discipline, plain before CO or CQ.
    """
    basis, findings = accrual_basis(day.service_date), day.findings
    return DayEntry(
        True,
        [
            Counted(place, BUCKET[line.discipline], _accrues(line, basis), "GA" in line.modifiers or not rules.kx)
            for place, line, rules in _in_kx_order(day, payers)
        ],
        _pack([msgspec.structs.astuple(line) for line in day.lines]) if packed else b"",
        [(found.kind, f"{found.code}: {found.message}") for found in findings if found.kind in _TROUBLE],
        _carried(day, payers) if "provisional" in [found.kind for found in findings] else [],
        _allowed(day.lines),
    )


def _carried(day: BillableDay, payers: Payers) -> list[tuple[Bucket, str]]:
    found = {
        (BUCKET[finding.discipline], name)
        for finding in day.findings
        if finding.kind == "provisional" and finding.payer_id and finding.discipline
        for name in finding.parameters
        if payers.at(finding.payer_id, day.service_date).thresholds
    }
    return sorted(found)


def _allowed(lines: Sequence[Line]) -> dict[str, int]:
    """Add up lines by payer, whole cents; one without an amount adds nothing."""
    sums: dict[str, int] = {}
    for line in lines:
        sums[line.payer_id] = sums.get(line.payer_id, 0) + (line.allowed_cents or 0)
    return sums


def _accrues(line: Line, basis: AccrualBasis) -> int | None:
    """Give what a line counts towards its bucket, whole cents."""
    if basis is AFTER_REDUCTION_BEFORE_CUT:
        return line.allowed_cents
    assisted = not _ASSISTED.isdisjoint(line.modifiers)
    return basis.cents(line.full_cents, line.allowed_cents, by_assistant=assisted)


def _in_kx_order(day: BillableDay, payers: Payers) -> list[tuple[int, Line, Payer]]:
    """Give the lines of payers with thresholds, each between its position and its payer, in the order of KX."""
    date = day.service_date
    counted = [
        (place, line, rules)
        for place, line in enumerate(day.lines)
        if (rules := payers.at(line.payer_id, date)).thresholds
    ]
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
    return msgspec.structs.replace(facts, days={**facts.days, date: entry}, own_cents=own_cents), touched
