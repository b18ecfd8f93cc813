"""Workers as processes of their own, the simulated network's events, and what topics come to hold."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from commands.commandline import held, put

from pipeline.connection import partition_of
from pipeline.events.codec import encode
from pipeline.rate import Rater
from pipeline.settings import PREFIX, Settings
from pipeline.simulate.network import network
from pipeline.topics import admin

COMPACTED = ("billable-days", "claim-days", "threshold-totals")
SHORT = 3.0, 4.0
"""A test's patience with Kafka: seconds for a delivery, and for a silent worker."""


def apply(settings: Settings) -> None:
    asyncio.run(admin.apply(settings))


@cache
def simulated(patients: int, days: int = 20) -> list[bytes]:
    return list(network(sites=2, patients=patients, days=days, seed=7))


def publish(settings: Settings, lines: Iterable[bytes]) -> None:
    put(settings, "emr-events", [_record(line) for line in lines])


def _record(line: bytes) -> tuple[str | None, bytes | None, int | None]:
    try:
        patient = json.loads(line)["patient_id"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None, line, None
    return patient, line, partition_of(patient, 12)


def compacted(settings: Settings) -> dict[str, dict[bytes | None, bytes]]:
    """Give what a reader of the compacted topics ends with."""
    found = {topic: dict(held(settings, topic)) for topic in COMPACTED}
    return {
        topic: {key: value for key, value in values.items() if value is not None} for topic, values in found.items()
    }


def rated(settings: Settings, lines: Iterable[bytes]) -> dict[str, dict[bytes | None, bytes]]:
    """Give what `kxwatch rate` says of the same events."""
    rater = Rater(settings, final=True)
    list(rater.lines("events", lines))
    found: dict[str, dict[bytes | None, bytes]] = {topic: {} for topic in COMPACTED}
    for output in rater.results():
        found[output.topic][(output.key or "").encode()] = encode(output.value)
    return found


class Worker:
    """A worker's process."""

    def __init__(self, settings: Settings, log: Path, patience: tuple[float, float] = SHORT, code: str = "") -> None:
        names = (
            "brokers",
            "home",
            "topic_prefix",
            "app_id",
            "data_dir",
            "metrics_port",
            "batch_events",
            "batch_seconds",
            "log_level",
            "engine",
            "ticks",
        )
        own = {PREFIX + name.upper(): str(getattr(settings, name)) for name in names}
        if settings.directory is not None:
            own[f"{PREFIX}DIRECTORY"] = str(settings.directory)
        self.log = log
        code = code or (
            "from pipeline.commands.worker import run; from pipeline.streams.app import Patience; "
            f"from pipeline.settings import Settings; run(Settings.load(), Patience{patience})"
        )
        with log.open("ab") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-c", code], env=dict(os.environ) | own, stderr=errors, stdout=subprocess.DEVNULL
            )

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def at_work(self) -> bool:
        return any(line["event"] == "the worker is at work" for line in self.said())

    def said(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]


@contextmanager
def working(settings: Settings, log: Path, **options: object) -> Iterator[Worker]:
    worker = Worker(settings, log, **options)  # type: ignore[arg-type]
    try:
        yield worker
    finally:
        worker.kill()


def until(claim: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait until a claim holds; fail when it does not in time."""
    deadline = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < deadline, "it did not come to be in time"
        time.sleep(0.1)
