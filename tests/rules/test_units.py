"""Units by minutes and prices of any kind, in any order."""

import pytest

from pipeline.rules.units import cms_total


@pytest.mark.parametrize("codes", [("97110", "97112"), ("97112", "97110")])
@pytest.mark.parametrize("full_cents", [{}, {"97110": 0}, {"97112": 0}, {"97110": 3_000, "97112": 3_000}])
def test_a_tie_of_remainder_units_and_fee_goes_to_the_lower_code_whatever_the_order(
    codes: tuple[str, str], full_cents: dict[str, int]
) -> None:
    """A code without a price ties with one whose price is nothing."""
    assert cms_total(dict.fromkeys(codes, 10), full_cents) == {"97110": 1, "97112": 0}


def test_a_code_without_a_price_comes_after_one_that_has_one() -> None:
    assert cms_total({"97110": 10, "97112": 10}, {"97112": 1}) == {"97110": 0, "97112": 1}
