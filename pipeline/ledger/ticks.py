"""The day that a partition number has come to by its ticks, and what is to be looked at again once a date has come."""

from collections.abc import MutableMapping

from pipeline.ledger.calendar import latest_date
from pipeline.ledger.tables import Facts

_TODAY = "today"
_DATES = "dates"
_TOGETHER = 100


class Ticks:
    """An index of one partition number: the newest day that was ticked, and keys by the date that they are due on.

    Keys of the table: `today`, `dates` (those that something is listed under), `due|date` (how many lists there are),
    `due|date|n`, a hundred keys in a list. A tick reads the lists of the dates that it passes, and no more; `today` is
    "" before the first.
    """

    def __init__(self, table: MutableMapping[str, bytes]) -> None:
        self._day = Facts(table, str)
        self._counts = Facts(table, int)
        self._dates: Facts[list[str]] = Facts(table, list[str])
        self._lists: Facts[list[str]] = Facts(table, list[str])
        self._listed: dict[str, list[str]] = {}
        self.today = self._day.get(_TODAY) or ""

    def enter(self, date: str, key: str) -> None:
        """List a key under a date that has not come."""
        self._listed.setdefault(date, []).append(key)

    def tick(self, date: str, appended: str) -> list[str] | None:
        """Let a day begin; gives the keys that are due on it or before, None where it is no newer than the last.

        A date that was nowhere on earth when the tick was appended (milliseconds of the epoch as text; "": not known)
        is a wrong clock's, and as little taken.
        """
        if date <= self.today or date > (latest_date(appended) or date):
            return None
        self._write()
        dates = self._dates.get(_DATES) or []
        found: list[str] = []
        passed = sorted(day for day in dates if day <= date)
        for day in passed:
            for number in range(self._counts.get(f"due|{day}") or 0):
                found += self._lists.get(f"due|{day}|{number}") or ()
                self._lists.put(f"due|{day}|{number}", None)
            self._counts.put(f"due|{day}", None)
        if passed:
            self._dates.put(_DATES, [day for day in dates if day > date])
        self.today = date
        self._day.put(_TODAY, date)
        return list(dict.fromkeys(found))

    def flush(self) -> None:
        """Write what changed."""
        self._write()
        for facts in (self._day, self._dates, self._counts, self._lists):
            facts.flush()

    def _write(self) -> None:
        for day, listed in self._listed.items():
            keys, count = listed, self._counts.get(f"due|{day}") or 0
            if count:
                count -= 1
                keys = [*(self._lists.get(f"due|{day}|{count}") or ()), *listed]
            else:
                self._dates.put(_DATES, [*(self._dates.get(_DATES) or ()), day])
            for start in range(0, len(keys), _TOGETHER):
                self._lists.put(f"due|{day}|{count}", keys[start : start + _TOGETHER])
                count += 1
            self._counts.put(f"due|{day}", count)
        self._listed.clear()


def ticked(table: MutableMapping[str, bytes]) -> str:
    """Give the newest day that a table's number was told of; "" before the first."""
    return Facts(table, str).get(_TODAY) or ""
