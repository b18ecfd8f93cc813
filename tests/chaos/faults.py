"""Faults that befall workers and their Kafka at random, the same for the same seed, while events are processed."""

import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random

from end_to_end.deployment import Deployment, Worker, until

from pipeline.broker import EmbeddedBroker

Fault = Callable[[], None]


class Crew:
    """Workers, each started again when it has ended, as a supervisor of services does.

    `ends` counts how they ended, by the fault that befell them last and the exit code.
    """

    def __init__(self, deployment: Deployment, size: int, patience: tuple[float, float], chance: Random) -> None:
        self._deployment = deployment
        self._patience = patience
        self._chance = chance
        self._workers = [self._new() for _ in range(size)]
        self._faults: dict[Worker, str] = {}
        self.ends: Counter[tuple[str, int]] = Counter()

    def _new(self) -> Worker:
        return self._deployment.worker(self._patience)

    def _one(self) -> Worker:
        return self._chance.choice(self._workers)

    def look(self) -> None:
        """Start anew what has ended."""
        for place, worker in enumerate(self._workers):
            if (code := worker.process.poll()) is not None:
                self._note(worker, code)
                self._workers[place] = self._new()

    def kill(self) -> None:
        """End one at once."""
        worker = self._one()
        self._faults[worker] = "killed"
        worker.kill()

    def stop(self) -> None:
        """Ask one to stop."""
        worker = self._one()
        self._faults.setdefault(worker, "stopped")
        worker.stop()

    def freeze(self) -> None:
        """Hold one still for some time that is shorter than the session."""
        worker, seconds = self._one(), self._chance.uniform(0.1, 0.4 * self._patience[1])
        worker.send(signal.SIGSTOP)
        try:
            time.sleep(seconds)  # The fault itself, nothing is waited for.
        finally:
            worker.send(signal.SIGCONT)

    def hold(self) -> None:
        """Hold one still until the group has given its partitions to others, and let it go on."""
        until(self._whole, 120)
        worker = self._one()
        worker.send(signal.SIGSTOP)
        try:
            until(lambda: 0 < self._deployment.workers() < len(self._workers), 120)
        finally:
            worker.send(signal.SIGCONT)

    def _whole(self) -> bool:
        self.look()
        return self._deployment.workers() == len(self._workers)

    def without(self, broker: EmbeddedBroker) -> None:
        """Take their Kafka away and bring it back."""
        for worker in self._workers:
            self._faults.setdefault(worker, "outage")
        broker.stop()
        broker.start()

    def leave(self) -> None:
        """Ask all to stop, at the end."""
        self.look()
        for worker in self._workers:
            self._faults[worker] = "left"
            self._note(worker, worker.stop())

    def _note(self, worker: Worker, code: int) -> None:
        self.ends[self._faults.get(worker, "nothing"), code] += 1

    def end(self) -> None:
        """Leave none running."""
        for worker in self._workers:
            worker.kill()


@contextmanager
def crew(deployment: Deployment, size: int, patience: tuple[float, float], chance: Random) -> Iterator[Crew]:
    workers = Crew(deployment, size, patience, chance)
    try:
        yield workers
    finally:
        workers.end()


def befall(deployment: Deployment, workers: Crew, faults: list[Fault], events: int) -> None:
    """Let faults happen one after the other, spread over the processing of so many events, and see it to its end."""

    def come(to: int) -> Callable[[], bool]:
        def claim() -> bool:
            workers.look()
            return deployment.done() >= to

        return claim

    for number, fault in enumerate(faults, 1):
        until(come(number * events // (len(faults) + 2)), 120)
        fault()

    def finished() -> bool:
        workers.look()
        return deployment.finished()

    until(finished, 180)
