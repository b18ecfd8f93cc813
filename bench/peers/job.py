"""The counting job: what each peer is told, and what it must do."""

from pathlib import Path
from typing import NamedTuple

import msgspec


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One run of the counting job; a peer gets it as JSON, the last of its arguments but its own options.

    For each record of the topic `input` (key: bytes of k; value: a JSON object with `k`, a string, and `amount`, a
    whole number) a peer adds one to the count and `amount` to the total of k, in a table with a changelog, and sends
    one record to the topic `output`: the same key, and `{"k": …, "count": …, "total": …}` as they are now. It starts
    where the consumer group `group` has committed, else at the beginning; commits to that group; keeps its files in
    the folder `state`; and ends at SIGTERM. `events` is what the input holds when the peer is started.
    """

    brokers: str
    input: str
    output: str
    group: str
    state: str
    partitions: int
    events: int

    def text(self) -> str:
        """Give it as an argument of a command line."""
        return msgspec.json.encode(self).decode()

    def folder(self) -> Path:
        """Give the folder of its state."""
        return Path(self.state)


def told(argument: str) -> Job:
    """Read the job that a peer was started with."""
    return msgspec.json.decode(argument, type=Job)


class Event(msgspec.Struct):
    """What the job needs of an event; its other fields are passed over."""

    k: str
    amount: int


class Counted(NamedTuple):
    """What is known of a key: how many events, and the sum of their amounts."""

    count: int
    total: int
