"""How near a patient is to a threshold."""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Literal, TypeVar

from msgspec import Struct

from pipeline.events.totals import State
from pipeline.rules.parameters import figure

Name = Literal["kx", "review"]
NAMES: tuple[Name, ...] = ("kx", "review")
T = TypeVar("T")


class Limits(Struct, frozen=True):
    """A threshold of a year, whole cents: what is over it must be more, what approaches it is at least `near_cents`.

    A projection that crosses it within `ahead_days` of the last visit is told of.
    """

    threshold_cents: int
    near_cents: int
    ahead_days: int

    def state(self, total_cents: int) -> State:
        """Say where a total stands: it exceeds a threshold only when it is more than it (42 USC 1395l(g))."""
        if total_cents > self.threshold_cents:
            return "exceeded"
        return "approaching" if total_cents >= self.near_cents else "clear"


@cache
def limits(name: Name, year: int) -> Limits:
    """Give a year's threshold; `NoFigure` for a year that has none."""
    first_day = f"{year:04d}-01-01"
    threshold = figure(f"{name}_threshold", first_day)
    near = -(-threshold * figure(f"approaching_{name}", first_day) // 100)
    return Limits(threshold, near, figure("projection_horizon", first_day))


def over(start_cents: int, lines: Iterable[tuple[T, int | None]], limit_cents: int) -> Iterator[T]:
    """Give the lines that go over a limit: the first whose total with it is more, and every later one.

    `lines` are in the order that they count in, with whole cents; a line without a price (None) goes over once the
    total before it does. A line is never split. What is adjudicated at less than nothing takes no later line back.
    """
    total, crossed = start_cents, False
    for name, cents in lines:
        total += cents or 0
        if crossed or total > limit_cents:
            crossed = True
            yield name
