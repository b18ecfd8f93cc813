"""The intake: what EMRs send is decoded, checked and keyed by patient, or set aside as a dead letter."""

from collections import Counter
from collections.abc import Sequence

import msgspec

from pipeline.connection import partition_of
from pipeline.engine.record import Count, Message, Output, Record, Tables
from pipeline.events import codec
from pipeline.events.base import Event
from pipeline.events.patients import DayTicked, PatientMerged
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
    return Output([message for record in records for message in _passed_on(intake, record, counts)], counts)


def _passed_on(intake: Intake, record: Record, counts: Counter[Count]) -> list[Message]:
    try:
        event, unknown = codec.read(
            record.value, max_bytes=intake.max_event_bytes, max_segment_minutes=intake.max_segment_minutes
        )
        _check_sender(event)
        event = intake.identity.replace(event)
    except Rejected as refusal:
        counts["events", "unknown", "rejected"] += 1
        counts["rejected", refusal.reason] += 1
        return [dead_letter(record, refusal, intake.now())]
    kind = str(event.__struct_config__.tag)
    counts["events", kind, "accepted"] += 1
    if unknown:
        counts["unknown_fields",] += len(unknown)
    token = event.patient_id
    headers = {"event_type": kind.encode(), "appended": str(record.timestamp_ms).encode()}
    # Every number must know of every merge: whose facts it has to pass on, and whose are to come.
    merged = isinstance(event, PatientMerged)
    numbers = range(intake.partitions) if merged else (partition_of(token, intake.partitions),)
    key, value = token.encode(), codec.write(event)
    return [Message("session-events", key, value, number, headers) for number in numbers]


def _check_sender(event: Event) -> None:
    if isinstance(event, DayTicked):
        detail = "day.ticked is made by the system alone"
        raise Rejected("not_from_an_emr", detail, "event_type", event_id=event.event_id, source=event.source)
