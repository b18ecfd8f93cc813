"""kxwatch as a network deploys it: its commands as processes, with a prefix of their own on the Kafka of the run."""

import asyncio
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import msgspec
from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from pipeline.connection import bootstrap, consumer, started
from pipeline.settings import PREFIX, Settings
from pipeline.topics.admin import partition_counts
from pipeline.topics.catalog import topic_name
from pipeline.topics.reading import reading

COMPACTED = ("billable-days", "claim-days", "threshold-totals")
INPUTS = ("emr-events", "session-events", "billable-days")
SHORT = 4.0, 6.0
"""A patience with Kafka that makes a killed worker's partitions another's soon: seconds for a delivery, a session."""

Values = dict[str, dict[str, bytes]]


class Rated(msgspec.Struct):
    """A line that `kxwatch rate` writes; the value as its bytes are."""

    topic: str
    key: str | None
    value: msgspec.Raw


class Deployment:
    """The settings of one network as its processes get them, and what they have said on standard error, in `log`."""

    def __init__(self, kafka: str, home: Path, folder: Path, **settings: object) -> None:
        own = uuid.uuid4().hex[:12]
        given = {"brokers": kafka, "home": home, "topic_prefix": f"e-{own}.", "app_id": f"app-{own}"}
        # The days of a test are not today's, and most count what is sent.
        given |= {"data_dir": folder / "data", "metrics_port": 0, "log_level": "debug", "ticks": False} | settings
        self.given = {PREFIX + name.upper(): str(value) for name, value in given.items()}
        self.settings = Settings.load(self.given)
        self.folder = folder
        self.log = folder / "log"
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        self._environment |= self.given | {"COLUMNS": "200"}

    def run(self, *arguments: str | Path, given: bytes = b"") -> bytes:
        """Run a command that must succeed, with this on its standard input, and give what it says."""
        line = [kxwatch(), *map(str, arguments)]
        ended = subprocess.run(line, env=self._environment, input=given, capture_output=True, timeout=60, check=False)
        assert ended.returncode == 0, ended.stderr.decode()
        return ended.stdout

    def publish(self, lines: Iterable[bytes]) -> None:
        """Send lines to emr-events and wait until they are there."""
        self.run("publish", self.file(lines))

    def file(self, lines: Iterable[bytes]) -> Path:
        """Write lines to a file of their own."""
        path = self.folder / f"{uuid.uuid4().hex[:8]}.jsonl"
        path.write_bytes(b"".join(line + b"\n" for line in lines))
        return path

    def rated(self, lines: Iterable[bytes]) -> Values:
        """Give what `kxwatch rate --final` says of lines."""
        values: Values = {topic: {} for topic in COMPACTED}
        for line in self.run("rate", "--final", self.file(lines)).splitlines():
            found = msgspec.json.decode(line, type=Rated)
            if found.topic in values:
                values[found.topic][found.key or ""] = bytes(found.value)
        return values

    def worker(self, patience: tuple[float, float] | None = None, first: str = "", **settings: object) -> "Worker":
        """Start a worker by its command; with another `patience` by what the command calls, and `first` run before."""
        line = [kxwatch(), "worker"]
        if patience is not None:
            code = "from pipeline.commands.worker import run; from pipeline.settings import Settings; "
            code += f"from pipeline.streams.app import Patience; run(Settings.load(), Patience{patience})"
            line = [sys.executable, "-c", f"{first}\n{code}"]
        own = {PREFIX + name.upper(): str(value) for name, value in settings.items()}
        return Worker(line, self._environment | own, self.log)

    @contextmanager
    def working(
        self, patience: tuple[float, float] | None = None, first: str = "", **settings: object
    ) -> Iterator["Worker"]:
        """Have a worker at work; what a block leaves running is killed."""
        worker = self.worker(patience, first, **settings)
        try:
            yield worker
        finally:
            worker.kill()

    def held(self, *titles: str) -> list[ConsumerRecord]:
        """Give the records that topics hold."""

        async def read() -> list[ConsumerRecord]:
            async with reading(self.settings, [topic_name(self.settings, title) for title in titles]) as topics:
                return [record async for record in topics.held()]

        return asyncio.run(read())

    def values(self) -> Values:
        """Give what a reader of the compacted topics ends with."""
        values: Values = {topic: {} for topic in COMPACTED}
        titles = {topic_name(self.settings, title): title for title in COMPACTED}
        for record in self.held(*COMPACTED):
            if record.value is None:
                values[titles[record.topic]].pop(record.key.decode(), None)
            else:
                values[titles[record.topic]][record.key.decode()] = record.value
        return values

    def done(self) -> int:
        """Give how many events of emr-events the workers have acknowledged."""
        return asyncio.run(self._progress())[0]

    def finished(self) -> bool:
        """Tell whether every event, and all that came of it, is processed and acknowledged."""
        done, left = asyncio.run(self._progress())
        return done > 0 and left == 0

    def workers(self) -> int:
        """Give how many workers have partitions between them; 0 while they are being given out."""
        return asyncio.run(self._workers())

    async def _workers(self) -> int:
        client = AIOKafkaAdminClient(bootstrap_servers=bootstrap(self.settings))
        async with started(self.settings, client) as admin:
            try:
                (answer,) = await admin.describe_consumer_groups([self.settings.topic_prefix + self.settings.app_id])
            except KafkaError:  # As below.
                return 0
        _, _, state, _, _, members, *_ = answer.groups[0]
        return len(members) if state == "Stable" else 0

    async def _progress(self) -> tuple[int, int]:
        settings = self.settings
        names = [topic_name(settings, title) for title in INPUTS]
        client = AIOKafkaAdminClient(bootstrap_servers=bootstrap(settings))
        async with started(settings, client) as admin, started(settings, consumer(settings)) as looker:
            counts = await partition_counts(settings, names)
            places = [TopicPartition(name, number) for name in names for number in range(counts[name])]
            # First what is acknowledged and then the ends: what is left is never told too low.
            try:
                committed = await admin.list_consumer_group_offsets(settings.topic_prefix + settings.app_id)
            except KafkaError:  # A Kafka that is new makes its topic of offsets when the first group comes.
                committed = {}
            ends = await looker.end_offsets(places)
        at = {place: max(0, committed[place].offset) if place in committed else 0 for place in places}
        done = sum(offset for place, offset in at.items() if place.topic == names[0])
        return done, sum(ends[place] - at[place] for place in places)


class Worker:
    """A worker's process."""

    def __init__(self, line: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        with log.open("ab") as sink:
            self.process = subprocess.Popen(line, env=environment, stderr=sink, stdout=subprocess.DEVNULL)

    def stop(self) -> int:
        """Ask it to stop, as an operator does; give its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def kill(self) -> int:
        """End it at once, wherever it is."""
        self.process.kill()
        return self.process.wait()

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)


def kxwatch() -> str:
    """Give the command as it is installed."""
    return str(Path(sys.executable).with_name("kxwatch"))


def until(claim: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until a claim holds; fail when it does not in time."""
    deadline = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < deadline, "it did not come to be in time"
        time.sleep(0.1)


def unlike(found: Values, wanted: Values) -> list[str]:
    """Name the values that differ, each by topic and key."""
    return [
        f"{topic} {key}"
        for topic in COMPACTED
        for key in sorted(found[topic].keys() | wanted[topic].keys())
        if found[topic].get(key) != wanted[topic].get(key)
    ]


def past(deployment: Deployment, events: int) -> Callable[[], bool]:
    """Give the claim that the workers have acknowledged so many events."""
    return partial(_past, deployment, events)


def _past(deployment: Deployment, events: int) -> bool:
    return deployment.done() >= events
