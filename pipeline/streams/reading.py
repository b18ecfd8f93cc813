"""What the ledger's agents share: session events read from their topic, and effects made messages."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, MutableMapping, Sequence
from datetime import UTC, datetime

import msgspec

from pipeline.connection import partition_of
from pipeline.engine.record import Count, Message, Record
from pipeline.events import codec
from pipeline.events.alerts import ClaimAlert, ThresholdAlert
from pipeline.events.base import Event
from pipeline.events.days import BillableDay
from pipeline.events.forwarded import EventsForwarded
from pipeline.events.patients import DayTicked
from pipeline.events.rejected import Rejected
from pipeline.events.reopened import DayReopened
from pipeline.ledger.households import Households
from pipeline.ledger.tables import Cause, Effect
from pipeline.ledger.total_tables import DayChange
from pipeline.settings import MAX_RECORD_BYTES
from pipeline.topics.catalog import declared

Refuse = Callable[[Record, Rejected], Message]
MOVED = "moved"
"""The header of a tombstone of a day that is told under another patient now."""
_REOPENED = b"day.reopened"
_day = msgspec.json.Decoder(BillableDay).decode
_reopened = msgspec.json.Decoder(DayReopened).decode
_FORWARDED = str(EventsForwarded.__struct_config__.tag).encode()
_forwarded = msgspec.json.Decoder(EventsForwarded).decode


class Reader:
    """Reads records of `session-events` for one agent.

    `kinds` are the types that the agent wants: another, when a header tells it, is not even decoded. What cannot be
    read goes to `letters`, and is counted in `counts`; of several agents on one topic, only one takes the `unnamed`.
    `taken` are the records of the events that were given, in their order. `stage` is the agent's name: what others of
    its name pass on is read as the events that it is, those of `guests`.
    """

    def __init__(
        self,
        kinds: Iterable[type[Event]],
        max_segment_minutes: int,
        refuse: Refuse,
        *,
        unnamed: bool = True,
        stage: str = "",
    ) -> None:
        self._kinds: Collection[bytes] = {str(kind.__struct_config__.tag).encode() for kind in kinds}
        self._max_segment_minutes = max_segment_minutes
        self._refuse = refuse
        self._unnamed = unnamed
        self.letters: list[Message] = []
        self.counts: Counter[Count] = Counter()
        self.taken: list[Record] = []
        self.guests: set[str] = set()
        self._stage = stage.encode()

    def events(self, records: Iterable[Record]) -> Iterator[tuple[Event, Cause]]:
        """Give the events that the agent may want, each with itself as the cause of what it changes."""
        for record in records:
            kind = record.headers.get("event_type")
            if kind == _FORWARDED:
                if record.headers.get("stage") == self._stage:
                    yield from self._passed_on(record)
                continue
            if kind not in (None, *self._kinds):
                continue
            try:
                event = self._event(record, kind)
            except Rejected as refusal:
                if kind is None and not self._unnamed:
                    continue
                self._set_aside(record, refusal)
                continue
            self.taken.append(record)
            # The system's own event has been nowhere before.
            own = isinstance(event, DayTicked)
            appended = str(record.timestamp_ms) if own else _header(record, "appended")
            yield event, Cause(event.event_id, event.occurred_at, appended)

    def _passed_on(self, record: Record) -> Iterator[tuple[Event, Cause]]:
        forwarded = _forwarded(record.value or b"")
        self.guests.add(forwarded.patient_id)
        cause = Cause(forwarded.event_id, forwarded.occurred_at, _header(record, "appended"))
        for event in forwarded.events:
            self.taken.append(record)
            yield event, cause

    def count(self, changes: Iterable[msgspec.Struct], results: Iterable[str | Rejected | None]) -> None:
        """Count what changed nothing, by type, and set aside what was refused; one change for each record `taken`."""
        for change, record, result in zip(changes, self.taken, results, strict=True):
            if isinstance(result, Rejected):
                self._set_aside(record, result)
            elif result not in {None, "applied"}:
                self.counts["events", str(change.__struct_config__.tag), str(result)] += 1

    def _event(self, record: Record, kind: bytes | None) -> Event:
        if kind == _REOPENED:
            try:
                return _reopened(record.value or b"")
            except (msgspec.DecodeError, UnicodeDecodeError):
                raise Rejected("wrong_field", "day.reopened is made by `kxwatch rejected replay` alone") from None
        # The intake has held the event against the network's limit of bytes, before it put tokens in.
        return codec.read(record.value, max_bytes=MAX_RECORD_BYTES, max_segment_minutes=self._max_segment_minutes)[0]

    def _set_aside(self, record: Record, refusal: Rejected) -> None:
        self.letters.append(self._refuse(record, refusal))
        self.counts["rejected", refusal.reason] += 1


def day_change(record: Record) -> DayChange:
    """Read a day of `billable-days`."""
    patient_id, _, date = (record.key or b"").decode().rpartition("|")
    return DayChange(patient_id, date, None if record.value is None else _day(record.value))


def cause_of(record: Record) -> Cause:
    """Give the cause that a message of ours names; of another's, the message itself."""
    event_id = _header(record, "event_id") or f"{record.topic}/{record.partition}/{record.offset}"
    occurred_at = _header(record, "occurred_at") or datetime.fromtimestamp(record.timestamp_ms / 1000, UTC).isoformat()
    return Cause(event_id, occurred_at, _header(record, "appended"))


def messages(effects: Sequence[Effect], partition: int) -> list[Message]:
    """Make messages of effects: of one partition's patients, but for those that name a home of their own."""
    count = declared()["session-events"].partitions
    return [
        Message(
            effect.topic,
            effect.key.encode(),
            None if effect.value is None else _written(effect.value),
            partition if effect.home is None else partition_of(effect.home, count),
            {
                "event_id": effect.cause.event_id.encode(),
                "occurred_at": effect.cause.occurred_at.encode(),
                "appended": effect.cause.appended.encode(),
                **_further(effect),
            },
        )
        for effect in effects
    ]


def _written(value: msgspec.Struct) -> bytes:
    return codec.write(value) if isinstance(value, Event) else codec.encode(value)


def _further(effect: Effect) -> dict[str, bytes]:
    if isinstance(effect.value, EventsForwarded):
        return {"event_type": _FORWARDED, "stage": effect.value.stage.encode()}
    return {MOVED: b"1"} if effect.moved else {}


def households_of(table: MutableMapping[str, bytes], number: int) -> Households:
    """Give the merges that a partition number knows."""
    count = declared()["session-events"].partitions
    return Households(table, lambda patient_id: partition_of(patient_id, count) == number)


def count_alerts(counts: Counter[Count], effects: Iterable[Effect]) -> None:
    """Count the alerts among effects, by what they tell."""
    for effect in effects:
        if isinstance(effect.value, ThresholdAlert):
            counts["alerts", effect.value.data.threshold, effect.value.data.level] += 1
        elif isinstance(effect.value, ClaimAlert):
            counts["alerts", "claim", effect.value.data.kind] += 1


def _header(record: Record, name: str) -> str:
    return record.headers.get(name, b"").decode("utf-8", "replace")
