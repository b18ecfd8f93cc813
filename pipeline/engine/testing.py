"""An app tried in memory, with no Kafka: the engine as it is, and faults at the very places that a test names."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import NamedTuple

from aiokafka.partitioner import DefaultPartitioner

from pipeline.engine.app import EngineApp, make_layout
from pipeline.engine.memory.group import Group
from pipeline.engine.memory.kafka import MemoryKafka
from pipeline.engine.memory.log import NO_HEADERS
from pipeline.engine.memory.worker import MemoryWorker
from pipeline.engine.record import Record
from pipeline.engine.transaction import POSITIONS_KEY


class Mark(Enum):
    """What happens between two events of an input."""

    COMMITTED = "all that is before it is committed before what is behind it comes"
    CRASH = "the worker dies, its transactions written and not ended; another takes over"
    REBALANCE = "another worker joins, prepares and takes over its share; then the first leaves"
    FENCED = "the worker's transactional ids are taken over by someone who then does nothing"
    UNANSWERED = "transactions end, and the worker never hears of it"
    ZOMBIE = "the worker stands still until another has taken over; then it goes on with what it had"


COMMITTED, CRASH, REBALANCE = Mark.COMMITTED, Mark.CRASH, Mark.REBALANCE
FENCED, UNANSWERED, ZOMBIE = Mark.FENCED, Mark.UNANSWERED, Mark.ZOMBIE


class Event(NamedTuple):
    """A record of an input; `topic` is without the app's prefix, the partition, if not said, is Kafka's for the key."""

    topic: str
    key: bytes | None
    value: bytes | None
    partition: int | None = None
    headers: Mapping[str, bytes] = NO_HEADERS
    timestamp_ms: int = 0


class Tester:
    """An app and a Kafka in memory, all of whose topics have as many `partitions`.

    Workers live as long as one `consume`; what is committed stays. With `compact` the changelogs are compacted at each
    fault. What is not committed within `seconds` is a TimeoutError.
    """

    __test__ = False  # Not one of pytest's own, whatever its name begins with.

    def __init__(self, app: EngineApp, *, partitions: int = 4, compact: bool = False, seconds: float = 10.0) -> None:
        app.finalize()
        self._app = app
        self._layout = make_layout(app)
        # What a poll waits is what a fault is noticed after: long enough for Kafka, too long here.
        self._pace = app.pace._replace(commit_seconds=0.0, poll_seconds=0.005, instance=None)
        self._kafka = MemoryKafka(partitions)
        self._partition_of = DefaultPartitioner()
        self._compact = compact
        self._seconds = seconds
        self._group = Group(self._kafka)
        self._workers: list[MemoryWorker] = []
        self._names = iter(range(10**9))

    async def consume(
        self,
        what: str | Iterable[Event | Mark],
        key: bytes | None = None,
        value: bytes | None = None,
        *,
        partition: int | None = None,
        headers: Mapping[str, bytes] = NO_HEADERS,
        timestamp_ms: int = 0,
    ) -> None:
        """Let the app process one record of a topic, or an input of events and marks, until all of it is committed.

        Errors: what a worker cannot go on with; TimeoutError.
        """
        if isinstance(what, str):
            what = [Event(what, key, value, partition, headers, timestamp_ms)]
        self._group = Group(self._kafka)
        try:
            await self._join()
            begun: list[Event] = []
            for one in what:
                if isinstance(one, Mark):
                    await self._pass(begun, one)
                    begun = []
                else:
                    begun.append(one)
            await self._pass(begun, COMMITTED)
        finally:
            workers, self._workers = self._workers, []
            await asyncio.gather(*[worker.stop() for worker in workers])

    def table(self, name: str) -> dict[str, bytes]:
        """Give what a table holds, of all partitions, as its changelog tells."""
        found: dict[str, bytes] = {}
        for log in self._kafka.topic(self._layout.changelogs[name]):
            for record in log.read(0)[0]:
                key = (record.key or b"").decode("utf-8", "surrogateescape")
                if record.key == POSITIONS_KEY:
                    continue
                if record.value is None:
                    found.pop(key, None)
                else:
                    found[key] = record.value
        return found

    def emitted(self, topic: str) -> list[Record]:
        """Give what a topic holds that is committed, in the order in which it was written."""
        stored = [
            (one.turn, Record(topic, number, one.offset, one.timestamp_ms, one.key, one.value, one.headers))
            for number, log in enumerate(self._kafka.topic(self._layout.prefix + topic))
            for one in log.read(0)[0]
        ]
        return [record for _, record in sorted(stored, key=lambda one: one[0])]

    # What an input is made to happen by.

    async def _pass(self, events: Iterable[Event], mark: Mark) -> None:
        if mark is not COMMITTED:
            for worker in self._workers:
                worker.connection.hold()
        for event in events:
            self._put(event)
        if mark is COMMITTED:
            await self._until(lambda: not self._behind())
            return
        await self._until(self._at_the_brink)
        if self._compact:
            for topic in self._layout.changelogs.values():
                for log in self._kafka.topic(topic):
                    log.compact()
        (worker,) = self._workers
        strikes = {
            CRASH: self._crash,
            REBALANCE: self._rebalance,
            FENCED: self._shut_out,
            UNANSWERED: self._leave_unanswered,
            ZOMBIE: self._stand_still,
        }
        await strikes[mark](worker)

    async def _crash(self, worker: MemoryWorker) -> None:
        worker.connection.cut()
        self._group.leave(worker.member)
        self._workers.remove(worker)
        await worker.stop()
        await self._join()

    async def _rebalance(self, worker: MemoryWorker) -> None:
        await self._join()
        worker.connection.let_go()
        await self._until(self._group.settled)
        self._workers.remove(worker)
        await worker.stop()

    async def _shut_out(self, worker: MemoryWorker) -> None:
        for number in range(self._kafka.partitions):
            self._kafka.take_over(f"{self._layout.group}-{number}")
        worker.connection.let_go()

    async def _leave_unanswered(self, worker: MemoryWorker) -> None:
        worker.connection.let_go(heard=False)

    async def _stand_still(self, worker: MemoryWorker) -> None:
        self._group.leave(worker.member)
        await self._join()
        await self._until(self._group.settled)
        worker.connection.let_go()
        self._workers.remove(worker)
        await worker.stop()

    async def _join(self) -> None:
        name = f"worker-{next(self._names)}"
        worker = MemoryWorker(name, self._layout, self._pace, self._kafka, observe=self._app.house.observe)
        self._workers.append(worker)
        await worker.start(self._group)

    def _put(self, event: Event) -> None:
        number = event.partition
        if number is None:
            numbers = list(range(self._kafka.partitions))
            number = 0 if event.key is None else self._partition_of(event.key, numbers, numbers)
        name = self._layout.prefix + event.topic
        self._kafka.put(name, number, (event.key, event.value, event.headers), event.timestamp_ms)

    # What is waited for.

    def _behind(self) -> set[int]:
        """Give the numbers with records that are not committed as processed."""
        return {
            number
            for topic in self._layout.sources
            for number, log in enumerate(self._kafka.topic(topic))
            if log.read(self._kafka.offsets.get((topic, number), 0), 1)[0]
        }

    def _at_the_brink(self) -> bool:
        """Tell whether everything is read, and written but for the end of the transactions."""
        waiting = {number for worker in self._workers for number in worker.connection.waiting}
        return (
            self._group.settled() and self._behind() <= waiting and all(worker.read_all() for worker in self._workers)
        )

    async def _until(self, claim: Callable[[], bool]) -> None:
        deadline = time.monotonic() + self._seconds
        while not claim():
            for worker in self._workers:
                worker.see()
            if time.monotonic() > deadline:
                raise TimeoutError(f"partitions {sorted(self._behind())} are not committed after {self._seconds:g} s")
            await self._kafka.wait(0.005)
