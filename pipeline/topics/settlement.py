"""What became of a dead letter: sent in again, or dismissed."""

from typing import Literal

from msgspec import Struct


class Settlement(Struct, frozen=True, kw_only=True, gc=False):
    """A message of `rejected-settled`, key `topic|partition|offset` of the dead letter.

    `settled_at` is RFC 3339; `why` is what the person said who dismissed it; `mended` tells whether other bytes than
    those that were refused were sent in.
    """

    schema_version: int = 1
    topic: str
    partition: int
    offset: int
    how: Literal["replayed", "dismissed"]
    settled_at: str
    mended: bool = False
    why: str | None = None


def settlement_key(topic: str, partition: int, offset: int) -> bytes:
    """Give the key of the settlement of the dead letter at that place."""
    return f"{topic}|{partition}|{offset}".encode()
