"""What EMRs say of care: notes, plans, coverage and appointments, each as its newest version tells it."""

from msgspec import Struct

from pipeline.directory import Directory
from pipeline.events.codec import write
from pipeline.events.coverage import Authorization, CoverageReported, PlanCertified
from pipeline.events.fields import instant
from pipeline.events.visits import VisitCancelled, VisitDocumented, VisitScheduled

ELEMENTS = (
    *("functional_goals", "medical_necessity", "patient_response", "plan_of_care"),
    *("progress", "services_provided", "treatment_time"),
)
"""The elements of a note (the guide's), in the order of their texts."""
_LETTER = {name: "abcdefg"[position] for position, name in enumerate(ELEMENTS)}
_END = "~"


class Said(Struct, frozen=True, array_like=True):
    """A version of a fact; `text` orders two that agree in revision, moment and id, as their sorted JSON does."""

    revision: int
    occurred_at: str
    event_id: str
    text: str


class Note(Said, frozen=True, array_like=True, gc=False):
    """A visit's note: its text holds a letter for each element, `~`, and `t` or `f` for a progress report."""

    @property
    def missing(self) -> list[str]:
        """The elements that it lacks."""
        return [name for name in ELEMENTS if _LETTER[name] not in self.text[:-2]]

    @property
    def reports(self) -> bool:
        """Whether it is a progress report."""
        return self.text[-1] == "t"


class Plan(Said, frozen=True, array_like=True, gc=False):
    """A plan of care's certification."""

    discipline: str
    first: str
    through: str


class Coverage(Said, frozen=True, array_like=True, gc=False):
    """What a payer said of a patient's coverage. `as_of` is the date of its answer."""

    payer_id: str
    first: str
    through: str
    as_of: str
    verified: bool
    limit: int | None
    used: int | None
    authorization: Authorization | None


class Appointment(Said, frozen=True, array_like=True, gc=False):
    """An appointment; `covered` tells whether the EMR is one that tells of coverage."""

    discipline: str
    date: str
    cancelled: bool
    covered: bool


def newer(one: Said, other: Said) -> bool:
    """Tell whether a version stands over another: revision, moment, event id, then its text."""
    if one.revision != other.revision:
        return one.revision > other.revision
    if one.occurred_at != other.occurred_at and instant(one.occurred_at) != instant(other.occurred_at):
        return instant(one.occurred_at) > instant(other.occurred_at)
    return (one.event_id, one.text) > (other.event_id, other.text)


def note_of(event: VisitDocumented) -> Note:
    """Give the note that an event tells of."""
    # The letters order as the names do, and the end of a list after each of them, as in JSON.
    text = "".join([_LETTER[name] for name in event.elements]) + _END + ("t" if event.progress_report else "f")
    return Note(0, event.occurred_at, event.event_id, text)


def plan_of(event: PlanCertified) -> Plan:
    """Give the plan that an event certifies."""
    text = f"{event.certified_from}{event.certified_through}{event.discipline}"
    version = event.revision, event.occurred_at, event.event_id, text
    return Plan(*version, event.discipline, event.certified_from, event.certified_through)


def coverage_of(event: CoverageReported) -> Coverage:
    """Give the coverage that an event reports."""
    return Coverage(
        *(event.revision, event.occurred_at, event.event_id, write(event).decode()),
        payer_id=event.payer_id,
        first=event.effective_from,
        through=event.effective_through,
        as_of=(event.verified_at or event.occurred_at)[:10],
        verified=event.verified_at is not None,
        limit=event.visit_limit,
        used=event.visits_used,
        authorization=event.authorization,
    )


def appointment_of(event: VisitScheduled | VisitCancelled, directory: Directory) -> Appointment:
    """Give the appointment that an event makes or cancels."""
    return Appointment(
        *(event.revision, event.occurred_at, event.event_id, write(event).decode()),
        discipline=event.discipline,
        date=event.starts_at[:10],
        cancelled=isinstance(event, VisitCancelled),
        covered="coverage" not in directory.site(event.site_id).untold,
    )
