"""A threshold's levels are whole cents, and lines go over it whole."""

import pytest

from pipeline.rules.parameters import NoFigure
from pipeline.rules.thresholds import NAMES, limits, over


@pytest.mark.parametrize("year", range(2018, 2027))
def test_levels_are_whole_cents(year: int) -> None:
    found = [limits(name, year) for name in NAMES]
    assert {type(cents) for level in found for cents in (level.threshold_cents, level.near_cents)} == {int}


def test_a_year_without_a_threshold_has_no_levels() -> None:
    with pytest.raises(NoFigure, match="kx_threshold for 2017-01-01"):
        limits("kx", 2017)


def test_a_line_without_a_price_adds_nothing_to_the_total_before_the_next() -> None:
    assert list(over(99, [("a", None), ("b", 1), ("c", None), ("d", 1), ("e", None)], 100)) == ["d", "e"]
