"""Partitions that move to and fro under a steady stream of events."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from commands.commandline import held
from streams.stream import apply, until, working

from pipeline.connection import partition_of, producer, started
from pipeline.settings import Settings
from pipeline.topics.catalog import topic_name

A_SECOND = 500
TIMES = 5


@pytest.fixture(params=["exactly-once", "stock"])
def settings(make_settings: Callable[..., Settings], request: pytest.FixtureRequest) -> Settings:
    return make_settings(engine=request.param)


def event(number: int) -> bytes:
    told = {
        "event_id": f"e-{number}",
        "event_type": "segment.voided",
        "occurred_at": "2026-01-31T09:00:00-05:00",
        "patient_id": f"p-{number % 500}",
        "site_id": "s-1",
        "source": "emr-a",
        "segment_id": f"g-{number}",
        "revision": 1,
    }
    return json.dumps(told).encode()


async def send(settings: Settings, stop: asyncio.Event) -> int:
    """Send events at a steady rate; give how many."""
    topic, number = topic_name(settings, "emr-events"), 0
    async with started(settings, producer(settings)) as sender:
        while not stop.is_set():
            for _ in range(A_SECOND // 20):
                await sender.send(topic, event(number), partition=partition_of(f"p-{number % 500}", 12))
                number += 1
            await asyncio.wait([asyncio.ensure_future(stop.wait())], timeout=0.05)
    return number


@pytest.mark.chaos
def test_a_worker_that_stays_loses_nothing_while_others_come_and_go(settings: Settings, tmp_path: Path) -> None:
    """Faust's own recovery throws events away at some rebalances, and commits behind them."""
    apply(settings)

    def come_and_go() -> None:
        for time in range(TIMES):
            with working(settings, tmp_path / f"guest-{time}") as guest:
                until(guest.at_work)
                assert guest.stop() == 0

    async def stream() -> int:
        stop = asyncio.Event()
        sending = asyncio.ensure_future(send(settings, stop))
        try:
            await asyncio.to_thread(come_and_go)
        finally:
            stop.set()
        return await sending

    with working(settings, tmp_path / "host") as host:
        until(host.at_work)
        sent = asyncio.run(stream())
        wanted = {f"e-{number}" for number in range(sent)}
        until(lambda: {json.loads(value or b"")["event_id"] for _, value in held(settings, "session-events")} == wanted)
        assert host.stop() == 0
