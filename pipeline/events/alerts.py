"""What people who bill are told: alerts as CloudEvents 1.0 in structured mode."""

from hashlib import sha256
from typing import Literal

from msgspec import Struct

from pipeline.events.days import Line, SentClaim
from pipeline.events.totals import ThresholdTotal


class ThresholdNews(Struct, frozen=True, kw_only=True, gc=False):
    """What a threshold alert says.

    `total` is the value of `threshold-totals` that the change led to, null where it was taken back altogether; `lines`
    are those that crossed the level, by date. `level` is the state that holds: a projection changes none.
    """

    schema_version: int = 1
    threshold: Literal["kx", "review"]
    level: Literal["clear", "approaching", "exceeded"]
    year: int
    bucket: str
    total: ThresholdTotal | None
    lines: list["DatedLine"]
    sentence: str
    action: str


class DatedLine(Struct, frozen=True, kw_only=True, gc=False):
    """A line and the date it is of."""

    service_date: str
    line: Line


class ClaimNews(Struct, frozen=True, kw_only=True, gc=False):
    """What a claim alert says: the kind of trouble, the day and the lines it is about, and what to do.

    An overlap of a therapist's time names the therapist and the other patient.
    """

    schema_version: int = 1
    kind: str
    year: int
    bucket: str | None
    service_date: str | None
    payer_id: str | None
    lines: list[str]
    submitted: SentClaim | None
    therapist_id: str | None = None
    with_patient_id: str | None = None
    sentence: str
    action: str


CareKind = Literal[
    "visit_limit",
    "authorization_visits",
    "authorization_units",
    "authorization_expiring",
    "authorization_expired",
    "authorization_missing",
    "certification_missing",
    "certification_expiring",
    "certification_expired",
    "progress_report_due",
    "documentation_missing",
    "note_missing",
    "coverage_not_verified",
    "timer_open",
    "figures_missing",
]


class CareNews(Struct, frozen=True, kw_only=True, gc=False):
    """What a care alert says: the kind of matter, what it is about, and what to do.

    `service_date` is the date that it is about, `due_on` the date by which something was or is due, `left` what is
    left of a limit (visits, less than 0 when it is exceeded; of units the number at which they are told, or 0),
    `about` the ids that it names: of a segment, an appointment, a coverage, a therapist or an authorization, elements
    of a note, or the names of figures.
    """

    schema_version: int = 1
    kind: CareKind
    discipline: str | None
    payer_id: str | None
    service_date: str | None
    due_on: str | None
    left: int | None
    about: list[str]
    sentence: str
    action: str


class _CloudEvent(Struct, frozen=True, kw_only=True, gc=False):
    specversion: str = "1.0"
    id: str
    source: str = "kxwatch"
    type: str
    subject: str
    time: str
    datacontenttype: str = "application/json"


class ThresholdAlert(_CloudEvent, frozen=True, kw_only=True, gc=False):
    """A message of `threshold-alerts`; `subject` is the patient's token, `time` that of the event that caused it."""

    data: ThresholdNews


class ClaimAlert(_CloudEvent, frozen=True, kw_only=True, gc=False):
    """A message of `claim-alerts`; `subject` is the patient's token, `time` that of the event that caused it."""

    data: ClaimNews


class CareAlert(_CloudEvent, frozen=True, kw_only=True, gc=False):
    """A message of `care-alerts`; `subject` is the patient's token, or `-` where it concerns the network as a whole."""

    data: CareNews


def alert_id(*, kind: str, patient_id: str, year: int, about: str, threshold: str, event_id: str) -> str:
    """Give an alert's id: the same alert, the same id, for ever.

    `about` is the bucket, or what else of the year the alert is about; `event_id` that of the event that caused it.
    """
    text = "\x1f".join((kind, patient_id, str(year), about, threshold, event_id))
    return sha256(text.encode()).hexdigest()[:32]
