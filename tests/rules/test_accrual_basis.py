"""What a line accrues, by the basis of its date."""

from pipeline.rules.accrual_basis import AFTER_REDUCTION_BEFORE_CUT, AccrualBasis, accrual_basis


def test_lines_accrue_after_the_reduction_and_before_the_assistants_cut() -> None:
    assert accrual_basis("2025-03-03") is AFTER_REDUCTION_BEFORE_CUT
    assert AFTER_REDUCTION_BEFORE_CUT.cents(6_922, 5_919, by_assistant=True) == 5_919


def test_a_basis_before_the_reduction_and_after_the_cut_rounds_half_up() -> None:
    assert AccrualBasis(reduced=False, assistant_percent=85).cents(6_930, 5_919, by_assistant=True) == 5_891
    assert AccrualBasis(reduced=False, assistant_percent=85).cents(6_930, 5_919, by_assistant=False) == 6_930


def test_a_line_without_a_price_accrues_nothing_that_is_known() -> None:
    assert AccrualBasis(reduced=True, assistant_percent=85).cents(None, None, by_assistant=True) is None
