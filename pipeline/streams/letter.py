"""Dead letters: a record that was refused, as a message of `rejected-events` with its bytes as they came."""

from base64 import b64encode
from collections.abc import Callable

from pipeline.events.codec import encode
from pipeline.events.rejected import Rejected, RejectedEvent
from pipeline.streams.record import Message, Record

Clock = Callable[[], str]
"""Gives the time as RFC 3339."""


def dead_letter(record: Record, refusal: Rejected, received_at: str | None) -> Message:
    """Make the dead letter of a record: the same key and partition number."""
    event = RejectedEvent(
        reason=refusal.reason,
        detail=refusal.detail,
        field=refusal.field,
        source=refusal.source,
        event_id=refusal.event_id,
        received_at=received_at,
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        key_base64=None if record.key is None else b64encode(record.key).decode(),
        value_base64=None if record.value is None else b64encode(record.value).decode(),
    )
    return Message("rejected-events", record.key, encode(event), record.partition, {})
