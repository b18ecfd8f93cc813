"""Facts in encoded tables: decoded on touch, encoded once when the batch is over."""

from collections.abc import Iterator, MutableMapping
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Struct

T = TypeVar("T")
_UNREAD: Any = object()


class Facts(Generic[T]):
    """A typed view of a table of encoded facts, for one batch.

    What is read is decoded once, what is put is encoded once, by `flush`; until then the table is as it was.
    """

    def __init__(self, table: MutableMapping[str, bytes], kind: type[T]) -> None:
        self._table = table
        self._decode = msgspec.msgpack.Decoder(kind).decode
        self._encode = msgspec.msgpack.Encoder().encode
        self._seen: dict[str, T | None] = {}
        self._changed: set[str] = set()

    def get(self, key: str) -> T | None:
        """Give a fact, or None."""
        fact = self._seen.get(key, _UNREAD)
        if fact is _UNREAD:
            value = self._table.get(key)
            fact = self._seen[key] = None if value is None else self._decode(value)
        return fact

    def put(self, key: str, fact: T | None) -> None:
        """Replace a fact; None takes it out."""
        self._seen[key] = fact
        self._changed.add(key)

    def __iter__(self) -> Iterator[str]:
        """Give the keys that the table holds; what is not flushed is not among them."""
        return iter(self._table)

    def flush(self) -> None:
        """Write what changed to the table, and forget what was read."""
        for key in self._changed:
            fact = self._seen[key]
            if fact is not None:
                self._table[key] = self._encode(fact)
            elif key in self._table:
                del self._table[key]
        self._changed.clear()
        self._seen.clear()


class Cause(Struct, frozen=True, gc=False):
    """The event that a change is owed to: its id, its time as text, and its append time where one is known."""

    event_id: str
    occurred_at: str
    appended: str = ""


class Effect(Struct, frozen=True, gc=False):
    """A message that a fold owes: its topic, its key and patient, its value (None: a tombstone), its cause.

    `home` is the id that decides its partition, where that may be another than the one that the fold is of. `moved` is
    set for the tombstone of what is told under another patient now.
    """

    topic: str
    key: str
    patient_id: str
    value: Struct | None
    cause: Cause
    home: str | None = None
    moved: bool = False
