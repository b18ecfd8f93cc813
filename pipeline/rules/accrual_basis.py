"""What of a line counts towards the thresholds: after or before the reduction, before or after the assistant's cut."""

from functools import lru_cache

from msgspec import Struct

from pipeline.rules.parameters import NoFigure, figure

_PERCENT = 100


class AccrualBasis(Struct, frozen=True):
    """How lines of a date accrue: after the multiple-procedure reduction or before; `assistant_percent` of it."""

    reduced: bool
    assistant_percent: int

    def cents(self, full_cents: int | None, allowed_cents: int | None, *, by_assistant: bool) -> int | None:
        """Give what a line accrues, whole cents, half up; None where no parameter prices it."""
        amount = allowed_cents if self.reduced else full_cents
        if amount is None or not by_assistant or self.assistant_percent == _PERCENT:
            return amount
        return (amount * self.assistant_percent * 2 + _PERCENT) // (2 * _PERCENT)


AFTER_REDUCTION_BEFORE_CUT = AccrualBasis(reduced=True, assistant_percent=_PERCENT)


@lru_cache(maxsize=4_096)
def accrual_basis(day: str) -> AccrualBasis:
    """Give how lines accrue on an ISO date.

    A date before every threshold has no figure and no total, so that its basis says nothing. Source: 42 USC 1395l(g);
    CMS Medicare Claims Processing Manual, chapter 5, section 10.3.
    """
    try:
        reduced = figure("threshold_accrual_reduced", day) == 1
        cut = figure("assistant_payment", day) if figure("threshold_accrual_assistant_cut", day) else _PERCENT
    except NoFigure:
        return AFTER_REDUCTION_BEFORE_CUT
    basis = AccrualBasis(reduced, cut)
    return AFTER_REDUCTION_BEFORE_CUT if basis == AFTER_REDUCTION_BEFORE_CUT else basis
