"""Workers of the counting app, and the faults that befall them and their Kafka."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from chaos.increments.counting import STARTED, Orders
from chaos.increments.kafka import Kafka, until
from chaos.increments.stream import Stream
from msgspec import json

TESTS = Path(__file__).parents[2]
LONG = 120.0
"""What nobody may take, seconds."""
FEW = 5
SESSION, REQUEST = 3.0, 15.0
"""What the workers are told of time, seconds."""

Fault = Callable[[], None]


class Crew:
    """Workers, each started again when it has ended; the last of them connects by the link.

    The first has a name of its own in the group, as one with a fixed name would. `ends` counts exit codes by the fault
    that befell a worker last, `told` holds each fault with the time it began and ended.
    """

    def __init__(self, kafka: Kafka, stream: Stream, size: int, folder: Path, chance: Random) -> None:
        self._kafka = kafka
        self._stream = stream
        self._folder = folder
        self._chance = chance
        self._names = [f"w{number}" for number in range(size)]
        self._logs: dict[str, Path] = {}
        self._faults: dict[subprocess.Popen[bytes], str] = {}
        self.ends: Counter[tuple[str, int]] = Counter()
        self.told: list[tuple[str, float, float]] = []
        self._workers = {name: self._new(name) for name in self._names}

    def _new(self, name: str) -> "subprocess.Popen[bytes]":
        brokers = self._kafka.by_link if name == self._names[-1] else self._kafka.address
        orders = Orders(
            app_id=self._stream.app_id,
            prefix=self._stream.prefix,
            brokers=brokers,
            client=name,
            session=SESSION,
            request=REQUEST,
            instance=name if name == self._names[0] else None,
            datadir=str(self._folder / name),
        )
        own = {"KXCHAOS_WORKER": json.encode(orders).decode(), "PYTHONPATH": str(TESTS)}
        self._logs[name] = self._folder / f"{name}-{sum(self.ends.values())}.log"
        with self._logs[name].open("wb") as log:
            line = [sys.executable, "-m", "chaos.increments.counting"]
            return subprocess.Popen(line, env=dict(os.environ) | own, stdout=log, stderr=log)

    def look(self) -> None:
        """Start anew what has ended."""
        for name, worker in self._workers.items():
            if (code := worker.poll()) is not None:
                self.ends[self._faults.pop(worker, "nothing"), code] += 1
                assert sum(self.ends[end] for end in self.ends if end[0] == "nothing") < FEW, "they end by themselves"
                self._workers[name] = self._new(name)

    def whole(self) -> bool:
        """Tell whether every worker has started and is a member."""
        self.look()
        begun = all(STARTED in log.read_bytes() for log in self._logs.values())
        return begun and self._stream.members() == set(self._names)

    def kill(self) -> None:
        """End one at once, and start it again."""
        with self._telling("kill"):
            worker = self._workers[self._chance.choice(self._names)]
            self._faults[worker] = "kill"
            worker.kill()
            worker.wait()
            self.look()

    def zombie(self) -> None:
        """Hold one still until its group has given it up, and let it go on."""
        # One with a name of its own is given up as any other.
        name = self._chance.choice(self._names)
        until(self.whole, LONG, "a whole group")
        with self._telling("zombie"):
            worker = self._workers[name]
            worker.send_signal(signal.SIGSTOP)
            try:
                until(lambda: self._without(name), LONG, f"a group without {name}")
            finally:
                worker.send_signal(signal.SIGCONT)

    def _without(self, name: str) -> bool:
        self.look()
        members = self._stream.members()
        return bool(members) and name not in members

    def roll(self) -> None:
        """Ask one after the other to stop, and start it again."""
        until(self.whole, LONG, "a whole group")
        with self._telling("roll"):
            for name in self._names:
                self._ask(name, "roll")
                self.look()
                until(self.whole, LONG, f"a group with {name} again")

    def _ask(self, name: str, why: str) -> None:
        worker = self._workers[name]
        self._faults[worker] = why
        worker.send_signal(signal.SIGTERM)
        worker.wait(LONG)

    def outage(self) -> None:
        """Kill the broker, and start it on what it has."""
        with self._telling("outage"):
            for worker in self._workers.values():
                self._faults[worker] = "outage"
            self._kafka.kill()
            self._kafka.start()

    def cut(self) -> None:
        """End the connections of the last worker and let it have none until its group has given it up."""
        self._part("cut", self._kafka.link.cut)

    def silence(self) -> None:
        """Let nothing through between the last worker and the broker until its group has given it up."""
        self._part("silence", self._kafka.link.silence)

    def _part(self, what: str, way: Fault) -> None:
        until(self.whole, LONG, "a whole group")
        with self._telling(what):
            way()
            try:
                until(lambda: self._without(self._names[-1]), LONG, "a group without the last")
            finally:
                self._kafka.link.mend()

    def flicker(self) -> None:
        """End the connections of the last worker; it may connect again at once."""
        with self._telling("flicker"):
            self._kafka.link.cut()
            self._kafka.link.mend()

    @contextmanager
    def _telling(self, what: str) -> Iterator[None]:
        began = time.time()
        print(f"{time.strftime('%H:%M:%S')} {what}", flush=True)  # noqa: T201 -- shown where the test fails.
        yield
        self.told.append((what, began, time.time()))

    def leave(self) -> None:
        """Ask all to stop, at the end."""
        until(self.whole, LONG, "a whole group")
        for name in self._names:
            self._ask(name, "left")
        self.ends.update(("left", worker.returncode) for worker in self._workers.values())

    def end(self) -> None:
        """Leave none running."""
        for worker in self._workers.values():
            worker.kill()
            worker.wait()


@contextmanager
def crew(kafka: Kafka, stream: Stream, size: int, folder: Path, chance: Random) -> Iterator[Crew]:
    """Have workers within the block."""
    workers = Crew(kafka, stream, size, folder, chance)
    try:
        yield workers
    finally:
        workers.end()
