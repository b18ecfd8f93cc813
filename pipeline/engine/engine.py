"""The engine: reads and folds the partition numbers that its group has given this worker."""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import structlog
from aiokafka.errors import KafkaError

from pipeline.engine.custody import LOOK_SECONDS, Custody
from pipeline.engine.errors import EngineError, refused
from pipeline.engine.pace import Pace
from pipeline.engine.partition import Partition
from pipeline.engine.parts import Belongs, Opens, Reads
from pipeline.engine.progress import Progress
from pipeline.engine.record import Record
from pipeline.engine.stage import Observe

IDLE_SECONDS = 1.0
TURN_SECONDS = 0.1
"""Heartbeats and commits get their turn so often: as many records are processed in between as take about so long."""
FIRST_SLICE, LARGEST_SLICE = 100, 1_000

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
        told = observe, self._committed, self._dropped
        self._custody = Custody(openings, self._group, pace, self._guard, told)
        self._joined = False
        self._slice = FIRST_SLICE
        self._tasks: list[asyncio.Task[None]] = []
        self._failed: asyncio.Future[None] | None = None
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
        self._tasks = [asyncio.ensure_future(self._guard(way())) for way in (self._custody.keep, self._read)]

    async def stop(self) -> None:
        """Let others take over what this worker works on, commit what is done, leave the group."""
        if self._custody.held and self._failed is not None and not self._failed.done():
            await self._group.hand_over()
        while left := [task for task in (*self._tasks, *self._custody.ways) if not task.done()]:
            # More than once: a client of Kafka that is just being closed takes a cancellation for its own task's.
            for task in left:
                task.cancel()
            await asyncio.wait(left, timeout=LOOK_SECONDS)
        await self._custody.close()
        await asyncio.gather(self._source.stop(), self._group.stop(), return_exceptions=True)

    async def failure(self) -> None:
        """Wait until the engine cannot go on, if that comes.

        Errors: what it cannot go on with.
        """
        if self._failed is not None:
            await asyncio.shield(self._failed)

    def progress(self) -> Progress:
        """Tell where this worker is."""
        custody = self._custody
        committed = {
            (topic, number): at for number, held in custody.held.items() for topic, at in held.committed.items()
        }
        ends = {(topic, number): at for number, of in self._source.ends().items() for topic, at in of.items()}
        return Progress(
            committed,
            ends,
            self._group.wanted,
            custody.loading,
            self._joined,
            custody.opening,
            custody.trouble.failing({*custody.held, *custody.opened}),
        )

    def partitions(self) -> Iterable[Partition]:
        """Give the numbers at work."""
        return [held.partition for held in self._custody.held.values()]

    def _changed(self) -> None:
        self._joined = True
        self._custody.changed()

    def _committed(self, seconds: float) -> None:
        self.on_commit(seconds)

    def _dropped(self, error: Exception) -> None:
        self.on_drop(error)

    async def _read(self) -> None:
        looked, custody = time.monotonic(), self._custody
        while True:
            if custody.anew.is_set():
                self._read_anew()
            if not custody.held:
                await custody.anew.wait()
                continue
            try:
                async for topic, number, records, position in self._source.poll():
                    await self._take(topic, number, records, position)
            except KafkaError as error:
                if wrong := refused(error):
                    raise wrong from error
                if not error.retriable:
                    raise EngineError(f"the sources cannot be read: {type(error).__name__}: {error}") from error
                log.warning("sources could not be read", error=type(error).__name__)
                # What was read of other partitions before it failed is gone: back to where each number is.
                custody.anew.set()
                await asyncio.sleep(LOOK_SECONDS)
            self._source.hold([number for number, held in custody.held.items() if held.full])
            if time.monotonic() - looked > IDLE_SECONDS:
                looked = time.monotonic()
                await self._pass_marks()

    async def _take(self, topic: str, number: int, records: Sequence[Record], position: int) -> None:
        start = 0
        while start < len(records) or not records:
            if (held := self._custody.held.get(number)) is None:
                return
            part = records[start : start + self._slice]
            start += len(part)
            began = time.monotonic()
            held.partition.take(topic, part, position if start == len(records) else part[-1].offset + 1)
            took = time.monotonic() - began
            if took > TURN_SECONDS or len(part) == self._slice:
                self._slice = max(
                    1, min(LARGEST_SLICE, 2 * self._slice, int(len(part) * TURN_SECONDS / (took or 1e-9)))
                )
            held.woken()
            await asyncio.sleep(0)
            if not records:
                return

    def _read_anew(self) -> None:
        custody = self._custody
        for number, held in custody.opened.items():
            custody.held[number] = held
            held.begin(self._guard, custody.drop)
        custody.opened.clear()
        custody.anew.clear()
        self._source.read({number: held.partition.positions for number, held in custody.held.items()})

    async def _pass_marks(self) -> None:
        """Take in what lies behind the last record and is none, so that the lag comes to nothing."""
        for number, positions in (await self._source.positions()).items():
            if held := self._custody.held.get(number):
                for topic, position in positions.items():
                    held.partition.advance(topic, position)
                if held.partition.owes:
                    held.woken()

    async def _guard(self, way: Any) -> None:
        """Let what nobody has expected end the worker."""
        try:
            await way
        except Exception as error:  # noqa: BLE001 -- the worker ends with it.
            if self._failed is not None and not self._failed.done():
                self._failed.set_exception(error)
