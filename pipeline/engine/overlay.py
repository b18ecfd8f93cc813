"""A table under change: what a batch writes lies over the table until the batch is through."""

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any


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

    def get(self, key: str, default: Any = None) -> Any:
        """Give a value, or what stands for none; without an exception on the way, for it is called for each record."""
        if key not in self.changes:
            return self._below.get(key, default)
        value = self.changes[key]
        return default if value is None else value

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
