"""The oldest release that is promised: it is what it says, and lives as the newest does."""

from pathlib import Path

import pytest
from homes import free_port, new_home

from pipeline.broker import EmbeddedBroker
from pipeline.broker.handshake import cluster_at
from pipeline.broker.home import Home
from pipeline.broker.release import OLDEST
from pipeline.settings import Settings


@pytest.mark.usefixtures("old_kafka")
def test_the_oldest_kafka_of_the_tests_is_of_the_oldest_release(old_kafka_home: Path) -> None:
    serving = Home(old_kafka_home).serving()
    assert serving is not None
    process = serving.process()
    assert process is not None

    line = " ".join(process.cmdline())

    assert OLDEST.version.startswith("3.7.")
    assert f"/kafka_2.13-{OLDEST.version}.jar" in line
    assert "4.2" not in line


def test_a_home_of_the_oldest_release_is_used_again_on_other_ports(tmp_path: Path) -> None:
    home = new_home(tmp_path / "home")
    clusters = []
    for _ in range(2):
        with EmbeddedBroker(Settings(home=home, broker_port=free_port()), release=OLDEST) as broker:
            clusters.append(cluster_at(int(broker.bootstrap.rpartition(":")[2])))

    assert clusters == [Home(home).check()] * 2
