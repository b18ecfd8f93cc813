"""Dead letters: a record that was refused, as a message of `rejected-events` with its bytes as they came."""

from collections import Counter
from collections.abc import Callable

from pipeline.engine.record import Message, Output, Record
from pipeline.events.codec import encode
from pipeline.events.rejected import Place, Rejected, letter

LONGEST_KEY_BYTES = 65_536

Clock = Callable[[], str]
"""Gives the time as RFC 3339."""


def dead_letter(record: Record, refusal: Rejected, received_at: str | None) -> Message:
    """Make the dead letter of a record: the same partition number and, unless it is longer than keys are, key.

    With a key of megabytes, which the letter holds as base64 besides, it would be larger than its topic takes.
    """
    if record.offset < 0:
        # Handed over before it has an offset: what raises is not, but read again, and then its letter can name it.
        raise LookupError
    place = Place(record.topic, record.partition, record.offset)
    event = letter(refusal, place, record.key, record.value, received_at)
    key = record.key if record.key is None or len(record.key) <= LONGEST_KEY_BYTES else None
    return Message("rejected-events", key, encode(event), record.partition, {})


def refused(record: Record, refusal: Rejected, received_at: str) -> Output:
    """Give the dead letter of a record, and its count."""
    return Output([dead_letter(record, refusal, received_at)], Counter({("rejected", refusal.reason): 1}))
