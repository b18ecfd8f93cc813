"""The same minute of one patient counts once: what spans of time share with each other."""

from collections.abc import Sequence

Span = tuple[int, int]
"""A start and a stop, whole microseconds from a moment that the spans of a day have in common."""


def shared(spans: Sequence[Span]) -> list[int]:
    """Give how much of each span the union of all earlier ones covers, whole microseconds.

    `spans` are in the order of their starts. Source: CMS Medicare Claims Processing Manual, chapter 5, section 20.3:
    a minute of one-on-one treatment is of one service.
    """
    found = []
    latest: int | None = None
    for start, stop in spans:
        # No earlier span starts after this one, so what they cover of it is one stretch from its start.
        found.append(0 if latest is None else max(0, min(stop, latest) - start))
        latest = stop if latest is None else max(latest, stop)
    return found


def common(one: Span, other: Span) -> int:
    """Give the time that two spans share, whole microseconds; those that only touch share none."""
    return max(0, min(one[1], other[1]) - max(one[0], other[0]))
