"""One peer, once: the job from its start to its end, its outputs checked, then its table lost and loaded again."""

import asyncio
import shutil
from pathlib import Path
from typing import NamedTuple

import msgspec

from bench.peers import check, watch
from bench.peers.job import Job
from bench.peers.peer import Peer
from bench.peers.running import Running
from bench.peers.topics import CHANGELOG, OUTPUT, Input, Kafka

SHORTEST_WORK = 1.0
"""Seconds of work below which a look each 100 ms does not tell what it took."""
SHORTEST_RECOVERY = 1.5
"""Seconds of loading below which a rate would be one of chance: joining a group takes as much, or as little."""


class Figures(NamedTuple):
    """What one run gave.

    `seconds` are from the first to the last append of an output by the broker's clock, `seconds_visible` from the
    first append to the moment when all outputs could be read and all inputs were committed, `start_seconds` from the
    start of the process to the first append. `steady_events_a_second` leaves out the first tenth of the outputs: a
    start, and a first batch that came all at once. `cpu_seconds` are the whole process's from its start to the last
    append, `cpu_us_an_event` those from the first append on; none where that was too short to tell. `ready_seconds` are
    from a start without state to the last output of an event in each partition, `recovery_seconds` the same less
    `start_seconds`; none without a table, and the rate none where they are too few to tell. `recovery_records` is how
    far the changelog is written, with the marks of transactions. `doubled` are the events that were counted twice over
    the restart.
    """

    events: int
    seconds: float
    seconds_visible: float
    start_seconds: float
    events_a_second: float
    steady_events_a_second: float | None
    cpu_seconds: float
    cpu_us_an_event: float | None
    peak_bytes: int
    ready_seconds: float | None
    recovery_seconds: float | None
    recovery_records: int | None
    recovery_records_a_second: float | None
    doubled: int


async def measure(kafka: Kafka, peer: Peer, source: Input, run: str, folder: Path) -> Figures:
    """Run a peer on all that the input holds.

    Errors: `RuntimeError` when its process fails or an output is wrong, `TimeoutError` when it does not end.
    """
    events = source.expected.events
    job = Job(
        brokers=kafka.brokers,
        input=source.name,
        output=f"{run}-output",
        group=run,
        state=str(folder / run / "state"),
        partitions=source.partitions,
        events=events,
    )
    job.folder().mkdir(parents=True)
    made = {job.output: OUTPUT}
    if changelog := peer.changelog(job):
        made[changelog] = CHANGELOG
    for name, configuration in made.items():
        await kafka.make(name, source.partitions, configuration)
    log = folder / f"{run}.log"
    with Running(peer.command(job), log) as running:
        seen = await watch.finished(kafka, job, running, events if peer.outputs == "each" else 2)
    found = await check.found(kafka.brokers, job, peer, source.expected)
    _right(run, found)
    cpu = seen.cpu(found.last) - seen.cpu(found.first)
    start, seconds = found.first - running.began, found.last - found.first
    ready, records, doubled = await _recovery(kafka, peer, source, job, log)
    loading = None if ready is None else max(ready - start, 0.0)
    shutil.rmtree(folder / run)
    await kafka.drop(made)
    return Figures(
        events=events,
        seconds=seconds,
        seconds_visible=seen.end - found.first,
        start_seconds=start,
        events_a_second=events / seconds,
        steady_events_a_second=found.steady() if peer.outputs == "each" else None,
        cpu_seconds=seen.cpu(found.last),
        cpu_us_an_event=cpu / events * 1e6 if seconds > SHORTEST_WORK else None,
        peak_bytes=running.peak,
        ready_seconds=ready,
        recovery_seconds=loading,
        recovery_records=records,
        recovery_records_a_second=records / loading if records and loading and loading > SHORTEST_RECOVERY else None,
        doubled=doubled,
    )


async def _recovery(
    kafka: Kafka, peer: Peer, source: Input, job: Job, log: Path
) -> tuple[float | None, int | None, int]:
    """Lose the state and start again; give the seconds to the last new output, what the changelog held, and doubles."""
    if (changelog := peer.changelog(job)) is None:
        return None, None, 0
    shutil.rmtree(job.folder())
    job.folder().mkdir()
    records = await kafka.written(changelog, job.partitions)
    already = await kafka.written(job.output, job.partitions)
    again = msgspec.structs.replace(job, events=job.events + await source.extend(kafka))
    with Running(peer.command(again), log) as running:
        await watch.finished(kafka, again, running, source.expected.events, already=already)
    found = await check.found(kafka.brokers, again, peer, source.expected, restarted=True)
    _right(f"{job.group}, after its table was lost", found)
    return found.last - running.began, records, found.doubled


def _right(run: str, found: check.Found) -> None:
    if found.wrong:
        raise RuntimeError(f"{run} is wrong: {'; '.join(found.wrong)}")


def run(kafka: str, peer: Peer, source: Input, name: str, folder: Path) -> Figures:
    """Run `measure` with a client of its own."""

    async def alone() -> Figures:
        async with Kafka(kafka) as client:
            return await measure(client, peer, source, name, folder)

    return asyncio.run(alone())
