"""Dead letters: why an event was refused, and the bytes as they came."""

from base64 import b64encode
from typing import Literal, NamedTuple

from msgspec import Struct

Reason = Literal[
    "no_value",
    "too_large",
    "not_utf8",
    "not_json",
    "too_deep",
    "unknown_event_type",
    "missing_field",
    "wrong_field",
    "no_offset",
    "out_of_range",
    "stop_before_start",
    "too_long",
    "pauses_too_long",
    "not_from_an_emr",
    "too_late",
    "not_processed",
]
"""The fixed codes, in the order in which an event is looked at."""


class Rejected(ValueError):  # noqa: N818 -- an event's fate, not a defect of ours.
    """An event cannot be taken: the reason, the field, and a detail that names the mend and no value.

    `event_id` and `source` are given where they could be read.
    """

    def __init__(
        self,
        reason: Reason,
        detail: str,
        field: str | None = None,
        event_id: str | None = None,
        source: str | None = None,
    ) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason: Reason = reason
        self.detail = detail
        self.field = field
        self.event_id = event_id
        self.source = source


class RejectedEvent(Struct, frozen=True, kw_only=True, gc=False):
    """A message of `rejected-events`.

    `received_at` is RFC 3339, null where no clock was asked; the bytes stand as base64, null where there were none.
    """

    schema_version: int = 1
    reason: Reason
    detail: str
    field: str | None
    source: str | None
    event_id: str | None
    received_at: str | None
    topic: str
    partition: int
    offset: int
    key_base64: str | None
    value_base64: str | None


class Place(NamedTuple):
    """Where a message stood: its topic (for `rate`, its file), partition and offset."""

    topic: str
    partition: int
    offset: int


def letter(
    refusal: Rejected, place: Place, key: bytes | None, value: bytes | None, received_at: str | None
) -> RejectedEvent:
    """Make the dead letter of a message that was refused, its bytes as they came."""
    return RejectedEvent(
        reason=refusal.reason,
        detail=refusal.detail,
        field=refusal.field,
        source=refusal.source,
        event_id=refusal.event_id,
        received_at=received_at,
        topic=place.topic,
        partition=place.partition,
        offset=place.offset,
        key_base64=None if key is None else b64encode(key).decode(),
        value_base64=None if value is None else b64encode(value).decode(),
    )
