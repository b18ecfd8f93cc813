"""What a line accrues, by the basis of its date."""

import pytest

from pipeline.rules.accrual_basis import AFTER_REDUCTION_BEFORE_CUT, AccrualBasis, accrual_basis


def test_lines_accrue_after_the_reduction_and_before_the_assistants_cut() -> None:
    assert accrual_basis("2025-03-03") is AFTER_REDUCTION_BEFORE_CUT
    assert AFTER_REDUCTION_BEFORE_CUT.cents(6_922, 5_919, by_assistant=True) == 5_919


def test_a_basis_before_the_reduction_and_after_the_cut_rounds_half_up() -> None:
    cut = AccrualBasis(reduced=False, assistant_percent=85).cents(6_930, 5_919, by_assistant=True)
    assert (cut, type(cut)) == (5_891, int)
    assert AccrualBasis(reduced=False, assistant_percent=85).cents(6_930, 5_919, by_assistant=False) == 6_930


def test_a_line_without_a_price_accrues_nothing_that_is_known() -> None:
    assert AccrualBasis(reduced=True, assistant_percent=85).cents(None, None, by_assistant=True) is None


@pytest.mark.parametrize(
    ("reduced", "cut", "expected"),
    [
        (1, 0, AFTER_REDUCTION_BEFORE_CUT),
        (0, 0, AccrualBasis(reduced=False, assistant_percent=100)),
        (1, 1, AccrualBasis(reduced=True, assistant_percent=85)),
        (0, 1, AccrualBasis(reduced=False, assistant_percent=85)),
    ],
)
def test_a_basis_goes_by_the_figures_of_its_date(
    monkeypatch: pytest.MonkeyPatch, reduced: int, cut: int, expected: AccrualBasis
) -> None:
    """Whether after the reduction is 1 for yes; whether after the cut, too, of what Medicare pays on the date."""
    said = {"threshold_accrual_reduced": reduced, "threshold_accrual_assistant_cut": cut, "assistant_payment": 85}
    monkeypatch.setattr("pipeline.rules.accrual_basis.figure", lambda name, _: said[name])
    assert accrual_basis.__wrapped__("2025-03-03") == expected


def test_a_date_before_every_figure_has_the_basis_of_the_law() -> None:
    assert accrual_basis("1999-12-31") is AFTER_REDUCTION_BEFORE_CUT
