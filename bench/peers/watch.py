"""When a peer has begun, and when it has finished, by what anyone can see on the broker."""

import asyncio
import time
from typing import NamedTuple

from bench.peers.job import Job
from bench.peers.running import Running
from bench.peers.topics import Kafka

LOOK_SECONDS = 0.1


class Seen(NamedTuple):
    """A stretch of work: seconds since 1970 at its end, and the processor seconds taken at moments on the way."""

    end: float
    taken: list[tuple[float, float]]

    def cpu(self, at: float) -> float:
        """Give the processor seconds taken by a moment, in a straight line between the looks before and after it."""
        before, after = self.taken[0], self.taken[-1]
        for look in self.taken:
            if look[0] <= at:
                before = look
            else:
                after = look
                break
        if after[0] <= before[0]:
            return before[1]
        part = min(max((at - before[0]) / (after[0] - before[0]), 0.0), 1.0)
        return before[1] + part * (after[1] - before[1])


async def finished(
    kafka: Kafka, job: Job, running: Running, outputs: int, *, already: int = 0, patience: float = 300.0
) -> Seen:
    """Wait until every input is committed and every output can be read.

    `outputs` is how many there must be in all; the output topic was written as far as `already` before.

    Errors: `TimeoutError` after `patience` seconds without an end, `RuntimeError` when the process has failed.
    """
    taken = []
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        written = await kafka.written(job.output, job.partitions)
        taken.append((time.time(), running.look().cpu))
        # The marks of transactions count in an offset: enough is at least, and what is committed tells the rest.
        if (
            written > already
            and written >= outputs
            and await kafka.committed(job.group, job.input) >= job.events
            and await kafka.visible(job.output, job.partitions) >= written
        ):
            return Seen(time.time(), taken)
        await asyncio.sleep(LOOK_SECONDS)
    committed = await kafka.committed(job.group, job.input)
    raise TimeoutError(
        f"{job.group}: {committed} of {job.events} events committed, {written} outputs written\n{running.said()}"
    )
