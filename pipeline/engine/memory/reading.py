"""The reading end in memory: the sources of partition numbers, what is committed of them."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

from pipeline.engine.layout import Layout
from pipeline.engine.memory.connection import Connection
from pipeline.engine.memory.log import Log
from pipeline.engine.pace import Pace
from pipeline.engine.record import Record


class MemorySource:
    """Reads the sources of partition numbers, from positions that it is told; `Source` does it on Kafka."""

    def __init__(self, layout: Layout, pace: Pace, connection: Connection) -> None:
        self._prefix = layout.prefix
        self._pace = pace
        self._connection = connection
        self._at: dict[tuple[str, int], int] = {}
        self._held: frozenset[int] = frozenset()

    async def start(self) -> None:
        """Do nothing: there is nothing to connect to."""

    async def stop(self) -> None:
        """Do nothing."""

    def read(self, positions: Mapping[int, Mapping[str, int]]) -> None:
        """Read these numbers from now on, from these positions by topic, and no others."""
        self._at = {(topic, number): at for number, of in positions.items() for topic, at in of.items()}
        self._held = frozenset()

    def hold(self, numbers: Iterable[int]) -> None:
        """Do not read these numbers on for now."""
        self._held = frozenset(numbers)

    async def poll(self) -> AsyncIterator[tuple[str, int, Sequence[Record], int]]:
        """Give what there is, as much as one poll may; wait for it if there is nothing."""
        self._connection.admit()
        found, left = [], self._pace.poll_records
        for (topic, number), at in self._at.items():
            if number not in self._held and left:
                stored, position = self._log(topic, number).read(at, left)
                left -= len(stored)
                if stored:
                    records = [
                        Record(topic, number, one.offset, one.timestamp_ms, one.key, one.value, one.headers)
                        for one in stored
                    ]
                    found.append((topic, number, records, position))
                else:
                    self._at[topic, number] = position
        if not found:
            await self._connection.kafka.wait(self._pace.poll_seconds)
        for topic, number, records, position in found:
            self._at[topic, number] = position
            yield topic, number, records, position

    async def positions(self) -> dict[int, dict[str, int]]:
        """Give how far each number is read."""
        found: dict[int, dict[str, int]] = {}
        for (topic, number), at in self._at.items():
            found.setdefault(number, {})[topic] = at
        return found

    def ends(self) -> dict[int, dict[str, int]]:
        """Give the last stable offset of each topic by number."""
        found: dict[int, dict[str, int]] = {}
        for topic, number in self._at:
            found.setdefault(number, {})[topic] = self._log(topic, number).stable
        return found

    def read_all(self) -> bool:
        """Tell whether there is nothing left that may be read now."""
        return all(
            number in self._held or not self._log(topic, number).read(at, 1)[0]
            for (topic, number), at in self._at.items()
        )

    def _log(self, topic: str, number: int) -> Log:
        return self._connection.kafka.log(self._prefix + topic, number)
