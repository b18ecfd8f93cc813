"""What EMRs say of care, for the patient of `ledger.emr`, and the beginning of days."""

from typing import Any

from ledger.emr import Event, base, segment
from ledger.rated import rated

from pipeline.settings import Settings

ALL = ["services_provided", "medical_necessity", "functional_goals", "treatment_time", "patient_response", "progress"]
ELEMENTS = [*ALL, "plan_of_care"]


def tick(date: str) -> Event:
    return {
        "event_id": f"tick-{date}",
        "event_type": "day.ticked",
        "occurred_at": f"{date}T00:00:00Z",
        "date": date,
    }


def visit(date: str, minutes: int = 30, **said: Any) -> Event:
    return segment(f"v-{date}", date, minutes, **said)


def note(date: str, **said: Any) -> Event:
    return base("visit.documented", f"n-{date}") | {
        "service_date": date,
        "discipline": "OT",
        "therapist_id": "t-1",
        "elements": ELEMENTS,
        "progress_report": False,
        **said,
    }


def plan(first: str, through: str, **said: Any) -> Event:
    return base("plan.certified", f"p-{first}") | {
        "plan_id": "plan-1",
        "revision": 1,
        "discipline": "OT",
        "certified_from": first,
        "certified_through": through,
        **said,
    }


def coverage(event_id: str = "c-1", **said: Any) -> Event:
    return base("coverage.reported", event_id) | {
        "coverage_id": "cover-1",
        "revision": 1,
        "payer_id": "uhc",
        "effective_from": "2025-01-01",
        "effective_through": "2025-12-31",
        "verified_at": "2025-01-02T08:00:00Z",
        **said,
    }


def appointment(date: str, *, cancelled: bool = False, **said: Any) -> Event:
    return base("visit.cancelled" if cancelled else "visit.scheduled", f"a-{date}-{cancelled}") | {
        "appointment_id": f"appointment-{date}",
        "revision": 2 if cancelled else 1,
        "starts_at": f"{date}T09:00:00-05:00",
        "discipline": "OT",
        "planned": [{"code": "97530", "minutes": 30}],
        **said,
    }


def care(*events: Event, settings: Settings | None = None) -> list[Event]:
    """Give the care alerts of a patient, in order."""
    found = [alert for alert in rated(events, settings)["alerts"] if alert["type"].startswith("kxwatch.care.")]
    return [alert for alert in found if alert["subject"] != "-"]


def kinds(*events: Event, of: str = "", settings: Settings | None = None) -> list[str]:
    """Give what care alerts say happened, those whose matter's kind begins as asked for."""
    return [
        alert["type"].removeprefix("kxwatch.care.")
        for alert in care(*events, settings=settings)
        if alert["data"]["kind"].startswith(of)
    ]


def sentences(*events: Event, of: str = "") -> list[str]:
    """Give the sentences of the same."""
    return [alert["data"]["sentence"] for alert in care(*events) if alert["data"]["kind"].startswith(of)]
