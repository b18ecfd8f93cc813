"""How long an event takes from emr-events to what billers read, under a steady load."""

import asyncio
import time
from collections.abc import Mapping, Sequence

from aiokafka import TopicPartition

from bench.full.deployment import Deployment, key_of
from bench.peers.stage import Stage
from pipeline.connection import consumer, producer, started
from pipeline.topics.admin import partition_counts
from pipeline.topics.catalog import topic_name

OUTPUTS = ("session-events", "threshold-totals", "threshold-alerts")
SETTLED = 0.2
"""The first part of the run that does not count: caches fill, the broker's compiler warms up."""
QUIET_SECONDS = 2.0


async def measure(at: Stage, run: str, rate: int, lines: Sequence[bytes]) -> dict[str, dict[str, float]]:
    """Send events at a rate; give, by topic, how many came and the percentiles of their milliseconds.

    Measured from the append of the event to emr-events to the moment at which a reader of what is committed has what
    came of it, by the clock of one machine.

    Errors: `RuntimeError` when the worker fails.
    """
    deployment = Deployment(at, run)
    await deployment.begin()
    found: dict[str, list[float]] = {title: [] for title in OUTPUTS}
    with deployment.worker() as running:
        async with deployment.looking() as look:
            await deployment.send(lines[:1])
            while (await look())[0] < 1:
                running.check()
                await asyncio.sleep(0.1)
        watching = asyncio.create_task(_watch(deployment, found))
        await _pace(deployment, rate, lines[1:])
        await asyncio.sleep(QUIET_SECONDS)
        running.check()
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    return {title: _percentiles(times[int(len(times) * SETTLED) :]) for title, times in found.items()}


async def _pace(deployment: Deployment, rate: int, lines: Sequence[bytes]) -> None:
    topic = topic_name(deployment.settings, "emr-events")
    async with started(deployment.settings, producer(deployment.settings, linger_ms=1)) as sender:
        began = time.monotonic()
        for number, line in enumerate(lines):
            if (ahead := number / rate - (time.monotonic() - began)) > 0.002:
                await asyncio.sleep(ahead)
            await sender.send(topic, line, key=key_of(line))
        await sender.flush()


async def _watch(deployment: Deployment, found: Mapping[str, list[float]]) -> None:
    settings = deployment.settings
    names = {topic_name(settings, title): title for title in OUTPUTS}
    counts = await partition_counts(settings, list(names))
    places = [TopicPartition(name, number) for name in names for number in range(counts[name])]
    async with started(settings, consumer(settings, fetch_max_wait_ms=10)) as reader:
        reader.assign(places)
        while True:
            for place, records in (await reader.getmany(timeout_ms=50)).items():
                now = time.time() * 1000
                for record in records:
                    if appended := dict(record.headers).get("appended"):
                        found[names[place.topic]].append(now - int(appended))


def _percentiles(times: list[float]) -> dict[str, float]:
    ordered = sorted(times)
    at = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
    return {"messages": len(ordered)} | {
        name: ordered[int(len(ordered) * part)] for name, part in at.items() if ordered
    }
