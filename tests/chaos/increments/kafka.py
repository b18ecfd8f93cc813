"""A Kafka for faults: it can be killed, compacts soon, and has a second listener for whoever connects by a link."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import psutil
from chaos.increments.link import Link
from homes import free_port

from pipeline.broker import EmbeddedBroker, embedded
from pipeline.broker.home import Home
from pipeline.settings import Settings

SOON = {
    "log.cleaner.backoff.ms": 500,
    "log.retention.check.interval.ms": 1_000,
    "log.segment.delete.delay.ms": 1_000,
    # One that was killed may register again only once it is known to be dead.
    "broker.session.timeout.ms": 3_000,
    "broker.heartbeat.interval.ms": 500,
}
CHANGELOG = {
    "cleanup.policy": "compact",
    "segment.ms": "1000",
    "min.cleanable.dirty.ratio": "0.01",
    # Longer than a table is under way, as Kafka asks of who reads a compacted topic: a deletion must be met.
    "delete.retention.ms": "60000",
}


class Kafka:
    """A broker in a home; `address` is its own, `by_link` the one that leads through `link`."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._port, behind, before = free_port(), free_port(), free_port()
        self.address, self.by_link = f"127.0.0.1:{self._port}", f"127.0.0.1:{before}"
        self.link = Link(before, behind)
        self._broker = EmbeddedBroker(Settings(home=home, broker_port=self._port))
        told = embedded.server_properties
        own = "".join(f"{name}={value}\n" for name, value in SOON.items())

        def properties(*given: object) -> str:
            lines = dict(line.split("=", 1) for line in told(*given).splitlines())  # type: ignore[arg-type]
            lines["listeners"] += f",LINK://127.0.0.1:{behind}"
            lines["advertised.listeners"] += f",LINK://{self.by_link}"
            lines["listener.security.protocol.map"] += ",LINK:PLAINTEXT"
            return "".join(f"{name}={value}\n" for name, value in lines.items()) + own

        self._properties = properties

    def start(self) -> None:
        """Start it on what it has."""
        with patch.object(embedded, "server_properties", self._properties):
            self._broker.start()
        assert self._broker.bootstrap == self.address

    def kill(self) -> None:
        """End it at once, wherever it is."""
        serving = Home(self.home).serving()
        assert serving is not None
        process = psutil.Process(serving.pid)
        process.send_signal(signal.SIGKILL)
        process.wait(20)
        self._broker.stop()

    def cleaned(self, topic: str) -> bool:
        """Tell whether some of a topic has been compacted."""
        said = self.home / "data" / "cleaner-offset-checkpoint"
        lines = said.read_text("ascii").splitlines() if said.is_file() else []
        return any(line.startswith(f"{topic} ") and int(line.split()[2]) > 0 for line in lines)

    @contextmanager
    def up(self) -> Iterator[None]:
        """Have it within the block."""
        with self.link.up():
            try:
                self.start()
                yield
            finally:
                self._broker.stop()


def until(claim: object, seconds: float, what: str) -> None:
    """Wait until a claim holds; fail when it does not in time."""
    deadline = time.monotonic() + seconds
    while not claim():  # type: ignore[operator]
        assert time.monotonic() < deadline, f"{what}: it did not come to be in time"
        time.sleep(0.1)
