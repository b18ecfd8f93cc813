"""Workers whose tables are in RocksDB, on a real Kafka: killed, started again, switched to and fro."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from end_to_end.conftest import deploy
from end_to_end.deployment import SHORT, Deployment, past, unlike, until
from end_to_end.events import simulated

from pipeline.errors import Refused
from pipeline.settings import Settings
from pipeline.streams.stages import create_app
from pipeline.topics.catalog import declared

__all__ = ["deploy"]
EVENTS = simulated(sites=8, patients=200, days=8)
CHANGELOGS = tuple(title for title in declared() if title.endswith("-changelog"))
PARTITIONS = 12


def loads(deployment: Deployment) -> list[int]:
    """Give how many records of changelogs were loaded, by partitions that were opened together."""
    lines = [json.loads(line) for line in deployment.log.read_text().splitlines() if line.startswith("{")]
    return [line["loaded"] for line in lines if line["event"] == "partitions opened"]


def test_a_killed_workers_next_loads_only_the_tail_of_what_it_had_and_comes_to_the_same_values(
    deploy: Callable[..., Deployment],
) -> None:
    deployment = deploy(state="rocksdb", batch_events=100)
    most = 9 * len(EVENTS) // 10
    deployment.publish(EVENTS[:most])
    with deployment.working(SHORT) as worker:
        until(past(deployment, most // 2))
        assert worker.kill() == -9
    deployment.publish(EVENTS[most:])
    written, before = len(deployment.held(*CHANGELOGS)), len(loads(deployment))
    with deployment.working(SHORT) as worker:
        until(deployment.finished)
        assert worker.stop() == 0
    loaded = sum(loads(deployment)[before:])
    # What the kill came between at most, and for each number the record that its changelog is known by.
    assert 0 < loaded < written / 4
    # After a stop there is nothing to load but that record and a transaction's mark a table.
    before = len(loads(deployment))
    with deployment.working(SHORT) as worker:
        until(lambda: len(loads(deployment)) > before)
        assert worker.stop() == 0
    assert sum(loads(deployment)[before:]) <= PARTITIONS * (len(CHANGELOGS) + 1)
    assert "thrown away" not in deployment.log.read_text()
    assert unlike(deployment.values(), deployment.rated(EVENTS)) == []


@pytest.mark.chaos
def test_tables_may_be_in_memory_and_in_rocksdb_by_turns_and_two_workers_share_a_folder(
    deploy: Callable[..., Deployment],
) -> None:
    deployment = deploy(batch_events=100)
    turns = ("memory", "rocksdb", "memory", "rocksdb")
    for turn, state in enumerate(turns):
        deployment.publish(EVENTS[turn :: len(turns)])
        with deployment.working(SHORT, state=state) as first, deployment.working(SHORT, state=state) as second:
            until(lambda: deployment.workers() == 2)
            until(deployment.finished)
            assert (first.stop(), second.stop()) == (0, 0)
    assert "thrown away" not in deployment.log.read_text()
    assert unlike(deployment.values(), deployment.rated(EVENTS)) == []


def test_without_the_extra_the_setting_is_refused_in_words_that_say_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for module in ("depot", "rocks"):
        monkeypatch.delitem(sys.modules, f"pipeline.engine.{module}", raising=False)
    monkeypatch.setitem(sys.modules, "rocksdict", None)
    with pytest.raises(Refused, match=r"needs rocksdict: pip install 'kxwatch\[rocksdb\]'"):
        create_app(Settings(state="rocksdb", data_dir=tmp_path))


def test_stock_faust_keeps_its_tables_in_memory() -> None:
    with pytest.raises(Refused, match="KXWATCH_STATE=rocksdb needs KXWATCH_ENGINE=exactly-once"):
        Settings.load({"KXWATCH_STATE": "rocksdb", "KXWATCH_ENGINE": "stock"})
