"""An assistant's units by a standard of any figures, so that each of them is seen to count."""

import pytest

from pipeline.rules.assistants import Standard, assisted_units, standard
from pipeline.rules.parameters import NoFigure


def test_exactly_the_share_of_a_last_unit_is_not_more_than_it() -> None:
    half = Standard(percent=50, therapist_minutes=8)
    assert [assisted_units(1, 7, minutes, half) for minutes in (6, 7, 8)] == [0, 0, 1]


def test_the_minutes_that_make_a_last_unit_the_therapists_are_a_figure() -> None:
    strict = Standard(percent=10, therapist_minutes=12)
    assert [assisted_units(1, minutes, 3, strict) for minutes in (11, 12)] == [1, 0]


def test_whole_units_are_of_who_furnished_them_and_two_last_units_of_one_each() -> None:
    by = standard("2025-03-03")
    assert [assisted_units(units, 24, 39, by) for units in (3, 4)] == [2, 2]
    assert assisted_units(5, 29, 44, by) == 3


def test_a_date_without_the_standard_is_told_by_the_figure_that_lacks() -> None:
    with pytest.raises(NoFigure, match="assistant_therapist_minutes for 2021-12-31"):
        standard("2021-12-31")
    with pytest.raises(NoFigure, match="assistant_share for 2019-12-31"):
        standard("2019-12-31")
