"""Batches of a test's own bodies, in this process, on a real Kafka: the engine, and stock Faust."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import faust
import pytest
from commands.commandline import held, put
from streams.stream import apply

from pipeline.connection import producer, started
from pipeline.engine.record import Message, Output, Record, Tables
from pipeline.engine.stock.runner import Outcome
from pipeline.settings import Settings
from pipeline.streams.app import Patience, Stage, build
from pipeline.topics.catalog import topic_name


@pytest.fixture(params=["exactly-once", "stock"])
def settings(make_settings: Callable[..., Settings], request: pytest.FixtureRequest) -> Settings:
    return make_settings(engine=request.param)


def collect(tables: Tables, records: Sequence[Record]) -> Output:
    """Keep each record's value under its key, None for one without; fail at what says so."""
    for record in records:
        key = (record.key or b"-").decode()
        if record.value is None:
            tables["segments"].pop(key, None)
        else:
            tables["segments"][key] = record.value
        if record.value == b"poison":
            raise ValueError("never told")
    return Output([Message("care-alerts", r.key, r.value, r.partition, dict(r.headers)) for r in records], Counter())


@asynccontextmanager
async def running(settings: Settings, observe: Callable[[Outcome], None]) -> AsyncIterator[faust.App]:
    stage = Stage("one", "A stage.", ("session-events",), ("segments",), collect)
    app = build(settings, [stage], now=lambda: "2026-01-31T09:00:00Z", observe=observe, patience=Patience(4, 6))
    await app.start()
    try:
        yield app
    finally:
        await app.stop()


async def process(settings: Settings, count: int) -> tuple[list[Outcome], dict[int, dict[str, bytes]]]:
    """Run the loop until so many records are done; give what it told and what its table holds by partition."""
    outcomes: list[Outcome] = []
    done = asyncio.Event()

    def observe(outcome: Outcome) -> None:
        outcomes.append(outcome)
        if sum(len(one.records) for one in outcomes) >= count:
            done.set()

    async with asyncio.timeout(30), running(settings, observe) as app:
        await done.wait()
        return outcomes, {number: dict(entries) for number, entries in app.entries("segments").items()}


def test_records_come_with_their_bytes_keys_and_tombstones_and_the_state_survives(settings: Settings) -> None:
    apply(settings)
    sent = [("a", b"\xff\x00", 0), (None, b"1", 1), ("b", b"2", 2), ("b", None, 2)]
    put(settings, "session-events", sent)
    outcomes, _ = asyncio.run(process(settings, len(sent)))
    records = [record for outcome in outcomes for record in outcome.records]
    assert {(r.partition, r.key, r.value) for r in records} == {
        (0, b"a", b"\xff\x00"),
        (1, None, b"1"),
        (2, b"b", b"2"),
        (2, b"b", None),
    }
    assert {record.topic for record in records} == {"session-events"}
    # Another app of the same name begins where this one ended, with what it wrote.
    put(settings, "session-events", [("c", b"3", 0)])
    outcomes, tables = asyncio.run(process(settings, 1))
    assert [record.key for outcome in outcomes for record in outcome.records] == [b"c"]
    assert {number: entries for number, entries in tables.items() if entries} == {
        0: {"a": b"\xff\x00", "c": b"3"},
        1: {"-": b"1"},
    }


def test_a_body_that_raises_costs_one_dead_letter_and_no_other_record(settings: Settings) -> None:
    apply(settings)
    values = [b"1", b"2", b"poison", b"3", b"4"]
    put(settings, "session-events", [(f"k{place}", value, 4) for place, value in enumerate(values)])
    asyncio.run(process(settings, len(values)))
    assert [value for _, value in held(settings, "care-alerts")] == [b"1", b"2", b"3", b"4"]
    ((key, letter),) = held(settings, "rejected-events")
    told = json.loads(letter or b"")
    assert (key, told["reason"], told["detail"], told["offset"]) == (b"k2", "not_processed", "ValueError", 2)
    assert b"never told" not in (letter or b"")


def test_what_is_no_messages_fault_ends_the_app(settings: Settings) -> None:
    apply(settings)
    put(settings, "session-events", [("a", b"1", 0)])

    async def crash() -> BaseException | None:
        def full(tables: Tables, records: Sequence[Record]) -> Output:
            del tables, records
            raise MemoryError

        stage = Stage("one", "A stage.", ("session-events",), (), full)
        app = build(settings, [stage], now=lambda: "")
        start = asyncio.ensure_future(app.start())
        async with asyncio.timeout(20):
            await app.wait_until_stopped()
        start.cancel()
        await app.stop()
        reason: BaseException | None = app.crash_reason
        return reason

    assert type(asyncio.run(crash())) is MemoryError


@pytest.mark.parametrize("codec", ["gzip", "lz4", "snappy", "zstd"])
def test_what_a_sender_has_compressed_is_read(make_settings: Callable[..., Settings], codec: str) -> None:
    settings = make_settings()
    apply(settings)

    async def send() -> None:
        async with started(settings, producer(settings, compression_type=codec, linger_ms=50)) as sender:
            topic = topic_name(settings, "session-events")
            await asyncio.gather(*[await sender.send(topic, b"x" * 500, b"a", partition=3) for _ in range(20)])

    asyncio.run(send())
    outcomes, _ = asyncio.run(process(settings, 20))
    assert [record.value for outcome in outcomes for record in outcome.records] == [b"x" * 500] * 20
