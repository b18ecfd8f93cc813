"""`kxwatch worker` as a process of its own, on a real Kafka."""

import base64
import json
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from commands.commandline import held
from homes import free_port
from streams.stream import apply, compacted, publish, rated, simulated, until, working

from pipeline.broker import EmbeddedBroker
from pipeline.events.rejected import Reason
from pipeline.settings import Settings

GOOD = simulated(40)[:200]
_ONE = json.loads(next(line for line in simulated(40) if b'"segment.recorded"' in line))


@pytest.fixture(params=["exactly-once", "stock"])
def engine(request: pytest.FixtureRequest) -> str:
    engine: str = request.param
    return engine


def _but(**changes: object) -> bytes:
    return json.dumps(_ONE | {"event_id": "broken"} | changes).encode()


BROKEN: dict[Reason, bytes] = {
    "not_json": b'{"event_id": ',
    "not_utf8": b'{"event_id": "\xff"}',
    "too_large": b" " * 300_000,
    "too_deep": b"[" * 50_000,
    "unknown_event_type": _but(event_type="segment.dreamt"),
    "missing_field": json.dumps({"event_type": "segment.voided"}).encode(),
    "wrong_field": _but(discipline="CHIRO"),
    "no_offset": _but(started_at="2026-01-31T09:00:00"),
    "out_of_range": _but(paused_seconds=-1),
    "stop_before_start": _but(started_at="2026-01-31T10:00:00Z", stopped_at="2026-01-31T09:00:00Z"),
}


def done(settings: Settings, lines: list[bytes]) -> Callable[[], bool]:
    """Give whether the compacted topics have come to what the rater says."""
    wanted = rated(settings, lines)
    return lambda: compacted(settings) == wanted


def test_ten_kinds_of_broken_input_amid_good_ones_cost_ten_dead_letters_and_no_good_event(
    make_settings: Callable[..., Settings], tmp_path: Path, engine: str
) -> None:
    settings = make_settings(engine=engine)
    apply(settings)
    every = len(GOOD) // len(BROKEN)
    lines = list(GOOD)
    for place, value in enumerate(BROKEN.values()):
        lines.insert(place * (every + 1), value)
    publish(settings, lines)
    with working(settings, tmp_path / "log") as worker:
        until(lambda: len(held(settings, "session-events")) == len(GOOD))
        until(lambda: len(held(settings, "rejected-events")) == len(BROKEN))
        until(done(settings, GOOD))
        assert worker.stop() == 0
    letters = [json.loads(value or b"") for _, value in held(settings, "rejected-events")]
    assert {one["reason"]: base64.b64decode(one["value_base64"]) for one in letters} == BROKEN
    events = {json.loads(value or b"")["event_id"] for _, value in held(settings, "session-events")}
    assert events == {json.loads(line)["event_id"] for line in GOOD}
    assert not [line for line in worker.said() if "patient" in json.dumps(line)]


def test_a_worker_that_is_killed_at_work_is_made_good_by_the_next(
    make_settings: Callable[..., Settings], tmp_path: Path, engine: str
) -> None:
    settings = make_settings(batch_events=20, engine=engine)
    apply(settings)
    lines = simulated(60)
    publish(settings, lines)
    with working(settings, tmp_path / "log") as worker:
        until(lambda: len(held(settings, "billable-days")) > 20)
        worker.kill()
    with working(settings, tmp_path / "next") as worker:
        until(worker.at_work)
        until(done(settings, lines))
        assert worker.stop() == 0


def test_workers_that_come_and_go_lose_nothing_and_need_no_restart(
    make_settings: Callable[..., Settings], tmp_path: Path
) -> None:
    settings = make_settings(batch_events=20)
    apply(settings)
    lines = simulated(60)
    publish(settings, lines)
    with working(settings, tmp_path / "first") as first:
        until(lambda: len(held(settings, "billable-days")) > 5)
        with working(settings, tmp_path / "second") as second:
            until(second.at_work)
            assert second.stop() == 0
        until(done(settings, lines))
        assert first.stop() == 0


def test_an_outage_shorter_than_a_delivery_may_take_is_waited_for_and_a_longer_one_ends_the_worker(
    make_home: Callable[[], Path], tmp_path: Path
) -> None:
    home, port = make_home(), free_port()
    # Work is committed seconds after it is done, so that there is some when the broker goes.
    settings = Settings(
        home=home, brokers=f"127.0.0.1:{port}", data_dir=tmp_path / "data", metrics_port=0, batch_seconds=3.0
    )
    lines = simulated(20)
    with EmbeddedBroker(Settings(home=home, broker_port=port)) as broker:
        apply(settings)
        publish(settings, lines[:50])
        with working(settings, tmp_path / "log", patience=(6.0, 6.0)) as worker:
            until(done(settings, lines[:50]))
            broker.stop()
            broker.start()
            publish(settings, lines[50:])
            until(done(settings, lines))
            assert worker.process.poll() is None
            publish(settings, simulated(200))
            broker.stop()
            assert worker.process.wait(40) == 1
    assert "cannot go on" in str(worker.said()[-1]["event"])


def test_a_worker_without_its_topics_says_what_to_do(settings: Settings, tmp_path: Path) -> None:
    with working(
        settings, tmp_path / "log", code="from pipeline.cli import main; import sys; sys.argv[1:] = ['worker']; main()"
    ) as worker:
        assert worker.process.wait(20) == 2
    assert "kxwatch topics apply" in (tmp_path / "log").read_text()


def test_metrics_are_answered_and_name_no_patient(make_settings: Callable[..., Settings], tmp_path: Path) -> None:
    settings = make_settings(metrics_port=free_port())
    apply(settings)
    publish(settings, GOOD)

    def told() -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{settings.metrics_port}/metrics") as answer:
            return str(answer.read().decode())

    def lag() -> float:
        return sum(float(line.split()[-1]) for line in told().splitlines() if line.startswith("kxwatch_lag{"))

    with working(settings, tmp_path / "log") as worker:
        until(done(settings, GOOD))
        until(lambda: "kxwatch_lag{" in told() and lag() == 0)
        text = told()
        assert worker.stop() == 0
    accepted = sum(float(line.split()[-1]) for line in text.splitlines() if 'result="accepted"' in line)
    assert accepted == len(GOOD)
    assert not any(json.loads(line)["patient_id"] in text for line in GOOD)


@pytest.mark.parametrize(
    ("listing", "names"), [("agents", ["@intake", "@days", "@totals"]), ("tables", ["segments", "years"])]
)
def test_fausts_own_command_lists_the_app(listing: str, names: list[str]) -> None:
    command = [str(Path(sys.executable).with_name("faust")), "-A", "pipeline.streams.main", listing]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert all(name in said for name in names)
