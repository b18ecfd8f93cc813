"""The types of an event's fields, each with the limits that the contract sets."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
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


def moment(text: str) -> datetime:
    """Read a time of an event as a moment, to the microsecond.

    Errors: ValueError where the calendar has no such day.
    """
    return datetime.fromisoformat(text.upper())


def microseconds_between(start: str, stop: str) -> int:
    """Give what passed between two times of events, in whole microseconds, less than 0 where the stop is earlier.

    Errors: ValueError where the calendar has no such day.
    """
    if start[19:] == stop[19:]:
        # The same offset, and the same fraction: the clock's reading is enough, and thrice as fast.
        passed = datetime.fromisoformat(stop[:19]) - datetime.fromisoformat(start[:19])
    else:
        passed = moment(stop) - moment(start)
    return (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds


def alike(times: Iterable[str | None]) -> bool:
    """Tell times that order as their texts do: all in the same offset and the same fraction, or all without a clock."""
    return len({time if time is None else time[10] + time[19:] for time in times}) < 2  # noqa: PLR2004 -- one kind.


_LAST = True, datetime.max.replace(tzinfo=UTC), ""


def clock_order(time: str | None) -> tuple[bool, datetime, str]:
    """Give what orders times by the clock, those that are None last."""
    return _LAST if time is None else (False, *instant(time))


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
