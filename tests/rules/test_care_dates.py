"""The dates and years that care looks at, at the ends of the calendar and where no figure is stated."""

import pytest

from pipeline.rules.care import LAST, care_figure, certified_through, figures_missing, later, years_to_look_at


@pytest.mark.parametrize(
    ("day", "days", "expected"),
    [
        ("2025-12-31", 1, "2026-01-01"),
        ("2025-01-01", -1, "2024-12-31"),
        ("0001-01-01", 0, "0001-01-01"),
        ("0001-01-01", -1, ""),
        ("9999-12-30", 1, LAST),
        (LAST, 0, LAST),
        (LAST, 1, LAST),
        (LAST, 90, LAST),
    ],
)
def test_a_date_is_never_past_the_calendar(day: str, days: int, expected: str) -> None:
    assert later(day, days) == expected


def test_a_certification_counts_for_ninety_days_with_its_first() -> None:
    assert certified_through("2025-01-01", "2025-12-31", 90) == "2025-03-31"
    assert certified_through("2025-01-01", "2025-02-01", 90) == "2025-02-01"


@pytest.mark.parametrize(
    ("day", "years"),
    [
        ("2026-11-01", [2026]),
        ("2026-11-02", [2026, 2027]),
        ("0999-01-01", [999]),
        ("9998-12-31", [9998, 9999]),
        ("9999-06-01", []),
    ],
)
def test_the_next_year_is_looked_at_from_sixty_days_before_it(day: str, years: list[int]) -> None:
    assert years_to_look_at(day) == years


def test_every_figure_of_a_year_is_missed() -> None:
    assert figures_missing(1999) == ["conversion_factor", "kx_threshold", "review_threshold", "part_b_deductible"]
    assert figures_missing(2018) == ["conversion_factor", "part_b_deductible"]
    assert figures_missing(2026) == []


def test_a_figure_of_care_that_holds_on_every_date() -> None:
    assert care_figure("figures_ahead_days", "2026-01-01") == 60
    assert care_figure("figures_ahead_days", "0001-01-01") == 60
