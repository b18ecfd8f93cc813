"""A patient's whole year as a clinic has it: visits at a cadence, then corrections, claims, and what others accrued."""

from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st
from properties.histories import Event

CODES = ("97110", "97112", "97140", "97530", "97535", "97165", "97129", "92507")
Service = tuple[str, str, int, int]
"""A discipline, a code, minutes, and how many percent of them an assistant furnished."""

_services = st.tuples(
    st.sampled_from(["OT", "OT", "PT"]),
    st.sampled_from(CODES),
    st.sampled_from([15, 15, 30, 45, 8, 7, 23, 53]),
    st.sampled_from([0, 0, 0, 50, 100]),
)


def said(event_type: str, event_id: str, day: str, **fields: Any) -> Event:
    base = {"event_id": event_id, "event_type": event_type, "occurred_at": f"{day}T23:00:00Z", "patient_id": "p-1"}
    return base | {"site_id": "site-a", "source": "emr-1"} | fields


def visit(number: int, day: str, services: list[Service], revision: int = 1) -> list[Event]:
    """Give a visit's segments, one after another from nine on."""
    events, minute = [], 9 * 60
    for position, (discipline, code, minutes, percent) in enumerate(services):
        stop = minute + minutes
        event = said(
            "segment.recorded" if revision == 1 else "segment.amended",
            f"e-{number}-{position}-{revision}",
            day,
            segment_id=f"s-{number}-{position}",
            revision=revision,
            therapist_id="t-1",
            payer_id="medicare-b",
            discipline=discipline,
            code=code,
            started_at=f"{day}T{minute // 60:02}:{minute % 60:02}:00-05:00",
            stopped_at=f"{day}T{stop // 60:02}:{stop % 60:02}:00-05:00",
            assistant_seconds=minutes * 60 * percent // 100,
        )
        events.append(event)
        minute = stop
    return events


@st.composite
def patient_years(draw: st.DrawFn) -> list[Event]:
    """Everything that is said of one patient's 2025, in the order in which it happened but for late corrections."""
    plans = draw(st.lists(st.lists(_services, min_size=1, max_size=3), min_size=1, max_size=3))
    first, every = date(2025, 1, 2) + timedelta(draw(st.integers(0, 60))), draw(st.integers(1, 4))
    days = [(first + timedelta(every * number)).isoformat() for number in range(draw(st.integers(10, 70)))]
    visits = [visit(number, day, plans[number % len(plans)]) for number, day in enumerate(days)]
    events = [event for of_one in visits for event in of_one]
    if draw(st.booleans()):
        cents = draw(st.integers(0, 300_000))
        basis = draw(st.sampled_from(["other_providers", "all_providers"]))
        fields = {"accrual_id": "a-1", "revision": 1, "year": 2025, "bucket": "OT", "amount_cents": cents}
        events.append(said("accrual.reported", "e-a", "2025-06-30", **fields, as_of="2025-06-30", basis=basis))
    if draw(st.booleans()):
        covered = {"from": draw(st.sampled_from(days)), "through": "2025-12-31"}
        fields = {"attestation_id": "n-1", "revision": 1, "bucket": "OT", "therapist_id": "t-1"}
        events.append(said("necessity.attested", "e-n", "2025-07-01", **fields, **covered))
    for number in draw(st.lists(st.integers(0, len(days) - 1), max_size=3, unique=True)):
        line = {"code": "97530", "modifiers": draw(st.sampled_from([["GO"], ["GO", "KX"]])), "units": 1}
        line |= {"charge_cents": 9_000, "control_number": f"k-{number}"}
        events.append(claim(number, days[number], [line]))
    for number in draw(st.lists(st.integers(0, len(days) - 1), max_size=3, unique=True)):
        services = draw(st.lists(_services, min_size=len(visits[number]), max_size=len(visits[number])))
        events += visit(number, days[number], services, revision=2)
    return events


def claim(number: int, day: str, lines: list[dict[str, Any]], revision: int = 1) -> Event:
    return said(
        "claim.submitted",
        f"e-c{number}-{revision}",
        day,
        claim_id=f"c-{number}",
        revision=revision,
        payer_id="medicare-b",
        service_date=day,
        submitted_at=f"{day}T23:00:00Z",
        lines=lines,
    )


def taken_back(events: list[Event]) -> list[Event]:
    """Give the corrections that leave nothing of what was said: void, of nothing, without lines."""
    corrections = []
    segments = {event["segment_id"]: event for event in events if "segment_id" in event}
    for segment_id, event in segments.items():
        fields = {
            "segment_id": segment_id,
            "revision": 9,
            "event_id": f"v-{segment_id}",
            "event_type": "segment.voided",
        }
        kept = {name: event[name] for name in ("occurred_at", "patient_id", "site_id", "source")}
        corrections.append(kept | fields)
    for event in events:
        if event["event_type"] == "accrual.reported":
            corrections.append(event | {"revision": 9, "event_id": "v-a", "amount_cents": 0})
        elif event["event_type"] == "claim.submitted":
            fields = {"revision": 9, "event_id": f"v-{event['claim_id']}", "lines": []}
            corrections.append(event | fields)
    return corrections
