"""How near a patient is to a threshold."""

from collections.abc import Iterable, Iterator
from typing import Literal, TypeVar

from pipeline.events.totals import State
from pipeline.rules.parameters import figure

Name = Literal["kx", "review"]
NAMES: tuple[Name, ...] = ("kx", "review")
T = TypeVar("T")


def limit(name: Name, year: int) -> int:
    """Give a year's threshold, whole cents; `NoFigure` for a year that has none."""
    return figure(f"{name}_threshold", f"{year:04d}-01-01")


def approaching_from(name: Name, year: int) -> int:
    """Give the least total, whole cents, that approaches a year's threshold."""
    part = figure(f"approaching_{name}", f"{year:04d}-01-01")
    return -(-limit(name, year) * part // 100)


def state(name: Name, year: int, total_cents: int) -> State:
    """Say where a total stands: it exceeds a threshold only when it is more than it (42 USC 1395l(g))."""
    if total_cents > limit(name, year):
        return "exceeded"
    return "approaching" if total_cents >= approaching_from(name, year) else "clear"


def over(start_cents: int, lines: Iterable[tuple[T, int | None]], limit_cents: int) -> Iterator[T]:
    """Give the lines that go over a limit: the first whose total with it is more, and every later one.

    `lines` are in the order that they count in, with whole cents; a line without a price (None) goes over once the
    total before it does. A line is never split.
    """
    total = start_cents
    for name, cents in lines:
        total += cents or 0
        if total > limit_cents:
            yield name
