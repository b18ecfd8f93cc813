"""What /readyz, /livez and /metrics tell of real workers: at work, loading, without Kafka, and standing still."""

import json
import re
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from commands.commandline import held
from homes import free_port
from streams.stream import apply, publish, simulated, until, working

from pipeline.broker import EmbeddedBroker
from pipeline.settings import Settings

GOOD = simulated(40)[:200]
RUN = """
from pipeline.commands.worker import run
from pipeline.settings import Settings
from pipeline.streams.app import Patience
run(Settings.load(), Patience(60.0, 4.0))
"""
SLOW_TO_LOAD = """
import time
from pipeline.engine import openings
from pipeline.engine.changelog import Tail
take = Tail.take
def slow(self, table, records):
    time.sleep(0.05)
    take(self, table, records)
openings.FETCH_BYTES, Tail.take = 1, slow
"""
READS_NOTHING = """
import asyncio
from pipeline.engine.source import Source
from pipeline.ops import health
async def poll(self):
    await asyncio.sleep(0.1)
    for nothing in ():
        yield nothing
Source.poll = poll
health.STALL_SECONDS, health.LONG_SECONDS = 1.0, 5.0
"""


class Answer(NamedTuple):
    """What a page answered; status 0 where nobody did."""

    status: int
    body: dict[str, Any]

    @property
    def why(self) -> str:
        return "; ".join(self.body.get("why", ()))


def asked(settings: Settings, page: str) -> Answer:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{settings.metrics_port}/{page}", timeout=5) as answer:
            return Answer(answer.status, json.loads(answer.read()))
    except urllib.error.HTTPError as error:
        return Answer(error.code, json.loads(error.read()))
    except OSError:
        return Answer(0, {})


def metrics(settings: Settings) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{settings.metrics_port}/metrics", timeout=5) as answer:
        return str(answer.read().decode())


def ready(settings: Settings) -> Callable[[], bool]:
    return lambda: asked(settings, "readyz").status == 200


@pytest.fixture(params=["exactly-once", "stock"])
def engine(request: pytest.FixtureRequest) -> str:
    engine: str = request.param
    return engine


def test_a_worker_is_ready_once_all_its_partitions_are_open_and_tells_where_it_stands(
    make_settings: Callable[..., Settings], tmp_path: Path, engine: str
) -> None:
    settings = make_settings(metrics_port=free_port(), engine=engine)
    apply(settings)
    publish(settings, GOOD)

    def at_the_end() -> bool:
        answer = asked(settings, "readyz")
        return answer.status == 200 and answer.body["lag"] == 0 and committed() == len(GOOD)

    def committed() -> float:
        lines = [line for line in metrics(settings).splitlines() if line.startswith("kxwatch_committed_offset{")]
        return sum(float(line.split()[-1]) for line in lines if 'topic="emr-events"' in line)

    with working(settings, tmp_path / "log") as worker:
        until(lambda: asked(settings, "readyz").status == 503)
        until(at_the_end)
        assert asked(settings, "readyz").body["partitions"] == {"open": 12, "opening": 0, "waiting": 0}
        assert asked(settings, "livez") == (200, {"alive": True, "why": []})
        commits = float(re.findall(r"^kxwatch_commits_total (\S+)", metrics(settings), re.MULTILINE)[0])
        assert (commits > 0) == (engine == "exactly-once")
        assert worker.stop() == 0


def test_a_worker_that_loads_is_not_ready_and_says_how_far_it_is(
    make_settings: Callable[..., Settings], tmp_path: Path
) -> None:
    settings = make_settings(metrics_port=free_port(), batch_events=20)
    apply(settings)
    publish(settings, GOOD)
    with working(settings, tmp_path / "log") as worker:
        until(lambda: len(held(settings, "session-events")) == len(GOOD))
        until(lambda: ready(settings)() and asked(settings, "readyz").body["lag"] == 0)
        assert worker.stop() == 0
    with working(settings, tmp_path / "log", code=SLOW_TO_LOAD + RUN):
        told = re.compile(r"loading: [\d,]+ of [\d,]+ records, about \d+ s left")
        until(lambda: bool(told.search(asked(settings, "readyz").why)))
        assert asked(settings, "readyz").status == 503
        assert asked(settings, "livez").status == 200
        assert re.search(r"^kxwatch_loading_records [1-9]", metrics(settings), re.MULTILINE)
        until(ready(settings), 60)
        assert asked(settings, "readyz").body["loading"] is None


def test_a_worker_that_a_kafka_holds_up_is_not_ready_and_alive_until_it_can_go_on(
    make_home: Callable[[], Path], tmp_path: Path
) -> None:
    home, port = make_home(), free_port()
    settings = Settings(
        home=home,
        brokers=f"127.0.0.1:{port}",
        data_dir=tmp_path / "data",
        metrics_port=free_port(),
    )
    with EmbeddedBroker(Settings(home=home, broker_port=port)) as broker:
        apply(settings)
        with working(settings, tmp_path / "log", patience=(20.0, 30.0)):
            until(ready(settings))
            broker.stop()
            until(lambda: "Kafka has not answered for" in asked(settings, "readyz").why)
            assert asked(settings, "readyz").status == 503
            assert asked(settings, "livez").status == 200
            broker.start()
            until(ready(settings), 60)


def test_a_worker_that_does_nothing_while_events_wait_is_not_ready_and_after_long_not_alive(
    make_settings: Callable[..., Settings], tmp_path: Path
) -> None:
    settings = make_settings(metrics_port=free_port())
    apply(settings)
    with working(settings, tmp_path / "log", code=READS_NOTHING + RUN):
        until(ready(settings))
        publish(settings, GOOD)
        until(lambda: "stalled: 200 records wait" in asked(settings, "readyz").why)
        assert asked(settings, "livez").status == 200
        until(lambda: asked(settings, "livez").status == 503)
        assert "nothing was committed" in asked(settings, "livez").why
