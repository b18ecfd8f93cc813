"""A site's times are those of its own clock."""

from datetime import date, datetime

import pytest
from simulate.runs import Sorted

from pipeline.simulate.clock import ARIZONA, CENTRAL, DAY, EASTERN, HAWAII, HOUR, PACIFIC, Zone, day_number


@pytest.mark.parametrize(
    ("zone", "day", "expected"),
    [
        (EASTERN, "2026-01-05", "2026-01-05T09:00:00-05:00"),
        (EASTERN, "2026-03-07", "2026-03-07T09:00:00-05:00"),
        (EASTERN, "2026-03-08", "2026-03-08T09:00:00-04:00"),
        (CENTRAL, "2026-10-31", "2026-10-31T09:00:00-05:00"),
        (CENTRAL, "2026-11-01", "2026-11-01T09:00:00-06:00"),
        (PACIFIC, "2025-03-09", "2025-03-09T09:00:00-07:00"),
        (ARIZONA, "2026-07-01", "2026-07-01T09:00:00-07:00"),
        (HAWAII, "2026-07-01", "2026-07-01T09:00:00-10:00"),
    ],
)
def test_offset_follows_the_rule_of_summer_time(zone: Zone, day: str, expected: str) -> None:
    local = day_number(date.fromisoformat(day)) * DAY + 9 * HOUR
    assert zone.text(local) == expected
    assert zone.instant(local) == datetime.fromisoformat(expected).timestamp()


def test_visits_are_in_office_hours_on_working_days(demo: Sorted) -> None:
    starts = [datetime.fromisoformat(event["started_at"]) for event in demo.of("segment.recorded")]
    assert all(7 <= start.hour < 21 and start.weekday() <= 5 for start in starts)
