"""What the counting app must have come to: each number once, in its turn, in every table and topic."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise

from aiokafka import TopicPartition
from chaos.increments.counting import PARTITIONS, SECOND_KEYS, place
from chaos.increments.crew import Crew
from chaos.increments.stream import Stream

Table = dict[str, bytes]


class Audit:
    """What topics hold of a run, read once it is over."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self.numbers: dict[bytes, list[int]] = defaultdict(list)
        self.seen: dict[bytes, list[tuple[int, int]]] = defaultdict(list)
        self.turns: dict[bytes, list[int]] = defaultdict(list)
        self.letters: list[bytes] = []
        self.appended: dict[int, list[int]] = defaultdict(list)
        self.tables: dict[str, Table] = {}
        asyncio.run(self._read())

    async def _read(self) -> None:
        async for record in self._stream.held(*self._stream.topics("numbers")):
            self.numbers[record.key].append(int(record.value))
        async for record in self._stream.held(*self._stream.topics("results")):
            self.appended[record.partition].append(record.timestamp)
            if record.key == b"refused":
                self.letters.append(record.value)
                continue
            turn, key, count, value = record.value.split()
            self.turns[record.key].append(int(turn))
            self.seen[key].append((int(count), int(value)))
        for table, topic in self._stream.changelogs.items():
            found = self.tables[table] = {}
            async for record in self._stream.held(*[TopicPartition(topic, number) for number in range(PARTITIONS)]):
                if record.key.startswith(b"\0"):
                    continue
                assert record.partition == place(record.key)
                if record.value is None:
                    found.pop(record.key.decode(), None)
                else:
                    found[record.key.decode()] = record.value

    def faults(self) -> list[str]:
        """Name what is not exact; nothing where all is."""
        turns: dict[bytes, int] = defaultdict(int)
        for values in self.numbers.values():
            for value in values:
                turns[b"s%d" % (value % SECOND_KEYS)] += 1
        wanted = {
            "sums": {key.decode(): b"%d %d" % (len(values), sum(values)) for key, values in self.numbers.items()},
            "counts": {key.decode(): b"%d" % count for key, count in turns.items()},
            "odd": {key.decode(): b"%d" % count for key, count in turns.items() if count % 2},
        }
        found = [f"refused: {letter!r}" for letter in self.letters]
        found += [
            f"{table} {key}: {self.tables[table].get(key)!r} in place of {wanted[table].get(key)!r}"
            for table in wanted
            for key in sorted(self.tables[table].keys() | wanted[table].keys())
            if self.tables[table].get(key) != wanted[table].get(key)
        ]
        found += [
            f"results of {key!r}: {off(self.turns[key], range(1, turns[key] + 1))}"
            for key in self.turns.keys() | turns.keys()
            if self.turns[key] != list(range(1, turns[key] + 1))
        ]
        # Each number under the count that it had in its own partition: the first stage's outputs, each once.
        found += [
            f"numbers of {key!r}: {len(self.seen[key])} in place of {len(values)}"
            for key, values in self.numbers.items()
            if sorted(self.seen[key]) != list(enumerate(values, 1))
        ]
        return found

    def stalls(self, crew: Crew) -> dict[str, tuple[float, float]]:
        """Give by fault the longest time without any output that began within it, and that of any one partition."""
        merged = sorted(at for times in self.appended.values() for at in times)
        longest: dict[str, tuple[float, float]] = {}
        for what, began, ended in crew.told:
            within = began * 1000 - 500, ended * 1000 + 1_000
            every = stall([merged], *within)
            one = stall(self.appended.values(), *within)
            before = longest.get(what, (0.0, 0.0))
            longest[what] = max(before[0], every), max(before[1], one)
        return longest


def stall(series: Iterable[list[int]], began: float, ended: float) -> float:
    """Give the longest gap in milliseconds that begins between two moments, in seconds."""
    return max(
        ((after - at) / 1000 for times in series for at, after in pairwise(times) if began <= at <= ended), default=0.0
    )


def off(found: list[int], wanted: range) -> str:
    """Tell how a list of turns differs."""
    missing, extra = sorted(set(wanted) - set(found))[:5], sorted(x for x in set(found) if found.count(x) > 1)[:5]
    return f"{len(found)} in place of {len(wanted)}, missing {missing}, twice {extra}"
