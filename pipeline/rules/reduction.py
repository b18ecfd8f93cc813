"""The multiple-procedure reduction: over a patient's whole day, one unit pays in full and every other is reduced."""

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from pipeline.rules.fees import UnitPrice

_DISCIPLINES = {"OT": 0, "PT": 1, "SLP": 2}


class Priced(Struct, frozen=True, gc=False):
    """A line before its reduction: what it is of, its units, the price of one (None where no parameter states it)."""

    code: str
    discipline: str
    by_assistant: bool
    units: int
    price: UnitPrice | None


def full_unit(lines: Sequence[Priced]) -> int | None:
    """Find the line whose one unit pays in full, by its position; None where no line's code is reducible.

    It is the code with the highest practice expense (times its index), then the higher full fee, the lower code, the
    discipline in the order OT, PT, SLP, the line without an assistant. `lines` are those of one patient, date, payer
    and billing TIN. Source: CMS Medicare Claims Processing Manual, chapter 5, section 10.7.
    """
    best: int | None = None
    highest = Decimal(-1)
    for position, line in enumerate(lines):
        price = line.price
        if price is None or not price.reducible or price.practice_expense < highest:
            continue
        if best is None or price.practice_expense > highest or _tie(line) < _tie(lines[best]):
            best, highest = position, price.practice_expense
    return best


def _tie(line: Priced) -> tuple[int, str, int, bool]:
    """Give what orders lines of one practice expense."""
    full_cents = line.price.full_cents if line.price is not None else 0
    return -full_cents, line.code, _DISCIPLINES[line.discipline], line.by_assistant


def multiple_procedure_reduction(lines: Sequence[Priced]) -> list[int]:
    """Give how many units of each line are reduced, in the order of `lines`: all reducible ones but the full unit."""
    full = full_unit(lines)
    if full is None:
        return [0] * len(lines)
    return [
        line.units - (position == full) if line.price is not None and line.price.reducible else 0
        for position, line in enumerate(lines)
    ]
