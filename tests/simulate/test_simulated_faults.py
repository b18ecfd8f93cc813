"""What is broken on purpose is refused, each kind for its reason, and nothing else is."""

from typing import get_args

import orjson
import pytest
from simulate.runs import DEMO, Sorted, sort

from pipeline.events.rejected import Reason
from pipeline.simulate import faults, network
from pipeline.simulate.chance import Chance

NEVER_IN_A_FILE_OF_AN_EMR = {"no_value", "not_from_an_emr", "too_late", "not_processed"}
GOOD = {
    "event_id": "e-000001",
    "event_type": "segment.recorded",
    "occurred_at": "2026-01-05T09:31:00-05:00",
    "patient_id": "p-00001",
    "site_id": "site-001",
    "source": "emr-a",
    "segment_id": "s-1-1-1",
    "revision": 1,
    "therapist_id": "t-001",
    "payer_id": "medicare-b",
    "discipline": "OT",
    "code": "97530",
    "started_at": "2026-01-05T09:00:00-05:00",
    "stopped_at": "2026-01-05T09:30:30-05:00",
}
REASON = {
    faults.truncated: "not_json",
    faults.spoken: "not_json",
    faults.latin: "not_utf8",
    faults.nested: "too_deep",
    faults.in_an_array: "wrong_field",
    faults.of_unknown_type: "unknown_event_type",
    faults.without_a_field: "missing_field",
    faults.with_a_wrong_field: "wrong_field",
    faults.without_an_offset: "no_offset",
    faults.below_zero: "out_of_range",
    faults.beyond_all_numbers: "out_of_range",
    faults.backwards: "stop_before_start",
    faults.overnight: "too_long",
    faults.all_pause: "pauses_too_long",
}


def test_every_reason_that_a_line_can_carry_occurs(demo: Sorted) -> None:
    assert set(demo.reasons) == set(get_args(Reason)) - NEVER_IN_A_FILE_OF_AN_EMR


def test_broken_lines_are_few(demo: Sorted) -> None:
    assert 0.002 < demo.reasons.total() / len(demo.lines) < 0.004


def test_every_broken_event_comes_mended_too(demo: Sorted) -> None:
    good = {event["event_id"] for event in demo.events}
    numbers = sorted(int(event_id.removeprefix("e-")) for event_id in good)
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize(("way", "reason"), REASON.items(), ids=lambda value: getattr(value, "__name__", value))
def test_fault_is_refused_for_its_reason_whatever_chance_says(way: object, reason: str) -> None:
    broken = sort([way(GOOD, Chance(seed)) for seed in range(40)])
    assert dict(broken.reasons) == {reason: 40}


def test_too_large_a_line_is_refused_for_its_size() -> None:
    assert dict(sort([faults.too_large(GOOD)]).reasons) == {"too_large": 1}


def test_no_line_holds_a_line_feed() -> None:
    assert not any(b"\n" in line for line in network(**(DEMO | {"seed": 2})))


def test_event_that_faults_are_made_from_is_taken_whole() -> None:
    assert sort([orjson.dumps(GOOD)]).events == [GOOD]
