"""What holds the tables of one partition number: encoded values by key; here in memory."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import NamedTuple

Changed = Mapping[str, bytes | None]
"""Values by key, None for deleted ones."""


class Mark(NamedTuple):
    """A record of positions in one of a number's changelogs: whose, its offset, what it says.

    `born` is the name that the changelog was given: it tells one that was made anew under the same topic's name.
    """

    table: str
    offset: int
    positions: Mapping[str, int]
    born: str


class Written(NamedTuple):
    """Where in the changelogs a transaction ended, as far as the broker told: the offset behind it by table."""

    offsets: Mapping[str, int]
    mark: Mark | None


class Kept(NamedTuple):
    """What stores outside memory held when they were opened: the offset to read each table's changelog on from.

    `mark` is the last record of positions in it, `seconds` of the epoch when that was kept.
    """

    offsets: Mapping[str, int]
    mark: Mark
    seconds: float


class Store(Mapping[str, bytes]):
    """One table: encoded values by key, as the batches so far have left them."""

    @abstractmethod
    def apply(self, changed: Changed) -> None:
        """Take in what a batch wrote; it is not committed yet."""

    @abstractmethod
    def steady(self) -> Iterator[str]:
        """Give each key that is there all along once, whatever is written meanwhile."""


class MemoryStore(dict[str, bytes], Store):
    """A store that is gone with its process, and loaded from its changelog by the next."""

    def apply(self, changed: Changed) -> None:
        """Take in what a batch wrote."""
        if None in changed.values():
            for key, value in changed.items():
                if value is None:
                    self.pop(key, None)
                else:
                    self[key] = value
        else:
            self.update(changed)  # type: ignore[arg-type]

    def steady(self) -> Iterator[str]:
        """Give the keys of now."""
        return iter(list(self))


class Stores(dict[str, Store]):
    """The tables of one partition number by name; `kept` is what they held when they were opened, None for nothing.

    These need nothing to be kept: what was applied is there, and gone with the process.
    """

    kept: Kept | None = None

    def settle(self, changes: Mapping[str, Changed], written: Written) -> None:
        """Keep what was applied and is committed now, with where that ends, all or nothing; no mark: the last stays."""

    def anew(self, why: str) -> None:
        """Throw away what they held when they were opened, and begin with nothing."""

    def close(self) -> None:
        """Let go of what they hold outside memory; they are empty from then on."""


class Depot:
    """Where a worker's stores come from; these are in memory."""

    def open(self, group: str, number: int, changelogs: Mapping[str, str]) -> Stores:
        """Give the stores of a partition number of an app, with the topics of its changelogs by table."""
        del group, number
        return Stores({table: MemoryStore() for table in changelogs})

    def close(self) -> None:
        """Close all stores that are open."""
