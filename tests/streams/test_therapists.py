"""Therapists over all partitions: in any order and through faults, what overlaps stands and the rest is settled."""

from datetime import datetime
from itertools import combinations
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from properties.stream import run
from streams.memory import alerts, processed

from pipeline.engine.testing import COMMITTED, CRASH, FENCED, REBALANCE, UNANSWERED, ZOMBIE

Event = dict[str, Any]
FAULTS = [COMMITTED, CRASH, REBALANCE, FENCED, UNANSWERED, ZOMBIE]


@st.composite
def segments(draw: st.DrawFn) -> Event:
    """A version of one of a few segments: of any of three patients, of two therapists, at times that meet."""
    patient = f"p-{draw(st.integers(1, 3))}"
    start, length = draw(st.integers(0, 8)) * 15, draw(st.sampled_from([15, 20, 30]))
    date, revision = draw(st.sampled_from(["2025-03-03", "2025-03-04"])), draw(st.integers(0, 6))
    return {
        "event_id": f"e-{draw(st.integers(0, 10**9))}",
        "event_type": "segment.recorded",
        "occurred_at": "2025-03-05T20:00:00Z",
        "patient_id": patient,
        "site_id": "site-a",
        "source": "emr-1",
        "segment_id": f"s-{draw(st.integers(1, 3))}",
        "revision": revision,
        "therapist_id": draw(st.sampled_from(["t-1", "t-2"])),
        "payer_id": "cigna",
        "discipline": "PT",
        "code": draw(st.sampled_from(["97110", "97530", "97150"])),
        "started_at": f"{date}T{9 + start // 60:02d}:{start % 60:02d}:00-05:00",
        "stopped_at": f"{date}T{9 + (start + length) // 60:02d}:{(start + length) % 60:02d}:00-05:00",
    }


HISTORIES = st.lists(segments(), min_size=2, max_size=14, unique_by=lambda event: event["event_id"])

Place = tuple[str, str, str, str]


def overlapping(history: list[Event]) -> dict[Place, int]:
    """Give in how many pairs of segments each patient, date, therapist and other patient overlap."""
    newest: dict[tuple[str, str], Event] = {}
    for event in sorted(history, key=lambda event: (event["revision"], event["event_id"])):
        newest[event["patient_id"], event["segment_id"]] = event
    found: dict[Place, int] = {}
    for one, other in combinations(newest.values(), 2):
        dates = {event["started_at"][:10] for event in (one, other)}
        therapists = {event["therapist_id"] for event in (one, other)}
        patients = {event["patient_id"] for event in (one, other)}
        if (len(dates), len(therapists), len(patients)) != (1, 1, 2) or "97150" in (one["code"], other["code"]):
            continue
        starts, stops = (
            [datetime.fromisoformat(e[name]) for e in (one, other)] for name in ("started_at", "stopped_at")
        )
        if max(starts) < min(stops):
            for mine, theirs in ((one, other), (other, one)):
                place = mine["patient_id"], *dates, *therapists, theirs["patient_id"]
                found[place] = found.get(place, 0) + 1
    return found


def standing(told: list[Any]) -> dict[Place, int]:
    """Give what the last alert of each place says; what is settled is not there."""
    found: dict[Place, int] = {}
    for alert in told:
        news = alert["data"]
        if news["kind"] == "therapist_overlap":
            place = alert["subject"], news["service_date"], news["therapist_id"], news["with_patient_id"]
            found[place] = 0 if alert["type"].endswith("settled") else len(news["lines"])
    return {place: count for place, count in found.items() if count}


def rated(history: list[Event]) -> list[Any]:
    return [msgspec.to_builtins(alert) for alert in run(history)[1]]


@given(HISTORIES)
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_rate_ends_with_the_overlaps_that_there_are(history: list[Event]) -> None:
    assert standing(rated(history)) == overlapping(history)


@given(HISTORIES, st.data())
@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_the_stream_ends_with_the_same_through_repeats_and_faults(history: list[Event], data: st.DataObject) -> None:
    again = data.draw(st.permutations(history * 2))
    for _ in range(data.draw(st.integers(1, 3))):
        again.insert(data.draw(st.integers(0, len(again))), data.draw(st.sampled_from(FAULTS)))
    found = alerts(processed(again), "claim-alerts")
    assert standing(found) == overlapping(history)
    assert len({alert["id"] for alert in found}) == len(found)


@pytest.mark.parametrize("fault", FAULTS)
def test_each_alert_is_told_once_through_a_fault(fault: Any) -> None:
    base = {"event_type": "segment.recorded", "occurred_at": "2025-03-05T20:00:00Z", "site_id": "a", "source": "e"}
    base |= {"segment_id": "s-1", "revision": 1, "therapist_id": "t-1", "payer_id": "cigna", "discipline": "PT"}
    times = {"started_at": "2025-03-03T09:00:00-05:00", "stopped_at": "2025-03-03T09:30:00-05:00"}
    one, other = (base | times | {"event_id": f"e-{n}", "patient_id": f"p-{n}", "code": "97110"} for n in (1, 2))
    told = alerts(processed([one, fault, other, fault]), "claim-alerts")
    assert sorted((alert["type"], alert["subject"]) for alert in told) == [
        ("kxwatch.claim.therapist_overlap", "p-1"),
        ("kxwatch.claim.therapist_overlap", "p-2"),
    ]
