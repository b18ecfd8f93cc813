"""When a peer has begun, and when it has finished, by what anyone can see on the broker."""

import asyncio
import time
from typing import NamedTuple

from bench.peers.job import Job
from bench.peers.running import Running
from bench.peers.topics import Kafka

LOOK_SECONDS = 0.1


class Seen(NamedTuple):
    """A stretch of work: seconds since 1970 at its first output and its end, processor seconds at both."""

    first: float
    end: float
    cpu_first: float
    cpu_end: float


async def finished(
    kafka: Kafka, job: Job, running: Running, outputs: int, *, already: int = 0, patience: float = 300.0
) -> Seen:
    """Wait until every input is committed and every output can be read.

    `outputs` is how many there must be in all; the output topic was written as far as `already` before.

    Errors: `TimeoutError` after `patience` seconds without an end, `RuntimeError` when the process has failed.
    """
    first: tuple[float, float] | None = None
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        written = await kafka.written(job.output, job.partitions)
        account = running.look()
        if first is None and written > already:
            first = time.time(), account.cpu
        # The marks of transactions count in an offset: enough is at least, and what is committed tells the rest.
        if (
            first
            and written >= outputs
            and await kafka.committed(job.group, job.input) >= job.events
            and await kafka.visible(job.output, job.partitions) >= written
        ):
            return Seen(first[0], time.time(), first[1], account.cpu)
        await asyncio.sleep(LOOK_SECONDS)
    committed = await kafka.committed(job.group, job.input)
    raise TimeoutError(f"{job.group}: {committed} of {job.events} events committed, {written} outputs written")
