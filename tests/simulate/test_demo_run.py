"""The demo's run is what a small network would send."""

import re
from collections import Counter, defaultdict
from datetime import datetime
from itertools import pairwise

import pytest
from reference.recompute import recompute
from simulate.runs import Sorted

from pipeline.events.codec import EVENT_TYPES
from pipeline.simulate.treatments import is_evaluation

WHOLE = ("segment.recorded", "service.recorded")

Totals = dict[str, dict]


@pytest.fixture(scope="module")
def totals(demo: Sorted) -> Totals:
    """What the naive recomputation, which is slow, makes of the run."""
    found: Totals = recompute(demo.events)["threshold-totals"]
    return found


def states(values: dict[str, dict], threshold: str, state: str) -> set[str]:
    return {key for key, value in values.items() if value[threshold]["state"] == state}


def test_demo_has_some_25_000_lines(demo: Sorted) -> None:
    assert 24_000 <= len(demo.lines) <= 28_000


def test_nearly_every_patient_asked_for_is_treated(demo: Sorted) -> None:
    assert 1_980 <= len({event["patient_id"] for event in demo.of(*WHOLE, "segment.started")}) <= 2_000


def test_every_kind_of_event_occurs_that_a_single_emr_sends_of_one_patient(demo: Sorted) -> None:
    kinds = {event["event_type"] for event in demo.events}
    assert kinds == set(EVENT_TYPES) - {"day.ticked", "patient.merged"}


def test_no_event_has_a_field_that_the_contract_does_not_know(demo: Sorted) -> None:
    assert demo.unknown == set()


def test_enough_patients_stand_at_each_level_and_some_are_corrected_back(demo: Sorted, totals: Totals) -> None:
    uncorrected = [event for event in demo.events if event["event_type"] != "segment.voided"]
    before = recompute(uncorrected)["threshold-totals"]
    for bucket in ("OT", "PT-SLP"):
        of_bucket = {key: value for key, value in totals.items() if value["bucket"] == bucket}
        assert len(states(of_bucket, "kx", "approaching")) >= 60
        assert len(states(of_bucket, "kx", "exceeded")) >= 60
        assert len(states(of_bucket, "review", "approaching")) >= 25
        assert len(states(of_bucket, "review", "exceeded")) >= 25
    assert len(states(before, "kx", "exceeded") - states(totals, "kx", "exceeded")) >= 5
    assert len(states(before, "review", "exceeded") - states(totals, "review", "exceeded")) >= 1


def test_many_cross_a_threshold_by_visits_of_our_own(totals: Totals) -> None:
    assert sum(value["external_cents"] <= 248_000 < value["total_cents"] for value in totals.values()) >= 60


def test_payers_and_disciplines_are_mixed(demo: Sorted) -> None:
    segments = demo.of(*WHOLE)
    payers = Counter(event["payer_id"] for event in segments)
    disciplines = Counter(event["discipline"] for event in segments)
    assert 0.5 <= payers["medicare-b"] / len(segments) <= 0.7
    assert set(payers) == {"medicare-b", "uhc", "cigna", "aetna-ppo", "bcbs-ppo"}
    assert min(disciplines[name] / len(segments) for name in ("OT", "PT", "SLP")) > 0.05


def test_evaluation_comes_before_treatment(demo: Sorted) -> None:
    first: dict[tuple[str, str], tuple[int, dict]] = {}
    for event in demo.of(*WHOLE, "segment.started"):
        visit = int(event["segment_id"].split("-")[2])
        key = event["patient_id"], event["discipline"]
        if key not in first or visit < first[key][0]:
            first[key] = (visit, event)
    evaluated = {
        (event["patient_id"], event["discipline"])
        for event in demo.of(*WHOLE, "segment.started")
        if is_evaluation(event["code"])
        and int(event["segment_id"].split("-")[2]) == first[event["patient_id"], event["discipline"]][0]
    }
    assert evaluated == set(first)


def test_minutes_are_mixed_and_seconds_not_round(demo: Sorted) -> None:
    seconds = [
        (datetime.fromisoformat(e["stopped_at"]) - datetime.fromisoformat(e["started_at"])).seconds
        for e in demo.of("segment.recorded")
    ]
    assert {length // 60 % 15 for length in seconds} == set(range(15))
    assert sum(length % 60 != 0 for length in seconds) / len(seconds) > 0.9
    assert 0.01 < sum(length < 8 * 60 for length in seconds) / len(seconds) < 0.3


def test_therapist_treats_one_patient_at_a_time_but_for_a_few_mistakes(demo: Sorted) -> None:
    mat = defaultdict(set)
    for event in demo.of("segment.recorded"):
        mat[event["therapist_id"]].add((event["started_at"], event["stopped_at"], event["patient_id"]))
    meetings = [(one, other) for busy in mat.values() for one, other in pairwise(sorted(busy))]
    mistakes = sum(other[0] < one[1] and one[2] != other[2] for one, other in meetings)
    assert 0 < mistakes / len(meetings) < 0.01


def test_some_lines_come_twice_to_the_byte(demo: Sorted) -> None:
    again = len(demo.lines) - len(set(demo.lines))
    assert 0.002 < again / len(demo.lines) < 0.01


def test_some_segments_are_told_days_late(demo: Sorted) -> None:
    segments = demo.of("segment.recorded")
    late = sum(event["occurred_at"][:10] > event["started_at"][:10] for event in segments)
    assert 0.005 < late / len(segments) < 0.05


def test_some_amended_segments_are_on_another_date(demo: Sorted) -> None:
    told = {event["segment_id"]: event["started_at"][:10] for event in demo.of("segment.recorded")}
    amended = demo.of("segment.amended")
    moved = [
        event
        for event in amended
        if told.get(event["segment_id"], event["started_at"][:10]) != event["started_at"][:10]
    ]
    assert 0 < len(moved) < len(amended)


def test_some_live_timers_are_never_stopped(demo: Sorted) -> None:
    started = {event["segment_id"] for event in demo.of("segment.started")}
    assert 0 < len(started - {event["segment_id"] for event in demo.of("segment.stopped")}) < len(started) * 0.02


def test_events_arrive_nearly_in_the_order_in_which_they_happened(demo: Sorted) -> None:
    times = [datetime.fromisoformat(event["occurred_at"]).timestamp() for event in demo.events]
    assert all(later > sooner - 2 * 86_400 for sooner, later in pairwise(times))
    assert sum(later > sooner - 60 for sooner, later in pairwise(times)) / len(times) > 0.95


def test_identities_are_invented_tokens_without_a_name(demo: Sorted) -> None:
    tokens = {
        value for event in demo.events for name, value in event.items() if name.endswith("_id") and name != "payer_id"
    }
    assert all(re.fullmatch(r"(site|[a-z]{1,2})-[0-9]+(-[0-9]+)*", token) for token in tokens)
