"""The workers of a group as processes: started, asked to stop, killed; and who has which partition."""

import asyncio
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.coordinator.protocol import ConsumerProtocol
from aiokafka.errors import KafkaError

from bench.stalls.worker import Orders

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 60.0


class Group:
    """Workers by name; what one says goes into a file of the folder."""

    def __init__(self, admin: AIOKafkaAdminClient, orders: Orders, partitions: int, folder: Path) -> None:
        self._admin, self._orders, self._partitions, self._folder = admin, orders, partitions, folder
        self._workers: dict[str, subprocess.Popen[bytes]] = {}
        self._started = 0

    @property
    def names(self) -> list[str]:
        """The names of those that run, the oldest first."""
        return list(self._workers)

    def start(self) -> str:
        """Start one more; give its name."""
        self._started += 1
        name = f"w{self._started}"
        told = msgspec.json.encode(msgspec.structs.replace(self._orders, name=name)).decode()
        with (self._folder / f"{name}.log").open("wb") as log:
            line = [sys.executable, "-m", "bench.stalls.worker", told]
            self._workers[name] = subprocess.Popen(line, cwd=ROOT, stdout=log, stderr=log)
        return name

    async def stop(self, name: str) -> None:
        """Ask one to stop, and wait until it has."""
        worker = self._workers.pop(name)
        worker.send_signal(signal.SIGTERM)
        if code := await asyncio.to_thread(worker.wait, PATIENCE_SECONDS):
            raise RuntimeError(f"{name} ended with {code}: see its log in {self._folder}")

    def kill(self, name: str) -> None:
        """End one at once."""
        worker = self._workers.pop(name)
        worker.kill()
        worker.wait()

    def end(self) -> None:
        """Leave none running."""
        for name in self.names:
            self.kill(name)

    async def shared(self) -> dict[str, frozenset[int]]:
        """Wait until those that run, and no others, share the partitions evenly; give each one's.

        Errors: TimeoutError; `RuntimeError` where one has ended.
        """
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if dead := [name for name, worker in self._workers.items() if worker.poll() is not None]:
                raise RuntimeError(f"{', '.join(dead)} ended by itself: see its log in {self._folder}")
            found = await self._look()
            sizes = [len(numbers) for numbers in found.values()]
            if found.keys() == self._workers.keys() and max(sizes) - min(sizes) <= 1 and sum(sizes) == self._partitions:
                return found
            await asyncio.sleep(0.1)
        raise TimeoutError

    async def _look(self) -> dict[str, frozenset[int]]:
        """Give the numbers of each member by its name; none while the group shares out."""
        try:
            (answer,) = await self._admin.describe_consumer_groups([self._orders.group])
        except KafkaError:
            return {}
        _, _, state, _, _, members, *_ = answer.groups[0]
        if state != "Stable":
            return {}
        return {member[1]: _numbers(member[4]) for member in members}


def _numbers(assignment: bytes) -> frozenset[int]:
    parts = ConsumerProtocol.ASSIGNMENT.decode(assignment).assignment if assignment else []
    return frozenset(number for _, numbers in parts for number in numbers)
