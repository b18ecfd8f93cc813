"""An output that is slow is no reason to hold ever more: what is read waits for what is written."""

import asyncio
from contextlib import AsyncExitStack

from chaos.increments.kafka import Kafka
from engine.deployment import Deployment, done, until
from homes import MakeHome

from pipeline.engine.pace import Pace

RECORDS = 12_000
KEY_BYTES = 100
BOUND_BYTES, BOUND_RECORDS, POLL = 120_000, 500, 100
RECORD_BYTES = KEY_BYTES + 4 * KEY_BYTES + 1 + KEY_BYTES + 1
"""What a record counts for: its key, the table's key at its longest, the message's key, and counts of one digit."""
BYTES_A_SECOND = 150_000
PACE = Pace(commit_bytes=40_000, poll_records=POLL, request_seconds=60.0, session_seconds=10.0)


async def outstanding(kafka: Kafka, pace: Pace) -> list[int]:
    """Let a worker count words by a slow link; give how many records it held, number by number, at each look."""
    async with AsyncExitStack() as stack:
        deployment = Deployment(kafka.address, "slow.", stack)
        await deployment.connect()
        await deployment.make_all()
        await deployment.put(f"{word:0{KEY_BYTES}d}" for word in range(RECORDS))
        deployment.kafka = kafka.by_link
        seen: list[int] = []
        async with deployment.working(pace=pace) as app:
            kafka.link.slow(BYTES_A_SECOND)
            async with asyncio.timeout(60):
                # Long enough for all of it to be read, were it not held back.
                while len(seen) < 200 or max(seen) < 2 * POLL:
                    committed = app.engine.progress().committed
                    seen += [one.positions["words"] - committed["words", one.number] for one in app.engine.partitions()]
                    await asyncio.sleep(0.02)
                read = sum(number.positions["words"] for number in app.engine.partitions())
                assert read < RECORDS, "it was all read before it could be held back"
            kafka.link.slow(None)
            await until(lambda: done(app), 60)
        assert len(await deployment.held("slow.results")) == RECORDS
        assert set((await deployment.counts()).values()) == {1}
        assert len(await deployment.counts()) == RECORDS
        return seen


def test_bytes_that_wait_for_a_slow_output_are_bounded(make_home: MakeHome) -> None:
    kafka = Kafka(make_home())
    with kafka.up():
        seen = asyncio.run(outstanding(kafka, PACE._replace(owed_bytes=BOUND_BYTES)))
    # One reading is taken whole before it is held against the bound.
    assert BOUND_BYTES / 2 < max(seen) * RECORD_BYTES <= BOUND_BYTES + (POLL + 1) * RECORD_BYTES


def test_records_that_wait_for_a_slow_output_are_bounded(make_home: MakeHome) -> None:
    kafka = Kafka(make_home())
    with kafka.up():
        seen = asyncio.run(outstanding(kafka, PACE._replace(owed_records=BOUND_RECORDS // 2)))
    assert BOUND_RECORDS / 4 < max(seen) <= BOUND_RECORDS / 2 + POLL
