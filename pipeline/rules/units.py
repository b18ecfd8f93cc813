"""Minutes to units: Medicare's total-time rule and the midpoint rule of most commercial payers."""

from collections.abc import Mapping
from typing import Literal

UnitRule = Literal["cms_total", "ama_midpoint"]

UNIT_MINUTES = 15
_MIDPOINT = 7  # A unit begins with its eighth minute.
_CAREGIVER_FIRST = 16  # 97550 needs more than half of its thirty minutes.


def cms_total(minutes: Mapping[str, int], full_cents: Mapping[str, int]) -> dict[str, int]:
    """Give each timed code its units by the total of all timed minutes.

    `minutes` are whole minutes by code (by the first code of a pair), `full_cents` full unit prices by code, for ties.
    Minutes under 8 count in the total. Source: CMS Medicare Claims Processing Manual, chapter 5, section 20.2.
    """
    units = {code: spent // UNIT_MINUTES for code, spent in minutes.items()}
    left = (sum(minutes.values()) + _MIDPOINT) // UNIT_MINUTES - sum(units.values())
    if left:
        by_claim = sorted(
            minutes, key=lambda code: (-(minutes[code] % UNIT_MINUTES), units[code], -full_cents.get(code, 0), code)
        )
        for code in by_claim[:left]:
            units[code] += 1
    return units


def ama_midpoint(minutes: int) -> int:
    """Give the units of one code by itself: a unit at its eighth minute."""
    return (minutes + _MIDPOINT) // UNIT_MINUTES


def caregiver(minutes: int) -> int:
    """Give the units of caregiver training, under every rule: one of 97550 for the first 30, further ones of 97551.

    The first needs 16 minutes; each further 15 past 30 round at their midpoint.
    """
    if minutes < _CAREGIVER_FIRST:
        return 0
    return 1 + max(0, minutes - 2 * UNIT_MINUTES + _MIDPOINT) // UNIT_MINUTES
