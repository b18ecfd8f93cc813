"""Events as an EMR sends them, for one patient; what a test is about is what it says."""

from typing import Any

Event = dict[str, Any]

PATIENT = "p-1"


def base(event_type: str, event_id: str) -> Event:
    return {
        "event_id": event_id,
        "event_type": event_type,
        "occurred_at": "2025-03-03T20:00:00Z",
        "patient_id": PATIENT,
        "site_id": "site-a",
        "source": "emr-1",
    }


def segment(event_id: str, date: str = "2025-03-03", minutes: int = 30, **said: Any) -> Event:
    """Give a recorded segment of 97530 for Medicare; its segment is named after the event unless it says otherwise."""
    return base("segment.recorded", event_id) | {
        "segment_id": f"s-{event_id}",
        "revision": 1,
        "therapist_id": "t-1",
        "payer_id": "medicare-b",
        "discipline": "OT",
        "code": "97530",
        "started_at": f"{date}T09:00:00-05:00",
        "stopped_at": f"{date}T{9 + minutes // 60:02d}:{minutes % 60:02d}:00-05:00",
        **said,
    }


def void(event_id: str, segment_id: str, revision: int = 2) -> Event:
    return base("segment.voided", event_id) | {"segment_id": segment_id, "revision": revision}


def note(event_id: str, date: str = "2025-03-03", *, without: str = "", **said: Any) -> Event:
    """Give the note of a visit, with all elements but one."""
    elements = (
        *("services_provided", "medical_necessity", "functional_goals", "treatment_time"),
        *("patient_response", "progress", "plan_of_care"),
    )
    return base("visit.documented", event_id) | {
        "service_date": date,
        "discipline": "OT",
        "therapist_id": "t-1",
        "elements": [name for name in elements if name != without],
        "progress_report": False,
        **said,
    }


def accrual(event_id: str, amount_cents: int, **said: Any) -> Event:
    return base("accrual.reported", event_id) | {
        "accrual_id": "a-1",
        "revision": 1,
        "year": 2025,
        "bucket": "OT",
        "amount_cents": amount_cents,
        "as_of": "2025-01-02",
        "basis": "other_providers",
        **said,
    }


def attestation(event_id: str, first: str, through: str, **said: Any) -> Event:
    return base("necessity.attested", event_id) | {
        "attestation_id": "n-1",
        "revision": 1,
        "bucket": "OT",
        "from": first,
        "through": through,
        "therapist_id": "t-1",
        **said,
    }


def claim(event_id: str, date: str, *lines: tuple[str, list[str], int], **said: Any) -> Event:
    """Give a claim; a line is a code, modifiers and units."""
    sent = [
        {"code": code, "modifiers": modifiers, "units": units, "charge_cents": 9_000, "control_number": "k-1"}
        for code, modifiers, units in lines
    ]
    return base("claim.submitted", event_id) | {
        "claim_id": "c-1",
        "revision": 1,
        "payer_id": "medicare-b",
        "service_date": date,
        "submitted_at": "2025-03-10T20:00:00Z",
        "lines": sent,
        **said,
    }


def coverage(event_id: str, **said: Any) -> Event:
    """Give a report of Medicare coverage for 2025, as of the first of March."""
    return base("coverage.reported", event_id) | {
        "coverage_id": "v-1",
        "revision": 1,
        "payer_id": "medicare-b",
        "effective_from": "2025-01-01",
        "effective_through": "2025-12-31",
        "verified_at": "2025-03-01T08:00:00-05:00",
        **said,
    }


def remittance(event_id: str, date: str, allowed_cents: int, **said: Any) -> Event:
    """Give Medicare's answer to 97530 of a date; what it did not allow was denied for want of necessity."""
    denied = [{"group": "CO", "reason": "50", "amount_cents": 9_000}] if allowed_cents == 0 else []
    return base("remittance.posted", event_id) | {
        "remittance_id": f"r-{event_id}",
        "revision": 1,
        "payer_id": "medicare-b",
        "service_date": date,
        "code": "97530",
        "modifiers": ["GO"],
        "units": 2,
        "allowed_cents": allowed_cents,
        "paid_cents": 0,
        "adjudicated_on": "2025-04-01",
        "adjustments": denied,
        **said,
    }


def appointment(event_id: str, date: str, minutes: int = 30, **said: Any) -> Event:
    """Give a scheduled visit of 97530 for OT; its appointment is named after the event unless it says otherwise."""
    return base("visit.scheduled", event_id) | {
        "appointment_id": f"p-{event_id}",
        "revision": 1,
        "starts_at": f"{date}T09:00:00-05:00",
        "discipline": "OT",
        "planned": [{"code": "97530", "minutes": minutes}],
        **said,
    }
