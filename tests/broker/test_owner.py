import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from pipeline.broker import EmbeddedBroker
from pipeline.broker.home import Home, Serving
from pipeline.settings import Settings
from tests.conftest import MakeHome, free_port

OWNER = """
import os, sys, time
from pathlib import Path
from pipeline.broker import EmbeddedBroker
from pipeline.settings import Settings
with EmbeddedBroker(Settings(home=Path(sys.argv[1]), broker_port=int(sys.argv[2]))) as broker:
    if sys.argv[3:] == ["fork"] and not os.fork():
        time.sleep(60)
        os._exit(0)
    print(broker.bootstrap, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def home(make_home: MakeHome) -> Iterator[Home]:
    home = Home(make_home())
    yield home
    if serving := home.serving():
        psutil.Process(serving.pid).kill()


def owner_of(home: Home, *arguments: str) -> tuple["subprocess.Popen[str]", Serving]:
    line = [sys.executable, "-c", OWNER, str(home.folder), str(free_port()), *arguments]
    owner = subprocess.Popen(line, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert owner.stdout is not None
    address = owner.stdout.readline().strip()
    owner.stdout.close()
    serving = home.serving()
    assert serving is not None
    assert serving.address == address
    return owner, serving


def gone(serving: Serving, seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while serving.process() and time.monotonic() < deadline:
        time.sleep(0.05)
    return serving.process() is None


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_the_broker_goes_when_its_owner_is_ended_by(home: Home, number: signal.Signals) -> None:
    owner, serving = owner_of(home)
    below = psutil.Process(owner.pid).children(recursive=True)

    owner.send_signal(number)
    owner.wait()

    assert gone(serving)
    assert psutil.wait_procs(below, timeout=5)[1] == []


def test_the_broker_goes_with_a_killed_owner_whose_forked_child_lives_on(home: Home) -> None:
    owner, serving = owner_of(home, "fork")
    forked = [
        child for child in psutil.Process(owner.pid).children() if "supervisor.py" not in " ".join(child.cmdline())
    ]

    owner.kill()
    owner.wait()

    assert gone(serving)
    assert [child.is_running() for child in forked] == [True]
    forked[0].kill()


def test_a_start_right_after_its_owner_was_killed_takes_over_the_data(home: Home) -> None:
    owner, _ = owner_of(home)
    cluster = home.check()
    owner.kill()
    os.waitid(os.P_PID, owner.pid, os.WEXITED | os.WNOWAIT)  # It has ended; that its parent asked must not matter.

    with EmbeddedBroker(Settings(home=home.folder, broker_port=free_port())):
        assert home.check() == cluster

    owner.wait()


def test_a_killed_supervisor_does_not_save_the_broker_from_its_owner(home: Home) -> None:
    broker = EmbeddedBroker(Settings(home=home.folder, broker_port=free_port()))
    broker.start()
    serving = home.serving()
    assert serving is not None
    supervisor = psutil.Process(serving.pid).parent()
    assert supervisor is not None
    supervisor.kill()

    broker.stop()

    assert serving.process() is None


def test_an_error_in_the_block_ends_the_broker_and_leaves_nothing_outside_its_home(home: Home, tmp_path: Path) -> None:
    served: list[Serving | None] = []

    def fail() -> None:
        with EmbeddedBroker(Settings(home=home.folder, broker_port=free_port())):
            served.append(home.serving())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert [serving is not None and serving.process() is None for serving in served] == [True]
    assert not home.state.exists()
    assert [path.name for path in tmp_path.iterdir()] == [home.folder.name]
