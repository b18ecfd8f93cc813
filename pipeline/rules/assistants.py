"""Which units of a service an assistant furnished in whole or in part, so that they carry CO or CQ."""

from functools import lru_cache

from msgspec import Struct

from pipeline.rules.parameters import figure
from pipeline.rules.units import UNIT_MINUTES

MODIFIER = {"OT": "CO", "PT": "CQ"}
"""What says so beside the discipline's own modifier; speech-language pathology has none."""


class Standard(Struct, frozen=True):
    """The de minimis standard of a date: an assistant's part counts above so many percent.

    `therapist_minutes` of a last unit make it the therapist's, whatever the assistant's.
    """

    percent: int
    therapist_minutes: int

    def in_part(self, by_assistant: int, whole: int) -> bool:
        """Tell whether the assistant's part of a time, in the same unit as the whole, is more than the share."""
        return by_assistant * 100 > self.percent * whole


@lru_cache(maxsize=4_096)
def standard(day: str) -> Standard:
    """Give the standard on an ISO date; `NoFigure` where none is stated."""
    return Standard(figure("assistant_share", day), figure("assistant_therapist_minutes", day))


def assisted_units(units: int, therapist: int, assistant: int, by: Standard) -> int:
    """Give how many of a timed service's units carry the assistant's modifier.

    `therapist` and `assistant` are the whole minutes of each, alone. Whole 15-minute units are of who furnished them;
    one last unit is the therapist's with enough minutes of it, else the assistant's by more than the share; of two
    last units one is of each. Source: 42 CFR 410.59(a)(4)(iii) and 410.60(a)(4)(iii); CMS, CY 2022 physician fee
    schedule final rule (CMS-1751-F), de minimis standard.
    """
    of_therapist, therapist_left = divmod(therapist, UNIT_MINUTES)
    of_assistant, assistant_left = divmod(assistant, UNIT_MINUTES)
    left = units - of_therapist - of_assistant
    if left <= 0:
        return of_assistant
    if left > 1:
        return of_assistant + 1
    if therapist_left >= by.therapist_minutes:
        return of_assistant
    return of_assistant + by.in_part(assistant_left, therapist_left + assistant_left)
