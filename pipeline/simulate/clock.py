"""The time of a site: its offset by the United States' rule of summer time, without a time zone database.

A day is a number, days since 1970-01-01; a local time is a number, seconds since that day's midnight on the site's own
clock. Only `offset` leads to an instant.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

DAY = 86_400
HOUR = 3_600
MINUTE = 60

_EPOCH = date(1970, 1, 1)
_SUNDAY = 6
_HOLIDAYS = ((1, 1), (7, 4), (12, 25))


def day_number(day: date) -> int:
    return (day - _EPOCH).days


@lru_cache(maxsize=4_096)
def date_text(day: int) -> str:
    return (_EPOCH + timedelta(days=day)).isoformat()


def weekday(day: int) -> int:
    """Give 0 for a Monday through 6 for a Sunday."""
    return (day + 3) % 7


@lru_cache(maxsize=4_096)
def is_holiday(day: int) -> bool:
    when = _EPOCH + timedelta(days=day)
    return (when.month, when.day) in _HOLIDAYS


@lru_cache(maxsize=4_096)
def _is_summer(day: int) -> bool:
    """Tell a day from the second Sunday of March up to the first of November (15 USC 260a)."""
    when = _EPOCH + timedelta(days=day)
    march, november = date(when.year, 3, 8), date(when.year, 11, 1)
    begins = march + timedelta(days=_SUNDAY - march.weekday())
    ends = november + timedelta(days=_SUNDAY - november.weekday())
    return begins <= when < ends


@dataclass(frozen=True, slots=True)
class Zone:
    """A site's clock: hours west of UTC in winter, and whether it keeps summer time."""

    west: int
    summer_time: bool

    def offset(self, day: int) -> int:
        """Give the seconds that local time is ahead of UTC on a day: below zero in all of the United States."""
        return -(self.west - (self.summer_time and _is_summer(day))) * HOUR

    def instant(self, local: int) -> int:
        return local - self.offset(local // DAY)

    def text(self, local: int) -> str:
        """Write a local time as RFC 3339."""
        day, second = divmod(local, DAY)
        minute, second = divmod(second, MINUTE)
        return f"{date_text(day)}T{minute // 60:02d}:{minute % 60:02d}:{second:02d}{_offset_text(self, day)}"


@lru_cache(maxsize=32_768)
def _offset_text(zone: Zone, day: int) -> str:
    return f"-{-zone.offset(day) // HOUR:02d}:00"


EASTERN, CENTRAL, MOUNTAIN, PACIFIC = Zone(5, True), Zone(6, True), Zone(7, True), Zone(8, True)
ARIZONA, HAWAII = Zone(7, False), Zone(10, False)
