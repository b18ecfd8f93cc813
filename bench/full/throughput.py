"""How fast a backlog of the full job is worked off, and whether what came of it is right."""

import asyncio
import time
from collections.abc import Sequence
from typing import NamedTuple

from bench.full.deployment import Deployment, rated
from bench.peers.stage import Stage

LONGEST_SECONDS = 600.0
LOOK_SECONDS = 0.02


class Way(NamedTuple):
    """A way to run the app: its settings, what it is, and the most events that it gets."""

    about: str
    settings: dict[str, object]
    most_events: int = 1_000_000


WAYS = {
    "engine": Way("this engine, exactly once", {}),
    "batched": Way("stock Faust, batches of 500, at least once", {"engine": "stock", "batch_events": 500}, 20_000),
    "plain": Way("stock Faust, event by event, at least once", {"engine": "stock", "batch_events": 1}, 4_000),
}


class Speed(NamedTuple):
    """Events, seconds from the first that was acknowledged to the last of all that came of them; processor time."""

    events: int
    seconds: float
    events_a_second: float
    cpu_us_an_event: float


async def measure(at: Stage, run: str, way: Way, lines: Sequence[bytes]) -> Speed:
    """Work off events that are there when the worker starts.

    Errors: `RuntimeError` when the worker fails or a final value is wrong, TimeoutError.
    """
    deployment = Deployment(at, run, **way.settings)
    await deployment.begin()
    await deployment.send(lines)
    async with asyncio.timeout(LONGEST_SECONDS), deployment.looking() as look:
        with deployment.worker() as running:
            while not (already := (await look())[0]):
                running.check()
                await asyncio.sleep(LOOK_SECONDS)
            began, before = time.monotonic(), running.look().cpu
            while (await look())[1]:
                running.check()
                await asyncio.sleep(LOOK_SECONDS)
            seconds, cpu = time.monotonic() - began, running.look().cpu - before
    if await deployment.values() != rated(deployment.settings, lines):
        raise RuntimeError(f"{run}: a final value is not what `kxwatch rate` says")
    counted = len(lines) - already
    return Speed(len(lines), seconds, counted / seconds, cpu / counted * 1e6)
