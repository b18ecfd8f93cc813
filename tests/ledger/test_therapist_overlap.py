"""A therapist's one-on-one time cannot be shared: both patients' billers hear of an overlap, and of its end."""

from typing import Any

import pytest
from ledger.emr import Event, segment, void
from ledger.rated import rated


def seen(event_id: str, patient: str, start: str = "09:00", stop: str = "09:30", **said: Any) -> Event:
    """Give a recorded segment of a patient with therapist t-1; its segment is named after the event."""
    times = {"started_at": f"2025-03-03T{start}:00-05:00", "stopped_at": f"2025-03-03T{stop}:00-05:00"}
    return segment(event_id, **{"patient_id": patient, "payer_id": "cigna", **times, **said})


def told(*events: Event) -> list[tuple[str, str, str]]:
    """Give type, patient and sentence of the claim alerts."""
    return [
        (alert["type"].removeprefix("kxwatch.claim."), alert["subject"], alert["data"]["sentence"])
        for alert in rated(events)["alerts"]
    ]


def kinds(*events: Event) -> list[tuple[str, str]]:
    return sorted((kind, patient) for kind, patient, _ in told(*events))


BOTH = [("therapist_overlap", "p-1"), ("therapist_overlap", "p-2")]


def test_both_patients_are_told_which_segments_overlap_and_for_how_long() -> None:
    one, other = "97530 s-e-1", "97530 s-e-2"
    was = "Therapist t-1 was one-on-one with patient"
    assert sorted(told(seen("e-1", "p-1"), seen("e-2", "p-2", "09:20", "09:45"))) == [
        ("therapist_overlap", "p-1", f"Patient p-1, 2025-03-03: {was} p-2 too: {one} with {other} for 10 min."),
        ("therapist_overlap", "p-2", f"Patient p-2, 2025-03-03: {was} p-1 too: {other} with {one} for 10 min."),
    ]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"start": "09:30", "stop": "09:45"}, "ends that meet share no instant"),
        ({"therapist_id": "t-2"}, "another therapist has time of their own"),
        ({"code": "97150"}, "a group is treated at once"),
        ({"code": "97165"}, "what is untimed is not compared"),
        ({"code": "97552"}, "a group of caregivers is trained at once"),
        ({"code": "99999"}, "of a code that is not listed nobody knows whether it is timed"),
        ({"assistant_seconds": 1_800}, "what an assistant furnished alone is no time of the therapist's"),
        ({"patient": "p-1"}, "one patient's own overlaps are the day's matter"),
    ],
)
def test_no_alert(said: dict[str, Any], why: str) -> None:
    found = kinds(seen("e-1", "p-1"), seen("e-2", **{"patient": "p-2", **said}))
    assert "therapist_overlap" not in {kind for kind, _ in found}, why


@pytest.mark.parametrize("code", ["97129", "97130", "97550", "97551", "97035"])
def test_every_timed_code_is_one_on_one_and_so_is_training_one_patients_caregiver(code: str) -> None:
    found = kinds(seen("e-1", "p-1"), seen("e-2", "p-2", code=code))
    assert [one for one in found if one[0] == "therapist_overlap"] == BOTH


def test_a_segment_of_which_an_assistant_furnished_a_part_is_the_therapists_too() -> None:
    assert kinds(seen("e-1", "p-1"), seen("e-2", "p-2", assistant_seconds=600)) == BOTH


def test_times_are_compared_as_instants() -> None:
    here = {"started_at": "2025-03-03T09:00:00-05:00", "stopped_at": "2025-03-03T09:30:00-05:00"}
    there = {"started_at": "2025-03-03T08:15:00-06:00", "stopped_at": "2025-03-03T08:45:00-06:00"}
    assert kinds(seen("e-1", "p-1", **here), seen("e-2", "p-2", **there)) == BOTH
    later = {"started_at": "2025-03-03T09:15:00-06:00", "stopped_at": "2025-03-03T09:45:00-06:00"}
    assert kinds(seen("e-1", "p-1", **here), seen("e-2", "p-2", **later)) == []


def test_minutes_without_a_clock_overlap_nothing() -> None:
    service = {name: value for name, value in seen("e-2", "p-2").items() if name not in {"started_at", "stopped_at"}}
    service |= {"event_type": "service.recorded", "service_date": "2025-03-03", "minutes": 30}
    assert kinds(seen("e-1", "p-1"), service) == []


SETTLED = [("settled", "p-1"), ("settled", "p-2"), *BOTH]
OVERLAPPING = seen("e-1", "p-1"), seen("e-2", "p-2")


@pytest.mark.parametrize(
    ("correction", "why"),
    [
        (void("e-3", "s-e-2") | {"patient_id": "p-2"}, "it is voided"),
        (seen("e-3", "p-2", "10:00", "10:30", segment_id="s-e-2", revision=2), "it was at another time"),
        (seen("e-3", "p-2", segment_id="s-e-2", revision=2, therapist_id="t-2"), "it was another therapist's"),
        (seen("e-3", "p-2", segment_id="s-e-2", revision=2, code="97150"), "it was a group"),
        (
            segment("e-3", "2025-03-04", segment_id="s-e-2", revision=2, patient_id="p-2", payer_id="cigna"),
            "it was on another date",
        ),
    ],
)
def test_a_correction_settles_it_for_both(correction: Event, why: str) -> None:
    assert kinds(*OVERLAPPING, correction) == SETTLED, why


def test_a_segment_that_moves_to_another_therapist_may_overlap_there() -> None:
    moved = seen("e-4", "p-2", segment_id="s-e-2", revision=2, therapist_id="t-2")
    found = told(*OVERLAPPING, seen("e-3", "p-3", therapist_id="t-2"), moved)
    assert [(kind, patient) for kind, patient, _ in found[2:]] == [
        *(("settled", "p-2"), ("settled", "p-1")),
        *(("therapist_overlap", "p-2"), ("therapist_overlap", "p-3")),
    ]


def test_an_overlap_that_changes_is_told_anew_and_one_that_stays_is_not() -> None:
    shorter = seen("e-3", "p-2", "09:20", "09:40", segment_id="s-e-2", revision=2)
    assert len(told(*OVERLAPPING, shorter)) == 4
    noted = seen("e-3", "p-2", segment_id="s-e-2", revision=2, telehealth=True)
    assert len(told(*OVERLAPPING, noted)) == 2


def test_no_compacted_topic_knows_of_it() -> None:
    alone, beside = rated([seen("e-1", "p-1")]), rated(OVERLAPPING)
    for topic in ("billable-days", "claim-days"):
        assert beside[topic]["p-1|2025-03-03"] == alone[topic]["p-1|2025-03-03"]


def test_three_patients_at_once_are_told_pair_by_pair() -> None:
    assert len(told(*OVERLAPPING, seen("e-3", "p-3"))) == 6
