"""What goes wrong with partition numbers, and when it has gone wrong for too long."""

import time
from collections.abc import Collection, Iterable, Mapping

from pipeline.engine.errors import EngineError

OFTEN = 5
A_WHILE_SECONDS = 60
"""A number that is taken over so often in so short a while is another app's, too."""


class Trouble:
    """Numbers of a group's member that could not be opened or written, with since when, seconds of the monotonic clock.

    What lasts for longer than `patience_seconds` ends the worker.
    """

    def __init__(self, group: str, patience_seconds: float) -> None:
        self._group = group
        self._patience = patience_seconds
        self._since: dict[int, float] = {}
        self._taken_over: dict[int, list[float]] = {}

    def note(self, numbers: Iterable[int]) -> None:
        """Note that numbers are in trouble; those that are already stay so since then."""
        for number in numbers:
            self._since.setdefault(number, time.monotonic())

    def over(self, number: int) -> None:
        """Note that a number works."""
        self._since.pop(number, None)

    def taken_over(self, number: int) -> None:
        """Note that a number was taken over by someone else.

        Errors: `EngineError` when that happens again and again.
        """
        now = time.monotonic()
        times = [*[at for at in self._taken_over.get(number, ()) if now - at < A_WHILE_SECONDS], now]
        self._taken_over[number] = times
        if len(times) >= OFTEN:
            raise EngineError(
                f"the transactional id {self._group}-{number} is taken over again and again: another app uses it. Give "
                "each app an id of its own"
            )

    def failing(self, at_work: Collection[int]) -> dict[int, float]:
        """Give the numbers that are not at work and should be, with since when they have not been right."""
        return {number: at for number, at in self._since.items() if number not in at_work}

    def see(self, wanted: Collection[int], opened: Mapping[int, float]) -> None:
        """See that no number stays unopened for long, or is opened and dropped again and again.

        `opened` are the numbers at work with when they were opened.

        Errors: `EngineError`.
        """
        now = time.monotonic()
        # What is open is no trouble once it has committed, or has been open for as long without having to.
        steady = {number for number, at in opened.items() if now - at > self._patience}
        self._since = {number: at for number, at in self._since.items() if number in wanted and number not in steady}
        failing = self.failing(opened)
        if failing and now - min(failing.values()) > self._patience:
            raise EngineError(
                f"partitions {sorted(failing)} could not be opened, or not be written, for {self._patience:g} s: see "
                "whether Kafka runs and answers, and the warnings of this log"
            )
