"""The unit in full, whatever the order in which the lines are given."""

from decimal import Decimal
from itertools import permutations

from pipeline.rules.fees import UnitPrice
from pipeline.rules.reduction import Priced, full_unit, multiple_procedure_reduction

PRICE = UnitPrice(2_879, 2_183, Decimal("0.43"), True, "A")


def test_a_tie_goes_by_code_then_discipline_then_the_therapist() -> None:
    in_turn = [
        Priced("97110", "OT", False, 1, PRICE),
        Priced("97110", "OT", True, 1, PRICE),
        Priced("97110", "PT", False, 2, PRICE),
        Priced("97110", "SLP", False, 1, PRICE),
        Priced("97116", "OT", False, 1, PRICE),
    ]
    for first in range(len(in_turn)):
        for lines in permutations(in_turn[first:]):
            full = full_unit(lines)
            assert full is not None
            assert lines[full] is in_turn[first]


def test_every_other_unit_is_reduced() -> None:
    lines = [Priced("97110", "PT", False, 2, PRICE), Priced("97110", "OT", False, 3, PRICE)]
    assert multiple_procedure_reduction(lines) == [2, 2]
