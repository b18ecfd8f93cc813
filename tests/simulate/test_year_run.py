"""The year's run has the size that the benchmarks are stated for."""

from collections import Counter

import pytest
from simulate.runs import YEAR, Sorted, sort

from pipeline.simulate import network


@pytest.fixture(scope="module")
def year() -> Sorted:
    return sort(list(network(**YEAR)))


def test_year_has_200_000_lines(year: Sorted) -> None:
    assert 195_000 <= len(year.lines) <= 205_000


def test_segments_are_the_large_majority(year: Sorted) -> None:
    told = [event for event in year.events if "segment_id" in event]
    assert len(told) / len(year.lines) > 0.85


def test_patient_day_has_some_four_segments(year: Sorted) -> None:
    dates = {
        (event["patient_id"], event["segment_id"]): event.get("service_date") or event["started_at"][:10]
        for event in year.of("segment.recorded", "segment.started", "service.recorded")
    }
    days = Counter((patient, day) for (patient, _), day in dates.items())
    assert 40_000 <= len(days) <= 50_000
    assert 3.7 <= sum(days.values()) / len(days) <= 4.3


def test_year_is_one_calendar_year(year: Sorted) -> None:
    assert {event["started_at"][:4] for event in year.of("segment.recorded")} == {"2026"}


def test_three_lines_in_a_thousand_are_broken(year: Sorted) -> None:
    assert 0.002 < year.reasons.total() / len(year.lines) < 0.004
