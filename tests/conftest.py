"""What every test may ask for: one real broker for the whole run, homes of its own, settings that disturb no one."""

import os
import re
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from homes import MakeHome, MakeSettings, free_port, new_home
from remains import sweep

from pipeline.broker import EmbeddedBroker
from pipeline.broker.release import OLDEST
from pipeline.settings import PREFIX, Settings


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take every KXWATCH_* variable away: a test never touches the Kafka or the home of whoever runs it."""
    for name in [name for name in os.environ if name.upper().startswith(PREFIX)]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def shared_brokers() -> list[str]:
    """The addresses of the brokers that the whole run shares and that run by now."""
    return []


@pytest.fixture(scope="module", autouse=True)
def swept(shared_brokers: list[str]) -> Iterator[None]:
    """Leave no topic to the next file."""
    yield
    for brokers in shared_brokers:
        sweep(brokers)


@pytest.fixture(scope="session")
def kafka_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home folder of the broker `kafka`."""
    return new_home(tmp_path_factory.mktemp("kafka") / "home")


@pytest.fixture(scope="session")
def kafka(kafka_home: Path, shared_brokers: list[str]) -> Iterator[str]:
    """The address of one real broker that the whole run shares."""
    with EmbeddedBroker(Settings(home=kafka_home, broker_port=free_port())) as broker:
        shared_brokers.append(broker.bootstrap)
        yield broker.bootstrap


@pytest.fixture(scope="session")
def old_kafka_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home folder of the broker `old_kafka`."""
    return new_home(tmp_path_factory.mktemp("old-kafka") / "home")


@pytest.fixture(scope="session")
def old_kafka(old_kafka_home: Path, shared_brokers: list[str]) -> Iterator[str]:
    """The address of one real broker of the oldest release that is promised, for what must hold there too."""
    with EmbeddedBroker(Settings(home=old_kafka_home, broker_port=free_port()), release=OLDEST) as broker:
        shared_brokers.append(broker.bootstrap)
        yield broker.bootstrap


@pytest.fixture(params=["kafka", "old_kafka"], ids=["newest", "oldest"])
def each_kafka(request: pytest.FixtureRequest) -> str:
    """The address of the broker `kafka`, and then once more that of `old_kafka`."""
    address: str = request.getfixturevalue(request.param)
    return address


@pytest.fixture(scope="session")
def used_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that a broker has lived in, to be copied: a copy starts without the second that the format takes."""
    home = new_home(tmp_path_factory.mktemp("used") / "home")
    with EmbeddedBroker(Settings(home=home, broker_port=free_port())):
        return home


@pytest.fixture
def make_home(tmp_path: Path, used_home: Path) -> MakeHome:
    """Make homes for brokers of a test's own: `make_home()` as after a first run, `make_home(new=True)` with no data.

    They share the user's jars. Each has a cluster id of its own.
    """

    def make(*, new: bool = False) -> Path:
        home = tmp_path / f"home-{uuid.uuid4().hex[:8]}"
        if new:
            return new_home(home)
        shutil.copytree(used_home, home, symlinks=True)
        properties = home / "data" / "meta.properties"
        cluster = f"cluster.id={uuid.uuid4().hex[:22]}"
        properties.write_text(re.sub("cluster.id=.*", cluster, properties.read_text("utf-8")), "utf-8")
        return home

    return make


@pytest.fixture
def make_settings(kafka: str, kafka_home: Path, tmp_path: Path) -> Iterator[MakeSettings]:
    """Make settings for the shared broker: one topic prefix and one app id a test, so that no test meets another."""
    token = uuid.uuid4().hex[:12]
    own: dict[str, Any] = {
        "brokers": kafka,
        "home": kafka_home,
        "topic_prefix": f"t-{token}.",
        "app_id": f"app-{token}",
        "data_dir": tmp_path / "data",
        "metrics_port": 0,
        # The days of a test are not today's, and most count what is sent.
        "ticks": False,
    }
    yield lambda **overrides: Settings(**(own | overrides))
    sweep(kafka, own["topic_prefix"])


@pytest.fixture
def settings(make_settings: MakeSettings) -> Settings:
    """The settings of a test that needs nothing special."""
    return make_settings()


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Where everything is to be installed, a test that is skipped has not been passed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = len(reporter.stats.get("skipped", ())) if reporter else 0
    if os.environ.get("CI") and skipped and exitstatus == pytest.ExitCode.OK:
        reporter.write_line(f"{skipped} skipped: under CI nothing may be", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
