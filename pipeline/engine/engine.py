"""The engine: reads, folds and commits the partition numbers that its group has given this worker."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

import structlog
from aiokafka.errors import KafkaError

from pipeline.engine.changelog import Tail
from pipeline.engine.errors import EngineError, LostError
from pipeline.engine.pace import Pace
from pipeline.engine.partition import Partition
from pipeline.engine.parts import Belongs, Commits, Opens, Reads
from pipeline.engine.stage import Observe

LOOK_SECONDS = 0.1
IDLE_SECONDS = 1.0
OFTEN = 5
A_WHILE_SECONDS = 60
"""A number that is taken over so often in so short a while is another app's, too."""

log = structlog.get_logger(__name__)


class Load(NamedTuple):
    """How far the loading of tables is: records taken and in all, and since when, seconds of the monotonic clock."""

    taken: int
    records: int
    since: float


class Progress(NamedTuple):
    """Where a worker is: for each topic and number what is committed and the end; and what is being loaded.

    `joined` tells whether the group has answered at all. Of the `wanted` numbers some may be `opening`, and some be in
    `trouble`: since then, seconds of the monotonic clock, they have not been opened.
    """

    committed: Mapping[tuple[str, int], int]
    ends: Mapping[tuple[str, int], int]
    wanted: frozenset[int]
    loading: Load | None
    joined: bool
    opening: frozenset[int]
    trouble: Mapping[int, float]


class _Held:
    """A partition number at work: its state, its writer, and the task that commits."""

    def __init__(self, partition: Partition, writer: Commits) -> None:
        self.partition = partition
        self.writer = writer
        self.opened = time.monotonic()
        self.committed = dict(partition.positions)
        self.wake = asyncio.Event()
        self.urgent = asyncio.Event()
        self.leaving = False
        self.ended = False
        self.in_flight = 0
        self.began = 0.0
        self.task: asyncio.Task[None] | None = None


class Engine:
    """Works on the numbers that are this worker's until it is stopped, or cannot go on: `failure` tells.

    `on_open` and `on_close` are told of numbers that come and go, before their first record and after their last;
    `on_commit` of the seconds that a commit took, `on_drop` of what a number was given up for.
    """

    def __init__(
        self,
        openings: Opens,
        source: Reads,
        make_membership: Callable[[Callable[[], None]], Belongs],
        pace: Pace,
        observe: Observe,
    ) -> None:
        self._openings = openings
        self._source = source
        self._group = make_membership(self._changed)
        self._pace = pace
        self._observe = observe
        self._held: dict[int, _Held] = {}
        self._opened: dict[int, _Held] = {}
        self._going: set[_Held] = set()
        self._anew = asyncio.Event()
        self._ready: dict[int, Tail] = {}
        self._barred: set[int] = set()
        self._trouble: dict[int, float] = {}
        self._taken_over: dict[int, list[float]] = {}
        self._change = asyncio.Event()
        self._stopping = False
        self._loading: Load | None = None
        self._joined = False
        self._opening: frozenset[int] = frozenset()
        self._tasks: list[asyncio.Task[None]] = []
        self._failed: asyncio.Future[None] | None = None
        self.at_work = asyncio.Event()
        self.on_open: Callable[[Partition], None] = lambda _: None
        self.on_close: Callable[[int], None] = lambda _: None
        self.on_commit: Callable[[float], None] = lambda _: None
        self.on_drop: Callable[[Exception], None] = lambda _: None

    async def start(self) -> None:
        """Connect and begin.

        Errors: `EngineError` where topics do not fit; KafkaError.
        """
        self._failed = asyncio.get_running_loop().create_future()
        await self._openings.check()
        await self._source.start()
        await self._group.start()
        self._tasks = [asyncio.ensure_future(self._guard(way())) for way in (self._reconcile, self._read)]

    async def stop(self) -> None:
        """Commit what is done, let the numbers go, leave the group."""
        self._stopping = True
        while left := [task for task in self._tasks if not task.done()]:
            # More than once: a client of Kafka that is just being closed takes a cancellation for its own task's.
            for task in left:
                task.cancel()
            await asyncio.wait(left, timeout=LOOK_SECONDS)
        held = {*self._held.values(), *self._opened.values(), *self._going}
        await asyncio.gather(*[self._close(one) for one in held])
        await asyncio.gather(self._source.stop(), self._group.stop(), return_exceptions=True)

    async def failure(self) -> None:
        """Wait until the engine cannot go on, if that comes.

        Errors: what it cannot go on with.
        """
        if self._failed is not None:
            await asyncio.shield(self._failed)

    def progress(self) -> Progress:
        """Tell where this worker is."""
        committed = {(topic, number): at for number, held in self._held.items() for topic, at in held.committed.items()}
        ends = {(topic, number): at for number, of in self._source.ends().items() for topic, at in of.items()}
        return Progress(
            committed, ends, self._group.wanted, self._loading, self._joined, self._opening, self._failing()
        )

    def partitions(self) -> Iterable[Partition]:
        """Give the numbers at work."""
        return [held.partition for held in self._held.values()]

    # Which numbers.

    def _changed(self) -> None:
        self._joined = True
        self._barred.clear()
        self._change.set()

    async def _reconcile(self) -> None:
        """Let go of numbers that are others', open those that are ours, prepare those that may be."""
        backoff = LOOK_SECONDS
        while True:
            await _within(LOOK_SECONDS, self._change.wait())
            self._change.clear()
            self._group.check()
            self._see_trouble()
            wanted = self._group.wanted
            if gone := [held for number, held in self._held.items() if number not in wanted]:
                await self._let_go(gone)
            missing = [number for number in wanted if number not in self._held and number not in self._opened]
            try:
                if missing := sorted(number for number in missing if number not in self._barred):
                    await self._open(missing)
                elif waited := self._group.prepare - self._ready.keys() - self._held.keys():
                    await self._prepare(waited)
            except (KafkaError, TimeoutError, OSError) as error:
                log.warning("partitions could not be opened", numbers=missing, error=type(error).__name__)
                self._note_trouble(missing)
                await asyncio.sleep(backoff)
                backoff = min(2 * backoff, 2.0)
            else:
                backoff = LOOK_SECONDS

    async def _open(self, numbers: list[int]) -> None:
        began = time.monotonic()
        self._opening = frozenset(numbers)
        prepared = {number: tail for number in numbers if (tail := self._ready.pop(number, None))}
        try:
            opened = await self._openings.open(numbers, prepared, self._told)
            loaded = self._loading.taken if self._loading else 0
        finally:
            self._loading = None
            self._opening = frozenset()
        for number, (partition, writer) in opened.items():
            self.on_open(partition)
            self._opened[number] = _Held(partition, writer)
        self._anew.set()
        self._tell()
        log.info("partitions opened", numbers=numbers, loaded=loaded, seconds=round(time.monotonic() - began, 2))

    async def _prepare(self, numbers: Iterable[int]) -> None:
        """Load what another worker works on, and say that it may come."""
        for number in self._ready.keys() - self._group.prepare:
            self._ready.pop(number).stores.close()
        try:
            self._ready |= await self._openings.prepare(sorted(numbers), self._told)
        finally:
            self._loading = None
        self._tell()
        self._group.rejoin()

    async def _let_go(self, gone: list[_Held]) -> None:
        for held in gone:
            del self._held[held.partition.number]
        self._going.update(gone)
        self._anew.set()
        await asyncio.gather(*[self._close(held) for held in gone])
        self._tell()

    def _tell(self) -> None:
        self._group.tell([*self._held, *self._opened], self._ready)

    def _told(self, taken: int, records: int) -> None:
        since = self._loading.since if self._loading else time.monotonic()
        self._loading = Load(taken, records, since)

    # Reading and folding.

    async def _read(self) -> None:
        looked = time.monotonic()
        while True:
            if self._anew.is_set():
                self._read_anew()
            if not self._held:
                await self._anew.wait()
                continue
            try:
                async for topic, number, records, position in self._source.poll():
                    if held := self._held.get(number):
                        held.partition.take(topic, records, position)
                        self._wake(held)
                        # Heartbeats and commits get their turn.
                        await asyncio.sleep(0)
            except KafkaError as error:
                log.warning("sources could not be read", error=type(error).__name__)
                await asyncio.sleep(LOOK_SECONDS)
            self._source.hold(
                [
                    number
                    for number, held in self._held.items()
                    if held.partition.owed_bytes + held.in_flight > self._pace.owed_bytes
                ]
            )
            if time.monotonic() - looked > IDLE_SECONDS:
                looked = time.monotonic()
                await self._pass_marks()

    def _read_anew(self) -> None:
        for number, held in self._opened.items():
            self._held[number] = held
            held.task = asyncio.ensure_future(self._guard(self._commits(held)))
        self._opened.clear()
        self._anew.clear()
        self._source.read({number: held.partition.positions for number, held in self._held.items()})
        if self._held:
            self.at_work.set()

    async def _pass_marks(self) -> None:
        """Take in what lies behind the last record and is none, so that the lag comes to nothing."""
        for number, positions in (await self._source.positions()).items():
            if held := self._held.get(number):
                for topic, position in positions.items():
                    held.partition.advance(topic, position)
                if held.partition.owes:
                    self._wake(held)

    def _wake(self, held: _Held) -> None:
        held.wake.set()
        if held.partition.owed_bytes > self._pace.commit_bytes:
            held.urgent.set()

    # Committing.

    async def _commits(self, held: _Held) -> None:
        """Commit a number whenever it owes something and is due, until it leaves."""
        try:
            while not held.leaving:
                await held.wake.wait()
                held.wake.clear()
                due = held.began + self._pace.commit_seconds - time.monotonic()
                if due > 0 and not held.leaving:
                    await _within(due, held.urgent.wait())
                held.urgent.clear()
                if held.partition.owes:
                    await self._commit(held)
        except (KafkaError, LostError, TimeoutError, OSError) as error:
            await self._drop(held, error)

    async def _commit(self, held: _Held) -> None:
        held.began = time.monotonic()
        held.in_flight = held.partition.owed_bytes
        snapshot = held.partition.snapshot()
        async with asyncio.timeout(self._pace.request_seconds):
            written = await held.writer.commit(snapshot)
        held.in_flight = 0
        held.committed = snapshot.positions
        self._trouble.pop(held.partition.number, None)
        self.on_commit(time.monotonic() - held.began)
        held.partition.settle(snapshot, written)
        for outcome in snapshot.outcomes:
            try:
                self._observe(outcome)
            except Exception as error:  # noqa: BLE001 -- what is done is done, counted or not.
                # Without the traceback: its last line may quote a record.
                log.error("a batch could not be counted", error=type(error).__name__)  # noqa: TRY400

    async def _drop(self, held: _Held, error: Exception) -> None:
        """Give a number up as a whole: what it held is not known to be true any more. Then ask the group anew."""
        number = held.partition.number
        log.warning("a partition is dropped and opened anew", number=number, error=type(error).__name__)
        self.on_drop(error)
        if held.leaving or self._held.get(number) is not held:
            return  # Whoever lets it go ends it.
        del self._held[number]
        self._going.add(held)
        self._anew.set()
        self._barred.add(number)
        self._note_trouble([number])
        if isinstance(error, LostError):
            self._note_taken_over(number)
        self._tell()
        self._group.rejoin()
        await self._end(held)

    async def _close(self, held: _Held) -> None:
        """Commit a number within its deadline, and let it go."""
        held.leaving = True
        held.wake.set()
        held.urgent.set()
        if held.task is not None:
            await asyncio.wait([held.task], timeout=self._pace.close_seconds)
            held.task.cancel()
            with suppress(asyncio.CancelledError):
                await held.task
        await self._end(held)

    async def _end(self, held: _Held) -> None:
        if held.ended:
            return
        held.ended = True
        await held.writer.close()
        held.partition.stores.close()
        self._going.discard(held)
        self.on_close(held.partition.number)

    # What goes wrong.

    def _note_trouble(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            self._trouble.setdefault(number, time.monotonic())

    def _note_taken_over(self, number: int) -> None:
        now = time.monotonic()
        times = [*[at for at in self._taken_over.get(number, ()) if now - at < A_WHILE_SECONDS], now]
        self._taken_over[number] = times
        if len(times) >= OFTEN:
            raise EngineError(
                f"the transactional id {self._group.group}-{number} is taken over again and again: another app uses "
                "it. Give each app an id of its own"
            )

    def _see_trouble(self) -> None:
        """See that no number of ours stays unopened for long, or is opened and dropped again and again.

        Errors: `EngineError`.
        """
        now, patience = time.monotonic(), self._pace.open_seconds
        # What is open is no trouble once it has committed, or has been open for as long without having to.
        over = {number for number, held in self._held.items() if now - held.opened > patience}
        self._trouble = {
            number: at for number, at in self._trouble.items() if number in self._group.wanted and number not in over
        }
        since = min(self._failing().values(), default=None)
        if since is not None and self._loading is None and now - since > patience:
            raise EngineError(
                f"partitions {sorted(self._failing())} could not be opened, or not be written, for {patience:g} s: see "
                "whether Kafka runs and answers, and the warnings of this log"
            )

    def _failing(self) -> dict[int, float]:
        """Give the numbers that are to be open and are not, with since when they have not been right."""
        return {
            number: at
            for number, at in self._trouble.items()
            if number not in self._held and number not in self._opened
        }

    async def _guard(self, way: Any) -> None:
        """Let what nobody has expected end the worker."""
        try:
            await way
        except Exception as error:  # noqa: BLE001 -- the worker ends with it.
            if self._failed is not None and not self._failed.done():
                self._failed.set_exception(error)


async def _within(seconds: float, way: Awaitable[object]) -> None:
    """Wait for something for so long. `wait_for` would forget a cancellation that comes together with the end."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await way
