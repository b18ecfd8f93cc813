"""What the ledger's agents share: session events read from their topic, and effects made messages."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime

from pipeline.engine.record import Count, Message, Record
from pipeline.events import codec
from pipeline.events.base import Event
from pipeline.events.rejected import Rejected
from pipeline.ledger.tables import Cause, Effect
from pipeline.settings import MAX_RECORD_BYTES

Refuse = Callable[[Record, Rejected], Message]


class Reader:
    """Reads records of `session-events` for one agent.

    `kinds` are the types that the agent wants: another, when a header tells it, is not even decoded. What cannot be
    read goes to `letters`, and is counted in `counts`; of several agents on one topic, only one takes the `unnamed`.
    """

    def __init__(
        self, kinds: Iterable[type[Event]], max_segment_minutes: int, refuse: Refuse, *, unnamed: bool = True
    ) -> None:
        self._kinds: Collection[bytes] = {str(kind.__struct_config__.tag).encode() for kind in kinds}
        self._max_segment_minutes = max_segment_minutes
        self._refuse = refuse
        self._unnamed = unnamed
        self.letters: list[Message] = []
        self.counts: Counter[Count] = Counter()

    def events(self, records: Iterable[Record]) -> Iterator[tuple[Event, Cause]]:
        """Give the events that the agent may want, each with itself as the cause of what it changes."""
        for record in records:
            kind = record.headers.get("event_type")
            if kind not in (None, *self._kinds):
                continue
            try:
                # The intake has held the event against the network's limit of bytes, before it put tokens in.
                event, _ = codec.read(
                    record.value, max_bytes=MAX_RECORD_BYTES, max_segment_minutes=self._max_segment_minutes
                )
            except Rejected as refusal:
                if kind is None and not self._unnamed:
                    continue
                self.letters.append(self._refuse(record, refusal))
                self.counts["rejected", refusal.reason] += 1
                continue
            yield event, Cause(event.event_id, event.occurred_at, _header(record, "appended"))

    def count(self, events: Iterable[Event], results: Iterable[str | None]) -> None:
        """Count what changed nothing, by type."""
        for event, result in zip(events, results, strict=True):
            if result not in {None, "applied"}:
                self.counts["events", str(event.__struct_config__.tag), str(result)] += 1


def cause_of(record: Record) -> Cause:
    """Give the cause that a message of ours names; of another's, the message itself."""
    event_id = _header(record, "event_id") or f"{record.topic}/{record.partition}/{record.offset}"
    occurred_at = _header(record, "occurred_at") or datetime.fromtimestamp(record.timestamp_ms / 1000, UTC).isoformat()
    return Cause(event_id, occurred_at, _header(record, "appended"))


def messages(effects: Sequence[Effect], partition: int) -> list[Message]:
    """Make messages of effects; all of one partition's patients, whose number every topic shares."""
    return [
        Message(
            effect.topic,
            effect.key.encode(),
            None if effect.value is None else codec.encode(effect.value),
            partition,
            {
                "event_id": effect.cause.event_id.encode(),
                "occurred_at": effect.cause.occurred_at.encode(),
                "appended": effect.cause.appended.encode(),
            },
        )
        for effect in effects
    ]


def _header(record: Record, name: str) -> str:
    return record.headers.get(name, b"").decode("utf-8", "replace")
