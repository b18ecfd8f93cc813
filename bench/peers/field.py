"""The peers that take part. One more is one more entry here."""

import sys
from collections.abc import Callable
from functools import partial
from importlib.metadata import version

from bench.peers import environment, java
from bench.peers.crew import crew
from bench.peers.job import Job
from bench.peers.peer import Peer


def module(name: str) -> Callable[[Job], list[str]]:
    """Give the command of a peer that is a module here, run by the Python of the bench."""
    return lambda job: [sys.executable, "-m", f"bench.peers.{name}", job.text()]


def installed(*names: str) -> Callable[[], dict[str, str]]:
    """Give the versions of packages that the bench itself has installed."""
    return lambda: {name: version(name) for name in names}


def _streams(name: str, about: str, store: str, commit: str) -> Peer:
    return Peer(
        name=name,
        about=f"Kafka Streams, one thread, exactly once, {about}",
        command=partial(java.command, store=store, commit=commit),
        changelog=lambda job: f"{job.group}-counts-changelog",
        prepare=java.prepare,
        versions=java.versions,
    )


def _quix(name: str, about: str, commit: str) -> Peer:
    return Peer(
        name=name,
        about=f"Quix Streams, exactly once, RocksDB, {about}",
        command=partial(environment.command, commit=commit),
        changelog=lambda job: f"changelog__{job.group}--{job.input}--default",
        prepare=environment.prepare,
        versions=environment.versions,
        most_events=200_000,
    )


def _engine(name: str, about: str, *options: str, workers: int = 1) -> Peer:
    alone: Callable[[Job], list[str]] = lambda job: [*module("batched")(job), *options]  # noqa: E731
    return Peer(
        name=name,
        about=f"this engine, exactly once, {about}, a commit every 50 ms",
        command=alone if workers == 1 else crew(workers, alone),
        changelog=lambda job: f"{job.group}-counts-changelog",
        versions=installed("faust-streaming", "aiokafka", "rocksdict"),
        in_short=name == "engine",
    )


FIELD = (
    _engine("engine", "table in memory"),
    _engine("engine-2", "two workers, table in memory", workers=2),
    _engine("engine-rocksdb", "table in RocksDB", "50", "rocksdb"),
    Peer(
        name="engine-untransacted",
        about="this engine with its transactions taken out, at least once",
        command=module("untransacted"),
        changelog=lambda job: f"{job.group}-counts-changelog",
        versions=installed("faust-streaming", "aiokafka"),
        exactly_once=False,
    ),
    Peer(
        name="floor",
        about="aiokafka reads and msgspec decodes: no table, no output",
        command=module("floor"),
        versions=installed("aiokafka", "msgspec"),
        outputs="ends",
        in_short=True,
    ),
    Peer(
        name="faust",
        about="plain Faust, `async for`, at least once, table in memory",
        command=module("plain"),
        changelog=lambda job: f"{job.group}-counts-changelog",
        versions=installed("faust-streaming", "aiokafka"),
        most_events=200_000,
        exactly_once=False,
        in_short=True,
    ),
    _quix("quix", "commits as by default (5 s)", "default"),
    _quix("quix-50ms", "a commit every 50 ms", "50"),
    _streams("streams", "RocksDB, commits as by default (100 ms)", "rocksdb", "default"),
    _streams("streams-50ms", "RocksDB, a commit every 50 ms", "rocksdb", "50"),
    _streams("streams-memory", "table in memory, a commit every 50 ms", "memory", "50"),
)
