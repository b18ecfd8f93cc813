"""What holds one table of one partition number: encoded values by key, in memory."""

from abc import abstractmethod
from collections.abc import Mapping

Changed = Mapping[str, bytes | None]
"""Values by key, None for deleted ones."""


class Store(Mapping[str, bytes]):
    """Encoded values by key, as the batches so far have left them."""

    @abstractmethod
    def apply(self, changed: Changed) -> None:
        """Take in what a batch wrote; it is not committed yet."""

    @abstractmethod
    def settle(self, changed: Changed, positions: Mapping[str, int]) -> None:
        """Keep what was applied and is committed now, with the positions it goes by."""

    @abstractmethod
    def close(self) -> None:
        """Let go of what the store holds outside memory."""


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

    def settle(self, changed: Changed, positions: Mapping[str, int]) -> None:
        """Do nothing: what was applied is kept already."""

    def close(self) -> None:
        """Do nothing: there is nothing outside memory."""
