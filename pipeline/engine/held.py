"""One partition number at work: its state, its writer, and the commits in between."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, NamedTuple

import structlog
from aiokafka.errors import KafkaError

from pipeline.engine.errors import LostError
from pipeline.engine.pace import Pace
from pipeline.engine.partition import Partition, Snapshot
from pipeline.engine.parts import Commits
from pipeline.engine.stage import Observe

log = structlog.get_logger(__name__)


class Hooks(NamedTuple):
    """Who is told: of each batch once it is committed, of each commit with its seconds, of a number that has ended."""

    observe: Observe
    committed: Callable[["Held", float], None]
    ended: Callable[["Held"], None]


class Held:
    """A partition number that is this worker's. `committed` are the positions that are."""

    def __init__(self, partition: Partition, writer: Commits, pace: Pace, hooks: Hooks) -> None:
        self.partition = partition
        self.number = partition.number
        self.opened = time.monotonic()
        self.committed = dict(partition.positions)
        self.leaving = False
        self._writer = writer
        self._pace = pace
        self._hooks = hooks
        self._wake = asyncio.Event()
        self._urgent = asyncio.Event()
        self._ended = False
        self._in_flight = self._records_in_flight = 0
        self._settled = 0.0
        self._task: asyncio.Task[None] | None = None

    @property
    def full(self) -> bool:
        """Tell whether so much is owed that no more is to be read for now."""
        return (
            self.partition.owed_bytes + self._in_flight > self._pace.owed_bytes
            or self.partition.owed_records + self._records_in_flight > self._pace.owed_records
        )

    def begin(self, guard: Callable[[Any], Any], drop: Callable[["Held", Exception], Awaitable[None]]) -> None:
        """Begin to commit what is owed; `drop` is what becomes of a number that cannot be written."""
        self._task = asyncio.ensure_future(guard(self._commits(drop)))

    def woken(self) -> None:
        """Note that something is owed."""
        self._wake.set()
        if self.partition.owed_bytes > self._pace.commit_bytes:
            self._urgent.set()

    async def _commits(self, drop: Callable[["Held", Exception], Awaitable[None]]) -> None:
        """Commit whenever something is owed and due, until the number leaves with nothing owed."""
        try:
            while not self.leaving or self.partition.owes:
                await self._wake.wait()
                due = self._settled + self._pace.commit_seconds - time.monotonic()
                if due > 0 and not self.leaving:
                    await within(due, self._urgent.wait())
                if not self.leaving:
                    self._wake.clear()
                    self._urgent.clear()
                if self.partition.owes:
                    await self._commit()
        except (KafkaError, LostError, TimeoutError, OSError) as error:
            await drop(self, error)

    async def _commit(self) -> None:
        began = time.monotonic()
        self._in_flight, self._records_in_flight = self.partition.owed_bytes, self.partition.owed_records
        snapshot = self.partition.snapshot()
        async with asyncio.timeout(self._pace.request_seconds):
            written = await self._writer.commit(snapshot)
        self._in_flight = self._records_in_flight = 0
        self.committed = snapshot.positions
        self.partition.settle(snapshot, written)
        # The pause counts from the end of a commit: a busy broker is asked less often, an idle one as soon as may be.
        self._settled = time.monotonic()
        self._hooks.committed(self, self._settled - began)
        self._tell(snapshot)

    def _tell(self, snapshot: Snapshot) -> None:
        for outcome in snapshot.outcomes:
            try:
                self._hooks.observe(outcome)
            except Exception as error:  # noqa: BLE001 -- what is done is done, counted or not.
                # Without the traceback: its last line may quote a record.
                log.error("a batch could not be counted", error=type(error).__name__)  # noqa: TRY400

    async def close(self) -> None:
        """Commit what is owed within the deadline, and let the number go."""
        self.leaving = True
        self._wake.set()
        self._urgent.set()
        if self._task is not None:
            await asyncio.wait([self._task], timeout=self._pace.close_seconds)
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self.end()

    async def end(self) -> None:
        """Let the number go as it is, once."""
        if not self._ended:
            self._ended = True
            await self._writer.close()
            self.partition.stores.close()
            self._hooks.ended(self)


async def within(seconds: float, way: Awaitable[object]) -> None:
    """Wait for something for so long. `wait_for` would forget a cancellation that comes together with the end."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await way
