"""One batch of one partition: the body called, and what it cannot process set aside as dead letters."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from pipeline.events.rejected import Rejected
from pipeline.streams.overlay import Overlay
from pipeline.streams.record import Body, Count, Message, Record

LARGEST_BYTES = 1_000_000
"""What any Kafka takes as one record, its overhead aside."""

Refuse = Callable[[Record, Rejected], Message]
Changes = Mapping[str, Mapping[str, bytes | None]]
"""The values written, by table and key; None for what was deleted."""


class Result(NamedTuple):
    """What a batch comes to: messages in the order of their causes, counts, changes by table and key."""

    messages: list[Message]
    counts: Counter[Count]
    changes: Changes


class TooLargeToKeep(Exception):  # noqa: N818 -- its name is the detail of a dead letter.
    """A value that the body gave is larger than a record may be."""


def process(body: Body, tables: Mapping[str, Mapping[str, bytes]], records: Sequence[Record], refuse: Refuse) -> Result:
    """Call the body with a batch; where it raises, with one record after the other.

    A record with which it raises even then becomes a dead letter, and leaves no trace in the tables. `tables` are not
    touched.

    Errors: MemoryError, which no record is blamed for.
    """
    try:
        return _attempt(body, tables, records)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 -- whatever a message makes a body do, the next message must come through.
        return _one_by_one(body, tables, records, refuse)


def _one_by_one(
    body: Body, tables: Mapping[str, Mapping[str, bytes]], records: Sequence[Record], refuse: Refuse
) -> Result:
    messages: list[Message] = []
    counts: Counter[Count] = Counter()
    kept = {name: Overlay(table) for name, table in tables.items()}
    for record in records:
        try:
            sent, counted, changes = _attempt(body, kept, (record,))
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 -- as above.
            # The exception's text may quote the event, and so identify a patient; its class cannot.
            messages.append(refuse(record, Rejected("not_processed", type(error).__name__)))
            counts["rejected", "not_processed"] += 1
            continue
        messages += sent
        counts += counted
        for name, changed in changes.items():
            kept[name].changes.update(changed)
    return Result(messages, counts, {name: table.changes for name, table in kept.items()})


def _attempt(body: Body, tables: Mapping[str, Mapping[str, bytes]], records: Sequence[Record]) -> Result:
    overlays = {name: Overlay(table) for name, table in tables.items()}
    messages, counts = body(overlays, records)
    changes = {name: overlay.changes for name, overlay in overlays.items()}
    for key, value in (pair for changed in changes.values() for pair in changed.items()):
        _check_size(len(key.encode()), value)
    for message in messages:
        # A dead letter holds bytes that have come through Kafka; its topic takes them with what base64 adds.
        if message.topic != "rejected-events":
            _check_size(len(message.key or b""), message.value)
    return Result(messages, counts, changes)


def _check_size(key_bytes: int, value: bytes | None) -> None:
    if value is not None and key_bytes + len(value) > LARGEST_BYTES:
        raise TooLargeToKeep
