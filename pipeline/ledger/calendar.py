"""When state leaves: the newest date that a partition number has come to, and what is listed under each date."""

from collections.abc import Callable, MutableMapping
from datetime import date, timedelta
from functools import lru_cache, partial

from msgspec import Struct

from pipeline.ledger.tables import Facts

_TOGETHER = 100
_DAYS_BEFORE_1970 = date(1970, 1, 1).toordinal()
_LONGEST_TIME = len("9999999999999")
_MARK = "mark"


class Mark(Struct, frozen=True, array_like=True, gc=False):
    """How far a partition number has come: the newest date, the line, and the date through which all is swept.

    What is dated on the line or before is too late. The line never goes back, whatever is set.
    """

    newest: str = ""
    line: str = ""
    swept: str = ""


class Left(Struct, frozen=True, array_like=True, gc=False):
    """The segments of a patient that have left, as numbers of 64 bits, by the year that they were of."""

    years: dict[str, list[int]] = {}


class Schedule(Struct, frozen=True):
    """By the newest date the line, and the last day of the last year that has left; the date swept after a date."""

    line: Callable[[str], str]
    closed: Callable[[str], str]
    after: Callable[[str], str]


class Calendar:
    """What is listed under the dates of one partition number, and leaves once the line has passed them.

    Keys of the table: `mark`, `due|date` (how many lists there are), `due|date|n`, `left|patient`.
    """

    def __init__(self, table: MutableMapping[str, bytes], schedule: Schedule) -> None:
        self._marks = Facts(table, Mark)
        self._counts = Facts(table, int)
        self._lists: Facts[list[str]] = Facts(table, list[str])
        self.left = Facts(table, Left)
        self._schedule = schedule
        self._listed: dict[str, list[str]] = {}
        self._mark = mark = self._marks.get(_MARK) or Mark()
        self.newest, self.line, self._swept = mark.newest, mark.line, mark.swept
        self.closed = ""
        if self.newest:
            self._draw()

    def see(self, day: str, appended: str) -> None:
        """Take note of a date that an event tells of; one after the event's own append time is a wrong clock's.

        `appended` is milliseconds of the epoch as text; a date without one is not counted.
        """
        if day > self.newest and day <= latest_date(appended):
            self.newest = day
            self._draw()

    def now(self, appended: str) -> str:
        """Give the newest date; before there is one, that of an append time."""
        return self.newest or latest_date(appended)

    def enter(self, day: str, entry: str) -> None:
        """Enter what leaves once the line has passed a date."""
        self._listed.setdefault(day, []).append(entry)

    def due(self, most: int = 20) -> list[str]:
        """Take out the entries that are due: of `most` lists at once, a hundred entries each, the rest another time."""
        self._write()
        found: list[str] = []
        dates = 0
        while self._swept < self.line and most > 0 and dates < _TOGETHER * 10:
            day = self._schedule.after(self._swept)
            count = self._counts.get(f"due|{day}") or 0
            taken = min(count, most)
            for number in range(count - taken, count):
                found += self._lists.get(f"due|{day}|{number}") or ()
                self._lists.put(f"due|{day}|{number}", None)
            most -= taken
            if count:
                self._counts.put(f"due|{day}", count - taken or None)
            if count > taken:
                break
            self._swept = day
            dates += 1
        return found

    def flush(self) -> None:
        """Write what changed."""
        self._write()
        mark = Mark(self.newest, self.line, self._swept)
        if mark != self._mark:
            self._marks.put(_MARK, mark)
            self._mark = mark
        for facts in (self._marks, self._counts, self._lists, self.left):
            facts.flush()

    def _draw(self) -> None:
        self.closed = self._schedule.closed(self.newest)
        line = self._schedule.line(self.newest)
        if line > self.line:
            self.line = line
            # Before the first line nothing was listed that it passes.
            self._swept = self._swept or line

    def _write(self) -> None:
        for day, listed in self._listed.items():
            entries, count = listed, self._counts.get(f"due|{day}") or 0
            if count:
                count -= 1
                entries = [*(self._lists.get(f"due|{day}|{count}") or ()), *entries]
            for some in _parted(entries):
                self._lists.put(f"due|{day}|{count}", some)
                count += 1
            self._counts.put(f"due|{day}", count)
        self._listed.clear()


def day_schedule(keep_days: int) -> Schedule:
    """Give the schedule of days: one leaves when the newest is more than `keep_days` younger."""
    return Schedule(partial(_day_line, keep_days), partial(_year_line, keep_days), _next_day)


def year_schedule(keep_days: int) -> Schedule:
    """Give the schedule of years, by their last days: one leaves when it is two years closed and its days have left."""
    line = partial(_year_line, keep_days)
    return Schedule(line, line, _next_year)


def last_day(year: int) -> str:
    """Give the last day of a year: what stands for the year in its schedule."""
    return f"{year:04d}-12-31"


def _day_line(keep_days: int, newest: str) -> str:
    number = date.fromisoformat(newest).toordinal() - keep_days - 1
    return date.fromordinal(number).isoformat() if number > 0 else ""


def _year_line(keep_days: int, newest: str) -> str:
    days = _day_line(keep_days, newest)
    year = min(int(newest[:4]) - 3, int(days[:4] or 0) - (days[5:] != "12-31"))
    return last_day(year) if year > 0 else ""


def _next_day(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(1)).isoformat()


def _next_year(day: str) -> str:
    return last_day(int(day[:4]) + 1)


def latest_date(appended: str) -> str:
    """Give the last date that it was anywhere on earth at an append time; "" where none is told."""
    if not (appended.isascii() and appended.isdecimal()) or len(appended) > _LONGEST_TIME:
        return ""
    return _following(int(appended) // 86_400_000)


@lru_cache(maxsize=16)
def _following(days: int) -> str:
    return date.fromordinal(_DAYS_BEFORE_1970 + days + 1).isoformat()


def _parted(entries: list[str]) -> list[list[str]]:
    return [entries[start : start + _TOGETHER] for start in range(0, len(entries), _TOGETHER)]
