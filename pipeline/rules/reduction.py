"""The multiple-procedure reduction: over a patient's whole day, one unit pays in full and every other is reduced."""

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from pipeline.rules.fees import UnitPrice

_DISCIPLINES = {"OT": 0, "PT": 1, "SLP": 2}


class Priced(Struct, frozen=True, gc=False):
    """A line before its reduction: what it is of, its units and the price of one."""

    code: str
    discipline: str
    by_assistant: bool
    units: int
    price: UnitPrice


def full_unit(lines: Sequence[Priced]) -> int | None:
    """Find the line whose one unit pays in full, by its position; None where no line's code is reducible.

    It is the code with the highest practice expense (times its index), then the higher full fee, the lower code, the
    discipline in the order OT, PT, SLP, the line without an assistant. `lines` are those of one patient, date, payer
    and billing TIN. Source: CMS Medicare Claims Processing Manual, chapter 5, section 10.7.
    """
    best: int | None = None
    best_rank: tuple[Decimal, int, str, int, bool] | None = None
    for position, line in enumerate(lines):
        if not line.price.reducible:
            continue
        rank = (
            -line.price.practice_expense,
            -line.price.full_cents,
            line.code,
            _DISCIPLINES[line.discipline],
            line.by_assistant,
        )
        if best_rank is None or rank < best_rank:
            best, best_rank = position, rank
    return best


def multiple_procedure_reduction(lines: Sequence[Priced]) -> list[int]:
    """Give how many units of each line are reduced, in the order of `lines`: all reducible ones but the full unit."""
    full = full_unit(lines)
    return [line.units - (position == full) if line.price.reducible else 0 for position, line in enumerate(lines)]
