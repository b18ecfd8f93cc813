"""The engine: reads, folds and commits the partition numbers that its group has given this worker."""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import structlog
from aiokafka.errors import KafkaError

from pipeline.engine.changelog import Tail
from pipeline.engine.errors import EngineError, LostError
from pipeline.engine.held import Held, Hooks, within
from pipeline.engine.pace import Pace
from pipeline.engine.partition import Partition
from pipeline.engine.parts import Belongs, Opens, Reads
from pipeline.engine.progress import Load, Progress
from pipeline.engine.record import Record
from pipeline.engine.stage import Observe
from pipeline.engine.trouble import Trouble

LOOK_SECONDS = 0.1
IDLE_SECONDS = 1.0
FRESH_SECONDS = 3_600.0
SLICE_RECORDS = 1_000
"""Records that are processed before heartbeats and commits get their turn."""

log = structlog.get_logger(__name__)


class Engine:
    """Works on the numbers that are this worker's until it is stopped, or cannot go on: `failure` tells.

    `on_commit` is told of the seconds that a commit took, `on_drop` of what a number was given up for.
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
        self._hooks = Hooks(observe, self._committed, self._ended)
        self._held: dict[int, Held] = {}
        self._opened: dict[int, Held] = {}
        self._going: set[Held] = set()
        self._anew = asyncio.Event()
        self._ready: dict[int, Tail] = {}
        self._ready_since: dict[int, float] = {}
        self._barred: set[int] = set()
        self._trouble = Trouble(self._group.group, pace.open_seconds)
        self._change = asyncio.Event()
        self._loading: Load | None = None
        self._joined = False
        self._opening: frozenset[int] = frozenset()
        self._tasks: list[asyncio.Task[None]] = []
        self._failed: asyncio.Future[None] | None = None
        self.at_work = asyncio.Event()
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
        while left := [task for task in self._tasks if not task.done()]:
            # More than once: a client of Kafka that is just being closed takes a cancellation for its own task's.
            for task in left:
                task.cancel()
            await asyncio.wait(left, timeout=LOOK_SECONDS)
        held = {*self._held.values(), *self._opened.values(), *self._going}
        await asyncio.gather(*[one.close() for one in held])
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
            committed,
            ends,
            self._group.wanted,
            self._loading,
            self._joined,
            self._opening,
            self._trouble.failing({*self._held, *self._opened}),
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
            await within(LOOK_SECONDS, self._change.wait())
            changed = self._change.is_set()
            self._change.clear()
            self._group.check()
            opened = {number: held.opened for number, held in {**self._held, **self._opened}.items()}
            self._trouble.see(self._group.wanted, opened)
            self._clear_ready()
            wanted = self._group.wanted
            if gone := [held for number, held in self._held.items() if number not in wanted]:
                await self._let_go(gone)
            missing = [number for number in wanted if number not in self._held and number not in self._opened]
            try:
                if missing := sorted(number for number in missing if number not in self._barred):
                    await self._open(missing)
                elif waited := self._group.prepare - self._ready.keys() - opened.keys():
                    await self._prepare(waited)
                elif changed and self._group.prepare & self._ready.keys():
                    # What was ready while the group was being asked, it has not heard of.
                    self._tell()
                    self._group.rejoin()
            except (KafkaError, TimeoutError, OSError) as error:
                log.warning("partitions could not be opened", numbers=missing, error=type(error).__name__)
                self._trouble.note(missing)
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
            self._opened[number] = Held(partition, writer, self._pace, self._hooks)
        self._anew.set()
        self._tell()
        log.info("partitions opened", numbers=numbers, loaded=loaded, seconds=round(time.monotonic() - began, 2))

    async def _prepare(self, numbers: Iterable[int]) -> None:
        """Load what another worker works on, and say that it may come."""
        began = time.monotonic()
        try:
            for number, tail in (await self._openings.prepare(sorted(numbers), self._told)).items():
                self._ready[number] = tail
                self._ready_since[number] = began
        finally:
            self._loading = None
        self._tell()
        self._group.rejoin()

    def _clear_ready(self) -> None:
        """Forget what was loaded for numbers that do not come, or so long ago that deletions may be missed."""
        may_come = self._group.prepare | self._group.wanted
        for number in list(self._ready):
            if number not in may_come or time.monotonic() - self._ready_since[number] > FRESH_SECONDS:
                self._ready.pop(number).stores.close()

    async def _let_go(self, gone: list[Held]) -> None:
        for held in gone:
            del self._held[held.number]
        self._going.update(gone)
        self._anew.set()
        await asyncio.gather(*[held.close() for held in gone])
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
                    await self._take(topic, number, records, position)
            except KafkaError as error:
                if not error.retriable:
                    raise EngineError(f"the sources cannot be read: {type(error).__name__}: {error}") from error
                log.warning("sources could not be read", error=type(error).__name__)
                # What was read of other partitions before it failed is gone: back to where each number is.
                self._anew.set()
                await asyncio.sleep(LOOK_SECONDS)
            self._source.hold([number for number, held in self._held.items() if held.full])
            if time.monotonic() - looked > IDLE_SECONDS:
                looked = time.monotonic()
                await self._pass_marks()

    async def _take(self, topic: str, number: int, records: Sequence[Record], position: int) -> None:
        for start in range(0, len(records) or 1, SLICE_RECORDS):
            if (held := self._held.get(number)) is None:
                return
            part = records[start : start + SLICE_RECORDS]
            last = start + SLICE_RECORDS >= len(records)
            held.partition.take(topic, part, position if last else part[-1].offset + 1)
            held.woken()
            await asyncio.sleep(0)

    def _read_anew(self) -> None:
        for number, held in self._opened.items():
            self._held[number] = held
            held.begin(self._guard, self._drop)
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
                    held.woken()

    # What was committed, and what cannot be.

    def _committed(self, held: Held, seconds: float) -> None:
        self._trouble.over(held.number)
        self.on_commit(seconds)

    async def _drop(self, held: Held, error: Exception) -> None:
        """Give a number up as a whole: what it held is not known to be true any more. Then ask the group anew."""
        log.warning("a partition is dropped and opened anew", number=held.number, error=type(error).__name__)
        self.on_drop(error)
        if held.leaving or self._held.get(held.number) is not held:
            return  # Whoever lets it go ends it.
        del self._held[held.number]
        self._going.add(held)
        self._anew.set()
        self._barred.add(held.number)
        self._trouble.note([held.number])
        if isinstance(error, LostError):
            self._trouble.taken_over(held.number)
        self._tell()
        self._group.rejoin()
        await held.end()

    def _ended(self, held: Held) -> None:
        self._going.discard(held)

    async def _guard(self, way: Any) -> None:
        """Let what nobody has expected end the worker."""
        try:
            await way
        except Exception as error:  # noqa: BLE001 -- the worker ends with it.
            if self._failed is not None and not self._failed.done():
                self._failed.set_exception(error)
