"""Dead letters: a record that was refused, as a message of `rejected-events` with its bytes as they came."""

from collections.abc import Callable

from pipeline.events.codec import encode
from pipeline.events.rejected import Place, Rejected, letter
from pipeline.streams.record import Message, Record

Clock = Callable[[], str]
"""Gives the time as RFC 3339."""


def dead_letter(record: Record, refusal: Rejected, received_at: str | None) -> Message:
    """Make the dead letter of a record: the same key and partition number."""
    place = Place(record.topic, record.partition, record.offset)
    event = letter(refusal, place, record.key, record.value, received_at)
    return Message("rejected-events", record.key, encode(event), record.partition, {})
