"""What a patient's day bills: `billable-days`, and with KX where it is due, `claim-days`."""

from msgspec import Struct


class Measure(Struct, frozen=True, kw_only=True, gc=False):
    """Minutes or units of a day, by whether the code is timed."""

    timed: int
    untimed: int


class Reduction(Struct, frozen=True, kw_only=True, gc=False):
    """What a rule took from a line's full price: its name, the units it met, the cents it took."""

    rule: str
    units: int
    cents: int


class Finding(Struct, frozen=True, kw_only=True, gc=False):
    """Something that a biller should know: a fixed kind, a sentence, and what it is about.

    `parameters` names the dated figures that it is about: those that lack, or that are carried forward.
    """

    kind: str
    message: str
    payer_id: str | None
    discipline: str | None
    code: str | None
    segment_ids: list[str]
    parameters: list[str] = []


class Step(Struct, frozen=True, gc=False):
    """A step by which something was computed: the rule, what it is about, what went in and what came of it.

    `lines` are the positions of the lines that it concerns, from 0; `source` is an id of the sources of the rules. What
    `inputs` and `result` name depends on the rule.
    """

    rule: str
    about: str
    lines: list[int]
    inputs: dict[str, int | str]
    result: dict[str, int | str]
    source: str


class Line(Struct, frozen=True, kw_only=True, gc=False):
    """A line that the day bills.

    `minutes` are whole minutes, amounts whole cents, null where no parameter prices the line. `full_cents` is units
    times the full unit price, `allowed_cents` the amount after the multiple-procedure reduction. `started_at` is the
    earliest start of what the line counts, null without a clock.
    """

    payer_id: str
    discipline: str
    code: str
    units: int
    minutes: int
    modifiers: list[str]
    allowed_cents: int | None
    full_cents: int | None
    reductions: list[Reduction]
    segment_ids: list[str]
    started_at: str | None


class BillableDay(Struct, frozen=True, kw_only=True, gc=False):
    """A message of `billable-days`, key `patient|date`.

    Lines are in the order of payer, discipline, code, plain before CO or CQ. `explanation` says step by step how the
    minutes, units, modifiers and prices came about.
    """

    schema_version: int = 1
    patient_id: str
    service_date: str
    site_ids: list[str]
    payers: list[str]
    lines: list[Line]
    findings: list[Finding]
    explanation: list[Step]
    minutes: Measure
    units: Measure


class ClaimLine(Line, frozen=True, kw_only=True, gc=False):
    """A line as it goes on the claim, with who pays what of it: whole cents, null while that is not known."""

    patient_cents: int | None
    payer_cents: int | None


class SentLine(Struct, frozen=True, kw_only=True, gc=False):
    """A line as it was sent."""

    code: str
    modifiers: list[str]
    units: int
    charge_cents: int
    control_number: str


class SentClaim(Struct, frozen=True, kw_only=True, gc=False):
    """A claim as last sent."""

    claim_id: str
    payer_id: str
    submitted_at: str
    lines: list[SentLine]


class ClaimDay(Struct, frozen=True, kw_only=True, gc=False):
    """A message of `claim-days`, key `patient|date`.

    `kx_lines` are positions in `lines`, from 0, of the lines that KX is due on; `kx_attested` tells whether an
    attestation covers the date for each of them.
    """

    schema_version: int = 1
    patient_id: str
    service_date: str
    lines: list[ClaimLine]
    kx_lines: list[int]
    kx_attested: bool
    findings: list[Finding]
    submitted: SentClaim | None
