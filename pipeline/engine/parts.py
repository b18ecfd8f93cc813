"""What an engine is put together from: on Kafka, or in memory for tests."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Protocol

from pipeline.engine.changelog import Loading, Tail
from pipeline.engine.partition import Partition, Snapshot
from pipeline.engine.record import Record
from pipeline.engine.store import Written


class Commits(Protocol):
    """Commits the snapshots of one partition number, as `Writer` does."""

    async def commit(self, snapshot: Snapshot) -> Written | None:
        """Write a snapshot in a transaction; tell where it ended, if that is known."""

    async def close(self) -> None:
        """Let go of the connection."""


class Opens(Protocol):
    """Takes partition numbers over, as `Openings` does."""

    async def check(self) -> None:
        """Hold sources and changelogs against each other."""

    async def prepare(self, numbers: Iterable[int], told: Loading) -> dict[int, Tail]:
        """Load numbers that another worker still writes."""

    async def open(
        self, numbers: Sequence[int], prepared: Mapping[int, Tail], told: Loading
    ) -> Mapping[int, tuple[Partition, Commits]]:
        """Take numbers over."""


class Reads(Protocol):
    """Reads the sources of partition numbers, as `Source` does."""

    async def start(self) -> None:
        """Connect."""

    async def stop(self) -> None:
        """Disconnect."""

    def read(self, positions: Mapping[int, Mapping[str, int]]) -> None:
        """Read these numbers from now on, and no others."""

    def hold(self, numbers: Iterable[int]) -> None:
        """Do not read these numbers on for now."""

    def poll(self) -> AsyncIterator[tuple[str, int, Sequence[Record], int]]:
        """Give topic, number, records, and the position to read on from."""

    async def positions(self) -> dict[int, dict[str, int]]:
        """Give how far each number is read."""

    def ends(self) -> dict[int, dict[str, int]]:
        """Give the last stable offset of each topic by number."""


class Belongs(Protocol):
    """A member of a group, as `Membership` is."""

    group: str
    wanted: frozenset[int]

    @property
    def prepare(self) -> frozenset[int]:
        """The numbers that may be this member's soon."""

    async def start(self) -> None:
        """Join the group."""

    async def stop(self) -> None:
        """Leave the group."""

    def tell(self, owned: Iterable[int], ready: Iterable[int], opening: Iterable[int]) -> None:
        """Say what this member works on, what it has prepared, and what it is about to work on."""

    async def hand_over(self) -> None:
        """Say that this member is about to leave, and wait until others have what they can take over from it."""

    def rejoin(self) -> None:
        """Ask the group to share out again."""

    def check(self) -> None:
        """Look whether the group can be worked in."""
