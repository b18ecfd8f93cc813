"""Whether a worker is ready and alive: at work on all that is its own, its commits moving whenever something waits."""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

STALL_SECONDS = 15.0
"""A partition with records waiting and no commit for so long is stalled: a commit under load takes milliseconds."""
SILENT_SECONDS = 5.0
"""A Kafka that has not answered for so long is away."""
STILL_SECONDS = 15.0
"""A worker that has not looked at itself for so long stands still; it looks every second, or after Kafka's silence."""
LONG_SECONDS = 300.0
"""What has moved nothing for so long, while Kafka answers, is better started again."""

Place = tuple[str, int]
"""A topic by the contract's name, and a partition."""


class Loading(NamedTuple):
    """How far the loading of tables is: records taken and in all, seconds left; None as long as nobody can tell."""

    taken: int
    records: int
    seconds_left: float | None


class Facts(NamedTuple):
    """What is known of a worker at one look.

    `committed` has a place for each topic of the numbers at work; `wanted` are the numbers that are the worker's own.
    `ends` are those of the last answer, `answered` whether there was one now.
    """

    joined: bool = False
    wanted: frozenset[int] = frozenset()
    opening: frozenset[int] = frozenset()
    failing: frozenset[int] = frozenset()
    committed: Mapping[Place, int] = {}
    ends: Mapping[Place, int] = {}
    answered: bool = True
    loading: Loading | None = None

    @property
    def open(self) -> frozenset[int]:
        """The numbers at work."""
        return frozenset(number for _, number in self.committed)

    @property
    def behind(self) -> dict[Place, int]:
        """Records behind the end, by topic and partition."""
        return {place: max(0, self.ends[place] - at) for place, at in self.committed.items() if place in self.ends}

    @property
    def partitions(self) -> dict[str, int]:
        """How many of the worker's own numbers are open, are opening, and wait to be."""
        missing = self.wanted - self.open
        opening = len(missing & self.opening)
        return {"open": len(self.open), "opening": opening, "waiting": len(missing) - opening}


class _Trouble(NamedTuple):
    """Why a worker is not ready, and for how many seconds nothing has moved in it that a restart might move."""

    why: str
    seconds: float


class Health:
    """What the last look came to. The worker's loop tells of each look, the thread that answers probes asks."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._clocks: dict[object, tuple[object, float]] = {}
        self._answered = now()
        self._looked = now()
        self._facts = Facts()
        self._found: list[_Trouble] = self._troubles(Facts())

    def see(self, facts: Facts) -> None:
        """Take in what is known now."""
        now = self._looked = self._now()
        if facts.answered:
            self._answered = now
        else:
            # Without Kafka nothing can move: that is not the worker's standing still.
            self._clocks = {key: (value, now) for key, (value, _) in self._clocks.items()}
        own = {("number", number) for number in facts.open} | {("missing", number) for number in facts.wanted}
        self._clocks = {key: clock for key, clock in self._clocks.items() if isinstance(key, str) or key in own}
        self._found, self._facts = self._troubles(facts), facts

    def ready(self) -> tuple[bool, dict[str, Any]]:
        """Tell whether the worker is at work on all that is its own, and what there is to say of it."""
        facts, why = self._facts, [trouble.why for trouble in [*self._found, *self._still()]]
        return not why, {
            "ready": not why,
            "why": why,
            "partitions": facts.partitions,
            "lag": sum(facts.behind.values()),
            "loading": facts.loading and facts.loading._asdict(),
        }

    def alive(self) -> tuple[bool, dict[str, Any]]:
        """Tell whether a restart would be of no use."""
        why = [trouble.why for trouble in [*self._found, *self._still()] if trouble.seconds >= LONG_SECONDS]
        return not why, {"alive": not why, "why": why}

    def _still(self) -> list[_Trouble]:
        seconds = self._now() - self._looked
        if seconds < STILL_SECONDS:
            return []
        return [_Trouble(f"it stands still: it has not looked at itself for {seconds:.0f} s", seconds)]

    def _troubles(self, facts: Facts) -> list[_Trouble]:
        return [*self._silence(), *self._not_joined(facts), *self._not_open(facts), *self._stalled(facts)]

    def _silence(self) -> Iterable[_Trouble]:
        silent = self._looked - self._answered
        if silent >= SILENT_SECONDS:
            yield _Trouble(f"Kafka has not answered for {silent:.0f} s", 0)

    def _not_joined(self, facts: Facts) -> Iterable[_Trouble]:
        seconds = self._unmoved("joined", facts.joined)
        if not facts.joined:
            yield _Trouble(f"it has not joined its group yet, for {seconds:.0f} s", seconds)

    def _not_open(self, facts: Facts) -> Iterable[_Trouble]:
        missing, loading = facts.wanted - facts.open, facts.loading
        still = self._unmoved("loading", loading and loading.taken)
        waited = {number: self._unmoved(("missing", number), number in missing) for number in facts.wanted}
        # What it only prepares for others to hand over keeps it from nothing, once it is at work.
        if loading and (missing or not facts.open):
            left = "" if loading.seconds_left is None else f", about {loading.seconds_left:.0f} s left"
            yield _Trouble(f"loading: {loading.taken:,} of {loading.records:,} records{left}", still)
        if failing := sorted(missing & facts.failing):
            seconds = max(waited[number] for number in failing)
            yield _Trouble(f"partitions {_named(failing)} could not be opened, for {seconds:.0f} s", seconds)
        if waiting := sorted(missing - facts.failing) if not loading else []:
            seconds = max(waited[number] for number in waiting)
            yield _Trouble(f"partitions {_named(waiting)} are not open yet", seconds)

    def _stalled(self, facts: Facts) -> Iterable[_Trouble]:
        waiting: dict[int, int] = {}
        for (_, number), records in facts.behind.items():
            waiting[number] = waiting.get(number, 0) + records
        stalled = {}
        for number, records in waiting.items():
            at = sorted((topic, at) for (topic, of), at in facts.committed.items() if of == number)
            # With nothing waiting there is nothing to move.
            seconds = self._unmoved(("number", number), at if records else self._looked)
            if seconds >= STALL_SECONDS:
                stalled[number] = seconds
        if stalled:
            records, seconds = sum(waiting[number] for number in stalled), max(stalled.values())
            yield _Trouble(
                f"stalled: {records:,} records wait in partitions {_named(stalled)}, and nothing was committed "
                f"for {seconds:.0f} s",
                seconds,
            )

    def _unmoved(self, key: object, value: object) -> float:
        """Give the seconds since a value changed."""
        was, since = self._clocks.setdefault(key, (value, self._looked))
        if was != value:
            self._clocks[key] = value, self._looked
            return 0.0
        return self._looked - since


def _named(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, sorted(numbers)))
