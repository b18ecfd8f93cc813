import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator

import msgspec
import psutil
import pytest
from typer.testing import CliRunner, Result

from pipeline import broker
from pipeline.broker.handshake import cluster_at
from pipeline.broker.home import Home
from pipeline.commands.broker import app
from pipeline.settings import Settings
from tests.conftest import MakeHome, free_port

START = "from pipeline.broker import start; from pipeline.settings import Settings; print(start(Settings.load())[0])"


class Machine:
    """A user's machine: one home, and the commands typed on it."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.settings = Settings(home=home.folder, broker_port=free_port())
        self.environment = {
            "KXWATCH_HOME": str(home.folder),
            "KXWATCH_BROKER_PORT": str(self.settings.broker_port),
        }

    def types(self, *arguments: str) -> Result:
        return CliRunner().invoke(app, list(arguments), env=self.environment)

    def starts(self) -> "subprocess.Popen[str]":
        """Start a broker from a process of its own, that ends when the broker runs."""
        line = [sys.executable, "-c", START]
        environment = os.environ | self.environment
        return subprocess.Popen(line, stdout=subprocess.PIPE, text=True, env=environment, start_new_session=True)


@pytest.fixture
def machine(make_home: MakeHome) -> Iterator[Machine]:
    machine = Machine(Home(make_home()))
    yield machine
    broker.stop(machine.settings)


def test_two_starts_at_once_give_one_broker_that_outlives_them_and_stops_when_told(machine: Machine) -> None:
    starters = [machine.starts(), machine.starts()]

    said = {starter.communicate()[0].strip() for starter in starters}

    assert [starter.returncode for starter in starters] == [0, 0]
    assert said == {broker.running(machine.settings)}
    serving = machine.home.serving()
    assert serving is not None
    process = psutil.Process(serving.pid)
    assert cluster_at(machine.settings.broker_port) == machine.home.check()
    assert machine.types("stop").output == "The embedded Kafka is stopped; its data stays.\n"
    assert not process.is_running()


def test_the_commands_say_where_the_broker_is(machine: Machine) -> None:
    address = f"127.0.0.1:{machine.settings.broker_port}"

    first, second = machine.types("start"), machine.types("start")
    status = machine.types("status")
    answer = json.loads(machine.types("status", "--json").output)

    assert (first.exit_code, second.exit_code, status.exit_code) == (0, 0, 0)
    assert f"runs at {address}" in first.stdout
    assert f"already runs at {address}" in second.stdout
    assert re.search(rf"Kafka 4\.2\.2 runs at {address}, process \d+, by itself: .* of data", status.output)
    assert (answer["running"], answer["address"], answer["version"]) == (True, address, "4.2.2")
    assert answer["data_bytes"] > 0
    assert psutil.Process(answer["pid"]).is_running()


def test_without_a_broker_the_commands_say_so(machine: Machine) -> None:
    status = machine.types("status", "--json")

    assert (status.exit_code, json.loads(status.output)["running"]) == (3, False)
    assert machine.types("stop").output == "No embedded Kafka runs.\n"


def test_a_process_that_got_the_brokers_number_is_not_the_broker(machine: Machine) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        stale = broker.home.Serving(pid=other.pid, run="gone", address="127.0.0.1:1", ready=True, owner=None)
        machine.home.state.write_bytes(msgspec.json.encode(stale))

        assert broker.running(machine.settings) is None
        assert broker.stop(machine.settings) is False
        assert other.poll() is None


def test_an_unreadable_state_file_is_no_broker(machine: Machine) -> None:
    machine.home.state.write_bytes(b"{half")

    assert broker.running(machine.settings) is None


def test_what_answers_but_is_no_kafka_is_not_taken_for_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert cluster_at(silent.getsockname()[1], seconds=0.2) is None
