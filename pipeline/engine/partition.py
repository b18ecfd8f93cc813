"""One partition number of an app: its tables, how far it has read each source, and what it owes to Kafka."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from pipeline.engine.batch import Processor, Result
from pipeline.engine.record import Message, Record
from pipeline.engine.stage import Outcome, Stage
from pipeline.engine.store import Stores, Written

HANDED = "handed"
"""The header of a record that the number which wrote it has processed already."""
NOT_YET = -1
"""The offset of a record that is handed over before it has one."""

Pending = dict[str, dict[str, bytes | None]]
"""Values written by table and key, None for deleted ones."""


class Snapshot(NamedTuple):
    """What one transaction makes true together: values by table, messages in order, positions by topic.

    `outcomes` are the batches that it came of, to be told of once it is committed.
    """

    changes: Pending
    messages: list[Message]
    positions: dict[str, int]
    outcomes: list[Outcome]


class Agent(NamedTuple):
    """A stage and how its batches are processed."""

    stage: Stage
    processor: Processor


class Hand(NamedTuple):
    """What is handed over within a partition number: the topics, and what marks a record that has been.

    The mark is the name of the number's changelog: an app whose tables are new has not processed what another has.
    """

    topics: frozenset[str] = frozenset()
    mark: str = ""


class Partition:
    """The state of one partition number in one worker.

    Nothing here waits and nothing here knows Kafka: records are taken in, a snapshot is taken out, and it is as if
    what was taken in between two snapshots had happened at once.
    """

    def __init__(
        self,
        number: int,
        agents: Sequence[Agent],
        stores: Stores,
        positions: Mapping[str, int],
        hand: Hand = Hand(),  # noqa: B008 -- a tuple.
    ) -> None:
        self.number = number
        self.stores = stores
        self.positions = dict(positions)
        self._agents = agents
        self._handed = hand.topics if hand.mark and stores else frozenset()
        self._mark = {HANDED: hand.mark.encode()}
        self._tables = {agent.stage.name: {name: stores[name] for name in agent.stage.tables} for agent in agents}
        self._changes: Pending = {}
        self._messages: list[Message] = []
        self._outcomes: list[Outcome] = []
        self._moved = False
        self._whole = True
        self.owed_bytes = self.owed_records = 0

    def take(self, topic: str, records: Sequence[Record], position: int) -> None:
        """Let every agent of a topic process records; `position` is the offset to read on from.

        Records that were taken before are left out: after a change of assignment they may be read twice. What an
        error leaves half taken is never owed.

        Errors: MemoryError and `StoreError`.
        """
        self._whole = False
        if records and records[0].offset < self.positions[topic]:
            records = [record for record in records if record.offset >= self.positions[topic]]
        if topic in self._handed:
            mark = self._mark[HANDED]
            records = [record for record in records if record.headers.get(HANDED) != mark]
        if records:
            for agent in self._readers(topic):
                result = agent.processor.process(self._tables[agent.stage.name], records)
                self._owe(self._apply(agent, records, result), records[-1].timestamp_ms)
            self.owed_bytes += sum([len(record.key or b"") + len(record.value or b"") for record in records])
            self.owed_records += len(records)
        self._whole = True
        self.advance(topic, position)

    def _readers(self, topic: str) -> list[Agent]:
        return [agent for agent in self._agents if topic in agent.stage.topics]

    def advance(self, topic: str, position: int) -> None:
        """Note that there is nothing before a position that is not taken."""
        if position > self.positions[topic]:
            self.positions[topic] = position
            self._moved = True

    def _apply(self, agent: Agent, records: Sequence[Record], result: Result) -> list[Message]:
        """Take in what a batch came to; give the messages."""
        messages, counts, changes, size = result
        for table, changed in changes.items():
            if changed:
                self.stores[table].apply(changed)
                self._changes.setdefault(table, {}).update(changed)
        self.owed_bytes += size
        self._outcomes.append(Outcome(agent.stage.name, self.number, records, messages, counts))
        return messages

    def _owe(self, messages: list[Message], timestamp_ms: int, deep: int = 0) -> None:
        """Owe messages, and process those that this number would read again, topic by topic.

        What an agent raises on is not marked, and is read with the offset that its dead letter names; so is what
        would go round in a circle.
        """
        further: list[Message] = []
        topics = {message.topic for message in messages} & self._handed if deep < len(self._agents) else set()
        for topic in sorted(topics):
            places = [
                place
                for place, message in enumerate(messages)
                if message.topic == topic and message.partition == self.number
            ]
            records = [_as_read(messages[place], timestamp_ms) for place in places]
            readers = self._readers(topic) if records else []
            # All of them first: either each has processed these records, or none.
            results = [agent.processor.whole(self._tables[agent.stage.name], records) for agent in readers]
            if not readers or None in results:
                continue
            for place in places:
                message = messages[place]
                messages[place] = replace(message, headers={**message.headers, **self._mark})
            for agent, result in zip(readers, results, strict=True):
                if result is not None:
                    further += self._apply(agent, records, result)
        self._messages += messages
        if further:
            self._owe(further, timestamp_ms, deep + 1)

    @property
    def owes(self) -> bool:
        """Tell whether there is something to commit."""
        return self._moved and self._whole

    def snapshot(self) -> Snapshot:
        """Take what is owed out, whole: from here on it is a transaction's."""
        taken = Snapshot(self._changes, self._messages, dict(self.positions), self._outcomes)
        self._changes, self._messages, self._outcomes = {}, [], []
        self._moved, self.owed_bytes, self.owed_records = False, 0, 0
        return taken

    def settle(self, snapshot: Snapshot, written: Written | None) -> None:
        """Let the stores keep what a transaction has made true, and where it ended, if that is told."""
        self.stores.settle(snapshot.changes, written or Written({}, None))


def _as_read(message: Message, timestamp_ms: int) -> Record:
    return Record(message.topic, message.partition, NOT_YET, timestamp_ms, message.key, message.value, message.headers)
