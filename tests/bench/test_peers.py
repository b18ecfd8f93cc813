import sys
import uuid
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest

from bench.machine import machine
from bench.peers import environment, java, report
from bench.peers.events import events
from bench.peers.field import FIELD
from bench.peers.job import Job
from bench.peers.latency import ECHO
from bench.peers.measure import Figures, measure
from bench.peers.pace import Load
from bench.peers.peer import Peer
from bench.peers.running import Running
from bench.peers.topics import OUTPUT, Input, Kafka

FLOOR, ENGINE = (next(peer for peer in FIELD if peer.name == name) for name in ("floor", "engine"))
EVENTS = 300

Measure = Callable[[Peer], "Figures"]


@pytest.fixture
def measured(kafka: str, tmp_path: Path) -> Measure:
    """Measure a peer on a few events in four partitions."""

    async def one(peer: Peer) -> Figures:
        run = f"bench-{uuid.uuid4().hex[:8]}"
        async with Kafka(kafka) as client:
            source = Input(f"{run}-input", 4, 20)
            await source.make(client, EVENTS)
            return await measure(client, peer, source, run, tmp_path)

    return one


def test_an_event_has_350_bytes_and_the_same_seed_gives_the_same_ones() -> None:
    made = list(islice(events(1_000), 100))

    assert made == list(islice(events(1_000), 100))
    assert {len(event.value) // 50 for event in made} == {7}


async def test_the_floor_reads_every_event_and_is_accounted_for(measured: Measure) -> None:
    found = await measured(FLOOR)

    assert found.events == EVENTS
    assert found.events_a_second > 0
    assert found.cpu_seconds > 0
    assert found.peak_bytes > 10_000_000
    assert found.ready_seconds is None


async def test_the_engine_counts_right_and_finds_its_table_again(measured: Measure) -> None:
    found = await measured(ENGINE)

    assert found.events_a_second > 0
    assert found.doubled == 0
    assert found.recovery_records
    assert found.ready_seconds


async def test_a_peer_with_a_wrong_total_gives_no_figures(measured: Measure) -> None:
    program = Path(__file__).with_name("off_by_one.py")
    wrong = Peer(name="wrong", about="", command=lambda job: [sys.executable, str(program), job.text()], versions=dict)

    with pytest.raises(RuntimeError, match="is wrong: k-000000"):
        await measured(wrong)


async def test_a_peer_that_ends_gives_the_last_it_said(measured: Measure) -> None:
    program = "raise SystemExit('no such store')"
    broken = Peer(name="broken", about="", command=lambda _: [sys.executable, "-c", program], versions=dict)

    with pytest.raises(RuntimeError, match="no such store"):
        await measured(broken)


async def test_an_echo_keeps_up_with_a_paced_load(kafka: str, tmp_path: Path) -> None:
    run = f"echo-{uuid.uuid4().hex[:8]}"
    job = Job(
        brokers=kafka, input=f"{run}-in", output=f"{run}-out", group=run, state=str(tmp_path), partitions=4, events=0
    )
    async with Kafka(kafka) as client:
        await client.make(job.input, 4)
        await client.make(job.output, 4, OUTPUT)

    with Running(ECHO.command(job), tmp_path / "echo.log") as running:
        async with Load(job, 100, running.check) as load:
            assert await load.first()
            found = await load.measure(200, 1.5)

    assert found.kept_up
    assert found.events == pytest.approx(300, rel=0.1)
    assert 0 < found.p50_ms <= found.p99_ms <= found.max_ms


def test_who_was_not_measured_is_named_with_the_reason() -> None:
    rows = [report.unavailable(peer, "left out of this run") for peer in FIELD]

    table = report.markdown(machine(), rows, "4 partitions")

    assert all(f"`{peer.name}` was not measured: left out of this run" in table for peer in FIELD)


def test_kafka_streams_and_its_compiler_are_locked_once_each() -> None:
    names = [f"{jar.group}:{jar.artifact}" for jar in java.locked()]

    assert {"org.apache.kafka:kafka-streams", "org.rocksdb:rocksdbjni", "org.eclipse.jdt:ecj"} <= set(names)
    assert len(names) == len(set(names))


def test_quix_streams_is_in_a_lock_of_its_own_and_in_no_other() -> None:
    root = Path(__file__).parents[2]

    assert environment.versions()["quixstreams"]
    assert "quixstreams" not in (root / "requirements.lock").read_text("ascii")
    assert "quixstreams" not in (root / "pyproject.toml").read_text("utf-8")
