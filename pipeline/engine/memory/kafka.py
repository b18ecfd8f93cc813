"""A Kafka in memory: topics, one group's offsets, producers that shut each other out by their transactional ids."""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress

from aiokafka.errors import ProducerFenced

from pipeline.engine.memory.log import ABORTED, COMMITTED, Log, Transaction

Written = tuple[bytes | None, bytes | None, Mapping[str, bytes]]
"""A record to write: key, value, headers."""


class MemoryKafka:
    """Topics come into being as they are named, all with the same number of partitions.

    `offsets` are what the one group there is has committed, by topic and number.
    """

    def __init__(self, partitions: int) -> None:
        self.partitions = partitions
        self.offsets: dict[tuple[str, int], int] = {}
        self.now_ms = 0
        self._logs: dict[str, list[Log]] = {}
        self._epochs: dict[str, int] = {}
        self._open: dict[str, Transaction] = {}
        self._turn = 0
        self._waiting: list[asyncio.Future[None]] = []

    def topic(self, name: str) -> list[Log]:
        """Give a topic's logs by partition."""
        return self._logs.setdefault(name, [Log() for _ in range(self.partitions)])

    def log(self, name: str, number: int) -> Log:
        """Give one partition of a topic.

        Errors: AssertionError, as the client raises it, where the topic has no such partition.
        """
        if not 0 <= number < self.partitions:
            raise AssertionError("Unrecognized partition")
        return self.topic(name)[number]

    def put(self, name: str, number: int, record: Written, timestamp_ms: int) -> None:
        """Append a record of no transaction."""
        self.now_ms = max(self.now_ms, timestamp_ms)
        self._turn += self.log(name, number).add([record], self._turn, timestamp_ms)
        self.notify()

    def take_over(self, writer: str) -> int:
        """Give a producer its epoch; an older one of the id cannot write any more, what it had open is aborted."""
        self._epochs[writer] = self._epochs.get(writer, -1) + 1
        if transaction := self._open.pop(writer, None):
            self._end(transaction, ABORTED)
        return self._epochs[writer]

    def begin(self, writer: str, epoch: int) -> Transaction:
        """Begin a transaction.

        Errors: ProducerFenced, here and below.
        """
        self._admit(writer, epoch)
        transaction = self._open[writer] = Transaction(writer)
        return transaction

    def write(self, transaction: Transaction, epoch: int, name: str, number: int, records: Iterable[Written]) -> None:
        """Append records of a transaction."""
        self._admit(transaction.writer, epoch)
        self._turn += self.log(name, number).add(records, self._turn, self.now_ms, transaction)

    def commit(self, transaction: Transaction, epoch: int) -> None:
        """Make a transaction true, with its offsets."""
        self._admit(transaction.writer, epoch)
        del self._open[transaction.writer]
        self._end(transaction, COMMITTED)
        self.offsets |= transaction.offsets
        self.notify()

    def notify(self) -> None:
        """Wake whoever waits for something to happen."""
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            if not one.done():
                one.set_result(None)

    async def wait(self, seconds: float) -> None:
        """Wait until something happens, or for so long."""
        one: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(one)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await one

    def partitions_for_topic(self, _name: str) -> set[int]:
        """Give a topic's partitions, as a client's cluster does."""
        return set(range(self.partitions))

    def _admit(self, writer: str, epoch: int) -> None:
        if self._epochs[writer] != epoch:
            raise ProducerFenced

    def _end(self, transaction: Transaction, state: str) -> None:
        transaction.state = state
        for log in transaction.logs:
            log.mark(transaction)
        self.notify()
