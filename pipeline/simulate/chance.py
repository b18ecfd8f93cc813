"""Chance that falls the same everywhere: one generator, and whole numbers and choices made from `random()` alone."""

from collections.abc import Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")


class Chance:
    """One stream of chance.

    Python promises the same `random()` for the same seed on every version; it promises that of no other method, so each
    choice here is made from it.
    """

    def __init__(self, seed: int) -> None:
        self._random = Random(seed).random  # noqa: S311 -- a simulation must repeat itself; nothing here is a secret.

    def happens(self, share: float) -> bool:
        return self._random() < share

    def between(self, low: int, high: int) -> int:
        """Give a whole number from `low` through `high`."""
        return low + int(self._random() * (high - low + 1))

    def one(self, options: Sequence[T]) -> T:
        return options[int(self._random() * len(options))]

    def weighted(self, options: Sequence[tuple[T, int]]) -> T:
        """Give one of the options, each as often as its weight says."""
        left = int(self._random() * sum(weight for _, weight in options))
        for option, weight in options:
            left -= weight
            if left < 0:
                return option
        return options[-1][0]

    def several(self, options: Sequence[tuple[T, int]], count: int) -> list[T]:
        """Give so many different ones of the options, as far as they go, in the order drawn."""
        left = list(options)
        drawn: list[T] = []
        while left and len(drawn) < count:
            option = self.weighted(left)
            drawn.append(option)
            left = [other for other in left if other[0] != option]
        return drawn
