"""The loop on stock Faust: outputs delivered, then state, and only then the events acknowledged."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import structlog
from faust.types import EventT, StreamT

from pipeline.engine.batch import Processor, Result
from pipeline.engine.record import Message, Record
from pipeline.engine.stage import Outcome, Stage
from pipeline.engine.stock.batches import batches
from pipeline.engine.stock.tables import Table

log = structlog.get_logger(__name__)


class Pace(NamedTuple):
    """How a runner goes: most events in a batch, longest wait for it to fill, and the life of a silent group member.

    `session_seconds` must be longer than a delivery may take: a batch that is older may be of partitions that another
    worker has by now, and is not written.
    """

    batch_events: int
    batch_seconds: float
    session_seconds: float


class StalledError(Exception):
    """This process stood still for so long that its partitions may be another worker's."""


class _Share(NamedTuple):
    """One partition's share of a batch."""

    events: list[EventT]
    records: list[Record]
    result: Result


_Sent = tuple[str, bytes | None, bytes | None, int, Mapping[str, bytes] | None]


class Runner:
    """One agent: its body, its tables in the order that they are written, and the loop that does what the body says.

    State that is written implies that the outputs are delivered, an acknowledged event implies both. What breaks off
    in between is read again after the next start, upon the old state. Nothing that a message contains leaves the loop
    as an exception; what does leave it is no message's fault, and ends the app. Of what `holds` says yes to nothing
    comes any more: it is acknowledged.
    """

    def __init__(
        self,
        app: Any,
        stage: Stage,
        tables: Iterable[Table],
        holds: Callable[[Record], bool],
        pace: Pace,
    ) -> None:
        house = app.house
        self._app = app
        self._holds = holds
        self._name = stage.name
        self._processor = Processor(stage.body, house.refuse, house.sizes)
        self._tables = {table.name: table for table in tables}
        self._prefix = house.prefix
        self._pace = pace
        self._observe = house.observe
        self._idle = asyncio.Event()
        self._idle.set()

    async def run(self, stream: StreamT) -> None:
        """Process the stream until the app stops."""
        try:
            async for events in batches(stream, self._pace.batch_events, self._pace.batch_seconds):
                self._idle.clear()
                await self._finish(events)
                self._idle.set()
        except Exception as error:  # noqa: BLE001 -- Faust would acknowledge the events and go on without them.
            await self._app.crash(error)
            self._idle.set()
            # Nor may the agent end here: Faust would start it again.
            await asyncio.Event().wait()

    async def settle(self) -> None:
        """Wait until the batch at work is through; once the flow is suspended, no other begins."""
        await self._idle.wait()

    async def _finish(self, events: list[EventT]) -> None:
        """Process a batch and see it through."""
        began, generation = time.monotonic(), self._app.consumer_generation_id
        shares = {number: self._process(number, own) for number, own in _by_partition(events).items()}
        await self._deliver(self._output(message) for share in shares.values() for message in share.result.messages)
        if time.monotonic() - began > self._pace.session_seconds:
            raise StalledError
        if generation != self._app.consumer_generation_id:
            return
        for name in self._tables:
            # Table by table: a worker that dies in between has not written the facts by which a replay goes, the last.
            await self._deliver(self._changelog(name, shares))
        for number, share in shares.items():
            self._write(number, share.result)
            for event in share.events:
                event.ack()
            self._tell(Outcome(self._name, number, share.records, share.result.messages, share.result.counts))

    def _process(self, number: int, events: list[EventT]) -> _Share:
        records = [self._record(event) for event in events]
        tables = {name: table.data.partition(number) for name, table in self._tables.items()}
        new = [record for record in records if not self._holds(record)]
        result = self._processor.process(tables, new) if new else Result([], Counter(), {})
        return _Share(events, records, result)

    def _record(self, event: EventT) -> Record:
        message = event.message
        return Record(
            message.topic.removeprefix(self._prefix),
            message.partition,
            message.offset,
            round(message.timestamp * 1000),
            message.key,
            message.value,
            event.headers,
        )

    def _output(self, message: Message) -> _Sent:
        return self._prefix + message.topic, message.key, message.value, message.partition, message.headers

    def _changelog(self, name: str, shares: Mapping[int, _Share]) -> Iterable[_Sent]:
        topic = self._tables[name].changelog_topic_name
        for number, share in shares.items():
            for key, value in share.result.changes.get(name, {}).items():
                yield topic, key.encode(), value, number, None

    async def _deliver(self, sent: Iterable[_Sent]) -> None:
        """Send, and wait until every replica has it."""
        producer = await self._app.maybe_start_producer()
        await asyncio.gather(
            *[
                await producer.send(topic, key, value, partition, None, headers)
                for topic, key, value, partition, headers in sent
            ]
        )

    def _write(self, number: int, result: Result) -> None:
        for name, changed in result.changes.items():
            entries = self._tables[name].data.partition(number)
            for key, value in changed.items():
                if value is None:
                    entries.pop(key, None)
                else:
                    entries[key] = value

    def _tell(self, outcome: Outcome) -> None:
        try:
            self._observe(outcome)
        except Exception as error:  # noqa: BLE001 -- what is done is done, counted or not.
            # Without the traceback: its last line may quote an event.
            log.error("a batch could not be counted", agent=self._name, error=type(error).__name__)  # noqa: TRY400


def _by_partition(events: Iterable[EventT]) -> dict[int, list[EventT]]:
    partitions: dict[int, list[EventT]] = {}
    for event in events:
        partitions.setdefault(event.message.partition, []).append(event)
    return partitions
