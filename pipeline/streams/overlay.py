"""A table under change: what a batch writes lies over the table until its outputs are delivered."""

from collections.abc import Iterator, Mapping, MutableMapping


class Overlay(MutableMapping[str, bytes]):
    """The entries of `below`, which it never touches, and over them what was written since.

    `changes` are the values written, by key; None for a key that was deleted.
    """

    def __init__(self, below: Mapping[str, bytes]) -> None:
        self._below = below
        self.changes: dict[str, bytes | None] = {}

    def __getitem__(self, key: str) -> bytes:
        if key not in self.changes:
            return self._below[key]
        value = self.changes[key]
        if value is None:
            raise KeyError(key)
        return value

    def __setitem__(self, key: str, value: bytes) -> None:
        self.changes[key] = value

    def __delitem__(self, key: str) -> None:
        self[key]  # A key that is not there is an error, as with any mapping.
        self.changes[key] = None

    def __iter__(self) -> Iterator[str]:
        yield from (key for key in self._below if key not in self.changes)
        yield from (key for key, value in self.changes.items() if value is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)
