"""The types of an event's fields, each with the limits that the contract sets."""

from datetime import date, datetime
from functools import lru_cache
from typing import Annotated, Literal

from msgspec import Meta

# Python's `$` also matches before a last line feed; `(?!\n)` closes that door in Python and in JSON Schema alike.
_END = r"$(?!\n)"

Id = Annotated[
    str,
    Meta(
        pattern=r"^[^\x00-\x1f\x7f-\x9f|]{1,128}" + _END, description="1 to 128 characters, no control character, no |"
    ),
]
Text = Annotated[str, Meta(min_length=1, description="any text but empty")]
Time = Annotated[
    str,
    Meta(
        pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?"
        r"([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])" + _END,
        description="RFC 3339 with an offset or Z",
    ),
]
Date = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}" + _END, description="YYYY-MM-DD")]

_LARGEST = 2**53 - 1  # The largest whole number that every JSON reader keeps exact.
Count = Annotated[int, Meta(ge=0, le=_LARGEST)]
Cents = Annotated[int, Meta(ge=0, le=_LARGEST, description="whole cents")]
SignedCount = Annotated[int, Meta(ge=-_LARGEST, le=_LARGEST)]
SignedCents = Annotated[int, Meta(ge=-_LARGEST, le=_LARGEST, description="whole cents")]
Revision = Annotated[int, Meta(ge=0, le=2**63 - 1, description="a last-modified epoch will do")]
Year = Annotated[int, Meta(ge=1, le=9999)]

Discipline = Literal["OT", "PT", "SLP"]
Bucket = Literal["OT", "PT-SLP"]
BUCKET: dict[str, Bucket] = {"OT": "OT", "PT": "PT-SLP", "SLP": "PT-SLP"}
"""The threshold that a discipline's lines count towards (42 USC 1395l(g))."""


@lru_cache(maxsize=4_096)
def moment(text: str) -> datetime:
    """Read a time of an event as a moment, to the microsecond.

    Errors: ValueError where the calendar has no such day.
    """
    return datetime.fromisoformat(text.upper())


def instant(text: str) -> tuple[datetime, str]:
    """Give what orders two times of events exactly, however many digits their fractions have."""
    start = text.find(".")
    if start < 0:
        return moment(text), ""
    end = start + 1
    while text[end].isdigit():
        end += 1
    return moment(text[:start] + text[end:]), text[start + 1 : end].rstrip("0")


@lru_cache(maxsize=4_096)
def calendar(text: str) -> date:
    """Read a date of an event; ValueError where the calendar has no such day."""
    return date.fromisoformat(text)
