"""What goes into an agent's body and what comes out of it: plain values, no Kafka."""

from collections import Counter
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from typing import NamedTuple

from msgspec import Struct

NO_HEADERS: Mapping[str, bytes] = {}


class Record(Struct, frozen=True, gc=False):
    """A record as a topic holds it; `topic` is without the app's prefix."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Mapping[str, bytes]


class Message(Struct, frozen=True, gc=False):
    """A record to be sent; `topic` is without the app's prefix, `value` is None for a tombstone."""

    topic: str
    key: bytes | None
    value: bytes | None
    partition: int
    headers: Mapping[str, bytes] = NO_HEADERS


Count = tuple[str, ...]
"""Something that is counted, the metric's name first and then its labels: ("rejected", "not_json")."""


class Output(NamedTuple):
    """What a body says of a batch: the messages to send, and what there was to count in it."""

    messages: list[Message]
    counts: Counter[Count]


Tables = Mapping[str, MutableMapping[str, bytes]]
"""An agent's tables by name, as far as one partition holds them: encoded values by key."""

Body = Callable[[Tables, Sequence[Record]], Output]
"""A function of records of one partition, in the order of their offsets.

It reads and writes the tables it is given and returns what is to be sent. It has no await, no clock and no Kafka, so
that any engine can call it; called again with the same records on the same tables it does the same.
"""
