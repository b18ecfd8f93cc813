"""What holds by date and is no figure: a word, a yes or no, a table."""

from bisect import bisect_right
from datetime import date
from typing import Generic, TypeVar

from msgspec import Struct

from pipeline.rules.parameters import NoFigure, Source, Unpriced

T = TypeVar("T")


class Dated(Struct, Generic[T], frozen=True, forbid_unknown_fields=True):
    """Values from each date on, the last `through` a date, and where they are from."""

    source: list[Source]
    values: dict[date, T]
    through: date = date.max

    def at(self, name: str, day: str) -> T:
        """Give the value on an ISO date; `name` is what an error calls it.

        Errors: `NoFigure` before the first date and after the last one that it is stated for.
        """
        asked = date.fromisoformat(day)
        dates = sorted(self.values)
        position = bisect_right(dates, asked)
        if not position or asked > self.through:
            raise NoFigure(Unpriced(name, day))
        return self.values[dates[position - 1]]
