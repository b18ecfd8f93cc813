"""Both ledger stages on records and tables in memory, over years: what is told, what comes out, what is held."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from properties.network import terms

from pipeline.engine.record import Message, Output, Record
from pipeline.events.codec import write
from pipeline.events.rejected import Rejected
from pipeline.streams import days, totals

COMPACTED = ("billable-days", "claim-days", "threshold-totals")
NEVER = 36_500
LONG_AFTER = "2029-06-01"
"""A day on which old events are appended, as when a network's history is sent."""

Told = tuple[str, bytes, str]
"""The type of an event, its bytes, and the day on which it was appended."""


def told(event: dict[str, Any], appended: str = LONG_AFTER) -> Told:
    """Give an event as the intake passes it on."""
    from properties.stream import taken  # noqa: PLC0415 -- it loads the whole ledger.

    return event["event_type"], write(taken(event)[0]), appended


class Years:
    """One partition number. `values` is what a reader of the compacted topics ends with, `letters` the refusals."""

    def __init__(self, keep_days: int = 400) -> None:
        self.terms = msgspec.structs.replace(terms(), keep_days=keep_days)
        self.tables: dict[str, dict[str, bytes]] = {name: {} for name in (*days.TABLES, *totals.TABLES)}
        self.values: dict[str, dict[str, bytes]] = {topic: {} for topic in COMPACTED}
        self.letters: list[tuple[Record, Rejected]] = []
        self.history: list[Told] = []
        self.accepted: list[Told] = []
        self.sent: list[Message] = []
        self._offset = 0

    def take(self, batch: Sequence[Told]) -> None:
        """Let both stages process a batch."""
        records = [self._record("session-events", b"p", value, kind, day) for kind, value, day in batch]
        self.history += batch
        late = len(self.letters)
        changes = [
            Record("billable-days", 3, 0, 0, message.key, message.value, message.headers)
            for message in self._put(self._fold(days, records))
            if message.topic == "billable-days"
        ]
        self._put(self._fold(totals, [*records, *changes]))
        refused = {record.offset for record, _ in self.letters[late:]}
        self.accepted += [one for one, record in zip(batch, records, strict=True) if record.offset not in refused]

    def take_all(self, history: Iterable[Told], size: int = 50) -> None:
        """Let both stages process a history in batches of a size."""
        waiting = list(history)
        for start in range(0, len(waiting), size):
            self.take(waiting[start : start + size])

    def held(self, *names: str) -> int:
        """Give how many entries tables hold; all of them when none is named."""
        return sum(len(self.tables[name]) for name in names or self.tables)

    def _fold(self, stage: Any, records: Sequence[Record]) -> Output:
        def refuse(record: Record, refusal: Rejected) -> Message:
            refusals.append((record, refusal))
            return Message("rejected-events", record.key, b"", record.partition)

        refusals: list[tuple[Record, Rejected]] = []
        before = {name: dict(self.tables[name]) for name in stage.TABLES}
        output: Output = stage.fold(self.terms, refuse, self.tables, records)
        self.letters += refusals
        again = stage.fold(self.terms, refuse, before, records)
        assert (again, before) == (output, {name: self.tables[name] for name in stage.TABLES})
        return output

    def _put(self, output: Output) -> list[Message]:
        self.sent += output.messages
        for message in output.messages:
            if message.topic in COMPACTED:
                key = (message.key or b"").decode()
                if message.value is None:
                    self.values[message.topic].pop(key, None)
                else:
                    self.values[message.topic][key] = message.value
        return output.messages

    def _record(self, topic: str, key: bytes, value: bytes, kind: str, day: str) -> Record:
        self._offset += 1
        appended = int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() * 1000)
        headers = {"event_type": kind.encode(), "appended": str(appended).encode()}
        return Record(topic, 3, self._offset, appended, key, value, headers)
