"""One partition number of an app: its tables, how far it has read each source, and what it owes to Kafka."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from pipeline.engine.batch import Processor
from pipeline.engine.record import Message, Record
from pipeline.engine.stage import Outcome, Stage
from pipeline.engine.store import Stores, Written

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


class Partition:
    """The state of one partition number in one worker.

    Nothing here waits and nothing here knows Kafka: records are taken in, a snapshot is taken out, and it is as if
    what was taken in between two snapshots had happened at once.
    """

    def __init__(self, number: int, agents: Sequence[Agent], stores: Stores, positions: Mapping[str, int]) -> None:
        self.number = number
        self.stores = stores
        self.positions = dict(positions)
        self._agents = agents
        self._tables = {agent.stage.name: {name: stores[name] for name in agent.stage.tables} for agent in agents}
        self._changes: Pending = {}
        self._messages: list[Message] = []
        self._outcomes: list[Outcome] = []
        self._moved = False
        self.owed_bytes = 0

    def take(self, topic: str, records: Sequence[Record], position: int) -> None:
        """Let every agent of a topic process records; `position` is the offset to read on from.

        Records that were taken before are left out: after a change of assignment they may be read twice.

        Errors: MemoryError.
        """
        if records and records[0].offset < self.positions[topic]:
            records = [record for record in records if record.offset >= self.positions[topic]]
        if records:
            for agent in self._agents:
                if topic in agent.stage.topics:
                    self._process(agent, records)
        self.advance(topic, position)

    def advance(self, topic: str, position: int) -> None:
        """Note that there is nothing before a position that is not taken."""
        if position > self.positions[topic]:
            self.positions[topic] = position
            self._moved = True

    def _process(self, agent: Agent, records: Sequence[Record]) -> None:
        name = agent.stage.name
        messages, counts, changes = agent.processor.process(self._tables[name], records)
        for table, changed in changes.items():
            if changed:
                self.stores[table].apply(changed)
                self._changes.setdefault(table, {}).update(changed)
                self.owed_bytes += sum([len(value) for value in changed.values() if value is not None])
        self._messages += messages
        self.owed_bytes += sum([len(message.value) for message in messages if message.value is not None])
        self._outcomes.append(Outcome(name, self.number, records, messages, counts))

    @property
    def owes(self) -> bool:
        """Tell whether there is something to commit."""
        return self._moved

    def snapshot(self) -> Snapshot:
        """Take what is owed out, whole: from here on it is a transaction's."""
        taken = Snapshot(self._changes, self._messages, dict(self.positions), self._outcomes)
        self._changes, self._messages, self._outcomes = {}, [], []
        self._moved, self.owed_bytes = False, 0
        return taken

    def settle(self, snapshot: Snapshot, written: Written | None) -> None:
        """Let the stores keep what a transaction has made true, and where it ended, if that is told."""
        self.stores.settle(snapshot.changes, written or Written({}, None))

    def table(self, name: str) -> Iterator[tuple[str, bytes]]:
        """Give the entries of a table."""
        return iter(self.stores[name].items())
