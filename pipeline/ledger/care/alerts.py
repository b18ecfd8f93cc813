"""What front desks and billers are told of care: a matter that came up, changed, or is settled."""

from collections.abc import Callable, Mapping

from msgspec import Struct

from pipeline.events.alerts import CareAlert, CareKind, CareNews, alert_id
from pipeline.ledger.tables import Cause, Effect

TOPIC = "care-alerts"
NETWORK = "-"
"""Stands for the patient in what concerns no patient in particular."""

_ACTIONS: dict[CareKind, str] = {
    "visit_limit": "Ask the payer for more visits, or tell the patient what further visits cost.",
    "authorization_visits": "Ask the payer for more visits.",
    "authorization_units": "Ask the payer for more units.",
    "authorization_expiring": "Ask the payer for a new authorization.",
    "authorization_expired": "Hold the claim, and ask the payer for an authorization that covers the date.",
    "authorization_missing": "Hold the claim, and ask the payer for an authorization.",
    "certification_missing": "Have the plan of care signed: hold the claims until it is.",
    "certification_expiring": "Have the plan of care certified again.",
    "certification_expired": "Have the plan of care certified again: hold the claims from that date until it is.",
    "progress_report_due": "Have the progress report written.",
    "documentation_missing": "Have the note completed.",
    "note_missing": "Have the visit documented: hold its claim until it is.",
    "coverage_not_verified": "Verify the patient's coverage before the visit.",
    "timer_open": "Stop the timer, or void the segment: it is not billable as it is.",
    "figures_missing": "Install a release that has the figures, or import them: the year is not priced until then.",
}


class Matter(Struct, frozen=True, array_like=True, gc=False):
    """Something about a patient's care that somebody must act on; it is settled when it is found no more.

    `service_date` is the date that it is about, `due_on` that by which something was or is due, `left` visits or units.
    """

    kind: CareKind
    sentence: str
    discipline: str | None = None
    payer_id: str | None = None
    service_date: str | None = None
    due_on: str | None = None
    left: int | None = None
    about: list[str] = []


def care_alerts(
    patient_id: str, before: Mapping[str, Matter], after: Mapping[str, Matter], cause: Callable[[str], Cause]
) -> list[Effect]:
    """Give the alerts that a change of a patient's matters, by what they are about, is owed.

    What is new or other than it was is raised; what is gone is settled, so that nobody works on it any more. `cause`
    gives the event that each is owed to.
    """
    raised = [
        (f"kxwatch.care.{matter.kind}", about, matter) for about, matter in after.items() if before.get(about) != matter
    ]
    settled = [("kxwatch.care.settled", about, matter) for about, matter in before.items() if about not in after]
    return [
        Effect(TOPIC, patient_id, patient_id, _alert(kind, about, matter, patient_id, cause(about)), cause(about))
        for kind, about, matter in (*raised, *settled)
    ]


def _alert(kind: str, about: str, matter: Matter, patient_id: str, cause: Cause) -> CareAlert:
    settled = kind.endswith(".settled")
    whose = "The network" if patient_id == NETWORK else f"Patient {patient_id}"
    return CareAlert(
        id=alert_id(
            kind=kind, patient_id=patient_id, year=0, about=about, threshold=matter.kind, event_id=cause.event_id
        ),
        type=kind,
        subject=patient_id,
        time=cause.occurred_at,
        data=CareNews(
            kind=matter.kind,
            discipline=matter.discipline,
            payer_id=matter.payer_id,
            service_date=matter.service_date,
            due_on=matter.due_on,
            left=matter.left,
            about=matter.about,
            sentence=f"{whose}: {'settled, it is so no more: ' if settled else ''}{matter.sentence}",
            action="Nothing more to do." if settled else _ACTIONS[matter.kind],
        ),
    )
