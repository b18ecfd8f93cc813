"""A dated figure holds from its date until the next, and there is none outside the dates that it is stated for."""

from decimal import Decimal

import pytest

from pipeline.rules.parameters import NoFigure, parameter
from pipeline.rules.thresholds import limits


@pytest.mark.parametrize(
    ("day", "factor"),
    [
        ("2024-01-01", "32.7442"),
        ("2024-03-08", "32.7442"),
        ("2024-03-09", "33.2875"),
        ("2024-12-31", "33.2875"),
        ("2025-01-01", "32.3465"),
        ("2026-12-31", "33.4009"),
    ],
)
def test_a_factor_changes_on_its_day(day: str, factor: str) -> None:
    assert parameter("conversion_factor").at(day) == Decimal(factor)


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("conversion_factor", "2023-12-31"),
        ("conversion_factor", "2027-01-01"),
        ("kx_threshold", "2017-12-31"),
        ("kx_threshold", "2027-01-01"),
        ("review_threshold", "2028-01-01"),
        ("conversion_factor_apm", "2025-12-31"),
    ],
)
def test_outside_its_dates_there_is_no_figure_and_the_error_names_it(name: str, day: str) -> None:
    with pytest.raises(NoFigure) as caught:
        parameter(name).at(day)
    assert str(caught.value) == f"no {name} for {day} in this release"


@pytest.mark.parametrize(
    ("cents", "state"),
    [(0, "clear"), (192_799, "clear"), (192_800, "approaching"), (241_000, "approaching"), (241_001, "exceeded")],
)
def test_kx_of_2025_is_approached_from_eighty_percent_and_exceeded_by_a_cent_more(cents: int, state: str) -> None:
    assert limits("kx", 2025).state(cents) == state


@pytest.mark.parametrize(
    ("cents", "state"), [(269_999, "clear"), (270_000, "approaching"), (300_000, "approaching"), (300_001, "exceeded")]
)
def test_review_is_approached_from_ninety_percent_and_exceeded_by_a_cent_more(cents: int, state: str) -> None:
    assert limits("review", 2025).state(cents) == state
