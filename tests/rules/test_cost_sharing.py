"""A line's amount is shared to the cent: the deductible, then a percent or a copay, then the payer's rest."""

import pytest

from pipeline.rules.cost_sharing import UNKNOWN, Owed, owed


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ((3_461, 0, 20, None, 100), Owed(692, 2_769, 0)),
        ((3_461, 3_460, 20, None, 100), Owed(3_460, 1, 3_460)),
        ((3_461, 3_461, 20, None, 100), Owed(3_461, 0, 3_461)),
        ((3_461, 9_999, 20, None, 100), Owed(3_461, 0, 3_461)),
        # 20 % of 23 cents are 4.6, of 22 are 4.4; half a cent goes up.
        ((23, 0, 20, None, 100), Owed(5, 18, 0)),
        ((22, 0, 20, None, 100), Owed(4, 18, 0)),
        ((5, 0, 50, None, 100), Owed(3, 2, 0)),
        # 0.49 cents of either go down.
        ((7, 0, 7, None, 100), Owed(0, 7, 0)),
        ((7, 0, 0, None, 7), Owed(0, 0, 0)),
        ((3_461, 1_000, 20, 2_500, 100), Owed(3_461, 0, 1_000)),
        ((3_461, 961, 20, 2_000, 100), Owed(2_961, 500, 961)),
        ((3_461, 0, None, 0, 100), Owed(0, 3_461, 0)),
        ((3_461, 0, 100, None, 100), Owed(3_461, 0, 0)),
        # 85 % of 27.69 are 23.5365, of 10 cents 8.5.
        ((3_461, 0, 20, None, 85), Owed(692, 2_354, 0)),
        ((10, 0, 0, None, 85), Owed(0, 9, 0)),
        ((0, 100, 20, 500, 85), Owed(0, 0, 0)),
    ],
)
def test_a_line_is_shared(said: tuple[int, int, int | None, int | None, int], expected: Owed) -> None:
    """The allowed amount, what is left of the deductible, the percent of the rest, the copay, the payer's part."""
    assert owed(*said) == expected


def test_without_a_percent_or_a_copay_nobody_knows() -> None:
    assert owed(3_461, 0, None, None, 100) == UNKNOWN == (None, None, 0)
