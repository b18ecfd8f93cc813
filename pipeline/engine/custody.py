"""Which partition numbers a worker has in hand: opened when they are its own, prepared when they may be, let go."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

import structlog
from aiokafka.errors import KafkaError

from pipeline.engine.changelog import Loading, Tail
from pipeline.engine.errors import LostError, refused
from pipeline.engine.held import Held, Hooks, within
from pipeline.engine.pace import Pace
from pipeline.engine.parts import Belongs, Opens
from pipeline.engine.progress import Load
from pipeline.engine.stage import Observe
from pipeline.engine.trouble import Trouble

LOOK_SECONDS = 0.1
REST_SECONDS = 2.0
FRESH_SECONDS = 3_600.0

Guard = Callable[[Coroutine[Any, Any, None]], Coroutine[Any, Any, None]]

log = structlog.get_logger(__name__)


class Custody:
    """Sees that what is in hand is what the group has given, without one number's way standing in another's.

    `held` are at work, `opened` are to be: `anew` is set when either has changed. `guard` ends the worker with what
    nobody expects, `committed` is told of the seconds that a commit took, `dropped` of what a number is given up for.
    """

    def __init__(
        self,
        openings: Opens,
        group: Belongs,
        pace: Pace,
        guard: Guard,
        told: tuple[Observe, Callable[[float], None], Callable[[Exception], None]],
    ) -> None:
        self.held: dict[int, Held] = {}
        self.opened: dict[int, Held] = {}
        self.anew = asyncio.Event()
        self.trouble = Trouble(group.group, pace.open_seconds)
        self._openings = openings
        self._group = group
        self._pace = pace
        self._guard = guard
        observe, self._on_commit, self._on_drop = told
        self._hooks = Hooks(observe, self._committed, self._ended)
        self._going: set[Held] = set()
        self._ready: dict[int, Tail] = {}
        self._ready_since: dict[int, float] = {}
        self._barred: set[int] = set()
        self._opening: set[int] = set()
        self._preparing: frozenset[int] = frozenset()
        self._loads: dict[str, Load] = {}
        self._rest_until = 0.0
        self._rest = LOOK_SECONDS
        self._change = asyncio.Event()
        self._ways: set[asyncio.Task[None]] = set()
        self._closings: set[asyncio.Task[None]] = set()

    @property
    def opening(self) -> frozenset[int]:
        """The numbers that are being opened."""
        return frozenset(self._opening)

    @property
    def loading(self) -> Load | None:
        """How far the loading of tables is: of those that are opened, else of those that are prepared."""
        return self._loads.get("open") or self._loads.get("prepare")

    @property
    def ways(self) -> list["asyncio.Task[None]"]:
        """What is under way besides, and may be cancelled."""
        return list(self._ways)

    def changed(self) -> None:
        """Note that the group has shared out."""
        self._barred.clear()
        self._change.set()

    async def keep(self) -> None:
        """Let go of numbers that are others', open those that are ours, prepare those that may be."""
        while True:
            await within(LOOK_SECONDS, self._change.wait())
            changed = self._change.is_set()
            self._change.clear()
            self._group.check()
            wanted = self._group.wanted
            opened = {number: held.opened for number, held in {**self.held, **self.opened}.items()}
            self.trouble.see(wanted, opened)
            self._clear_ready()
            self._let_go([held for number, held in self.held.items() if number not in wanted])
            # What closes here is not opened here meanwhile, nor what is loaded already by another way.
            busy = {*opened, *self._opening, *self._preparing, *(held.number for held in self._going if held.leaving)}
            missing = sorted(wanted - busy - self._barred) if time.monotonic() >= self._rest_until else []
            if missing:
                self._opening.update(missing)
                self._begin(self._open, missing)
            if waited := () if self._preparing else sorted(self._group.prepare - self._ready.keys() - busy):
                self._preparing = frozenset(waited)
                self._begin(self._prepare, waited)
            elif changed and self._group.prepare & self._ready.keys():
                # What was ready while the group was being asked, it has not heard of.
                self._tell()
                self._group.rejoin()

    def _begin(self, way: Callable[[list[int]], Coroutine[Any, Any, None]], numbers: list[int]) -> None:
        async def begin() -> None:
            await self._guard(way(numbers))

        task = asyncio.ensure_future(begin())
        self._ways.add(task)
        task.add_done_callback(self._ways.discard)

    async def _open(self, numbers: list[int]) -> None:
        began = time.monotonic()
        prepared = {number: tail for number in numbers if (tail := self._ready.pop(number, None))}
        # What is being opened is claimed: a sharing out meanwhile would give it to one who has to begin with it.
        self._tell()
        try:
            opened = await self._openings.open(numbers, prepared, self._told("open"))
        except (KafkaError, TimeoutError, OSError) as error:
            log.warning("partitions could not be opened", numbers=numbers, error=type(error).__name__)
            if wrong := refused(error):
                raise wrong from error
            self.trouble.note(numbers)
            self._rest_until = time.monotonic() + self._rest
            self._rest = min(2 * self._rest, REST_SECONDS)
        else:
            self._rest = LOOK_SECONDS
            loaded = load.taken if (load := self._loads.get("open")) else 0
            for number, (partition, writer) in opened.items():
                self.opened[number] = Held(partition, writer, self._pace, self._hooks)
            self.anew.set()
            log.info("partitions opened", numbers=numbers, loaded=loaded, seconds=round(time.monotonic() - began, 2))
        finally:
            self._opening.difference_update(numbers)
            self._loads.pop("open", None)
            self._tell()

    async def _prepare(self, numbers: list[int]) -> None:
        """Load what another worker works on, and say that it may come."""
        began = time.monotonic()
        try:
            for number, tail in (await self._openings.prepare(numbers, self._told("prepare"))).items():
                self._ready[number] = tail
                self._ready_since[number] = began
            self._tell()
            self._group.rejoin()
        except (KafkaError, TimeoutError, OSError) as error:
            log.warning("partitions could not be prepared", numbers=numbers, error=type(error).__name__)
            if wrong := refused(error):
                raise wrong from error
            await asyncio.sleep(REST_SECONDS / 2)
        finally:
            self._loads.pop("prepare", None)
            self._preparing = frozenset()

    def _clear_ready(self) -> None:
        """Forget what was loaded for numbers that do not come, or so long ago that deletions may be missed."""
        may_come = self._group.prepare | self._group.wanted
        for number in list(self._ready):
            if number not in may_come or time.monotonic() - self._ready_since[number] > FRESH_SECONDS:
                self._ready.pop(number).stores.close()

    def _let_go(self, gone: list[Held]) -> None:
        if not gone:
            return
        for held in gone:
            del self.held[held.number]
            closing = asyncio.ensure_future(self._guard(held.close()))
            # From here on, and not from when the task begins: what the next owner refuses it is no trouble.
            held.leaving = True
            self._closings.add(closing)
            closing.add_done_callback(self._closings.discard)
        self._going.update(gone)
        self.anew.set()
        self._tell()

    def _tell(self) -> None:
        self._group.tell([*self.held, *self.opened], self._ready, self._opening)

    def _told(self, what: str) -> Loading:
        since = time.monotonic()

        def told(taken: int, records: int) -> None:
            self._loads[what] = Load(taken, records, since)

        return told

    async def drop(self, held: Held, error: Exception) -> None:
        """Give a number up as a whole: what it held is not known to be true any more. Then ask the group anew."""
        if wrong := refused(error):
            raise wrong from error
        if held.leaving and isinstance(error, LostError):
            return  # Whoever lets it go ends it: its next owner has only been faster than its last commit.
        log.warning("a partition is dropped and opened anew", number=held.number, error=type(error).__name__)
        self._on_drop(error)
        if held.leaving or self.held.get(held.number) is not held:
            return  # Whoever lets it go ends it.
        del self.held[held.number]
        self._going.add(held)
        self.anew.set()
        self._barred.add(held.number)
        self.trouble.note([held.number])
        if isinstance(error, LostError):
            self.trouble.taken_over(held.number)
        self._tell()
        self._group.rejoin()
        await held.end()

    async def close(self) -> None:
        """Commit what is done, and let go of everything."""
        held = [one for one in {*self.held.values(), *self.opened.values(), *self._going} if not one.leaving]
        await asyncio.gather(*self._closings, *[one.close() for one in held])
        for tail in self._ready.values():
            tail.stores.close()

    def _committed(self, held: Held, seconds: float) -> None:
        self.trouble.over(held.number)
        self._on_commit(seconds)

    def _ended(self, held: Held) -> None:
        self._going.discard(held)
        self._change.set()
