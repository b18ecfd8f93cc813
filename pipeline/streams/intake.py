"""The intake: what EMRs send is decoded, checked and keyed by patient, or set aside as a dead letter."""

from collections import Counter
from collections.abc import Sequence

import msgspec

from pipeline.connection import partition_of
from pipeline.engine.record import Count, Message, Output, Record, Tables
from pipeline.events import codec
from pipeline.events.base import Event
from pipeline.events.patients import DayTicked
from pipeline.events.rejected import Rejected
from pipeline.identity import Identity
from pipeline.streams.letter import Clock, dead_letter


class Intake(msgspec.Struct, frozen=True):
    """What the intake goes by: ids, the limits of an event, the partitions of `session-events`, and a clock."""

    identity: Identity
    max_event_bytes: int
    max_segment_minutes: int
    partitions: int
    now: Clock


def fold_intake(intake: Intake, tables: Tables, records: Sequence[Record]) -> Output:
    """Give for each record of `emr-events` the event for `session-events`, or its dead letter."""
    del tables
    counts: Counter[Count] = Counter()
    return Output([_passed_on(intake, record, counts) for record in records], counts)


def _passed_on(intake: Intake, record: Record, counts: Counter[Count]) -> Message:
    try:
        event, unknown = codec.read(
            record.value, max_bytes=intake.max_event_bytes, max_segment_minutes=intake.max_segment_minutes
        )
        _check_sender(event)
        event = intake.identity.replace(event)
    except Rejected as refusal:
        counts["events", "unknown", "rejected"] += 1
        counts["rejected", refusal.reason] += 1
        return dead_letter(record, refusal, intake.now())
    kind = str(event.__struct_config__.tag)
    counts["events", kind, "accepted"] += 1
    if unknown:
        counts["unknown_fields",] += len(unknown)
    token = event.patient_id
    headers = {"event_type": kind.encode(), "appended": str(record.timestamp_ms).encode()}
    return Message(
        "session-events", token.encode(), codec.write(event), partition_of(token, intake.partitions), headers
    )


def _check_sender(event: Event) -> None:
    if isinstance(event, DayTicked):
        detail = "day.ticked is made by the system alone"
        raise Rejected("not_from_an_emr", detail, "event_type", event_id=event.event_id, source=event.source)
