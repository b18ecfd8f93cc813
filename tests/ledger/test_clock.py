"""What the clock of a segment decides, however finely it is given."""

from ledger.emr import segment
from properties.network import SITES
from properties.stream import plain, rated
from reference.recompute import compare, recompute


def test_the_earliest_segment_gives_the_site_even_by_less_than_a_microsecond() -> None:
    later = segment("e-1", segment_id="s-a", site_id="site-e", started_at="2025-03-03T09:00:00.0000002-05:00")
    earlier = segment("e-2", segment_id="s-b", site_id="site-a", started_at="2025-03-03T09:00:00.0000001-05:00")
    assert compare(plain(rated([later, earlier])), recompute([later, earlier], SITES)) == []


def test_a_day_has_the_date_of_its_start_in_its_own_offset() -> None:
    late = segment("e-1", started_at="2025-03-03T23:50:00-05:00", stopped_at="2025-03-04T00:20:00-05:00")
    assert list(rated([late])["billable-days"]) == ["p-1|2025-03-03"]


def test_a_segment_over_a_change_of_the_clocks_lasts_as_long_as_it_did() -> None:
    spring = segment("e-1", started_at="2025-03-09T01:45:00-05:00", stopped_at="2025-03-09T03:15:00-04:00")
    (day,) = plain(rated([spring]))["billable-days"].values()
    assert day["minutes"] == {"timed": 30, "untimed": 0}


def test_seconds_are_summed_before_they_are_cut_to_minutes() -> None:
    halves = [
        segment(
            f"e-{number}",
            started_at=f"2025-03-03T0{number}:00:00.5-05:00",
            stopped_at=f"2025-03-03T0{number}:04:00.25-05:00",
            paused_seconds=0,
        )
        for number in (1, 2)
    ]
    (day,) = plain(rated(halves))["billable-days"].values()
    assert day["minutes"]["timed"] == 7
