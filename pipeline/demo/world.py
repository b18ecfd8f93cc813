"""What a demo runs on: a Kafka with its topics, and a worker; all of it ends with the demo."""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.broker.embedded import SUPERVISOR, EmbeddedBroker
from pipeline.broker.home import Home
from pipeline.broker.jars import Progress
from pipeline.errors import Refused
from pipeline.settings import PREFIX, Settings
from pipeline.topics.admin import apply

WORKER_STOP_SECONDS = 30.0
HOMES = "demo-home-"
LEFT_SECONDS = 600.0


@contextmanager
def kafka(settings: Settings, progress: Progress) -> Iterator[Settings]:
    """Give settings that lead to a Kafka with empty topics of the demo's own.

    Without KXWATCH_BROKERS it is an embedded one with a data folder of its own, gone afterwards; with it, the topics
    are made under a prefix of their own, and stay.
    """
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    if settings.brokers:
        prefix = f"{settings.topic_prefix}demo-{uuid.uuid4().hex[:8]}."
        yield settings.model_copy(update={"topic_prefix": prefix, "metrics_port": 0})
        return
    jars = settings.home / "jars"
    jars.mkdir(mode=0o700, exist_ok=True)
    _clear(settings.home)
    with tempfile.TemporaryDirectory(prefix=HOMES, dir=settings.home) as folder:
        home = Path(folder)
        # Its data are its own; what was downloaded is the user's.
        (home / "jars").symlink_to(jars, target_is_directory=True)
        own = settings.model_copy(update={"home": home, "metrics_port": 0, "data_dir": home / "worker"})
        try:
            with EmbeddedBroker(own, progress=progress) as broker:
                yield own.model_copy(update={"brokers": broker.bootstrap})
        except Refused as refusal:
            if log := _kept(home / "broker.log", settings.home / "demo-broker.log"):
                raise Refused(f"{refusal} (its log is kept as {log})", code=refusal.code) from None
            raise


def _clear(folder: Path) -> None:
    """Remove what a demo that was killed has left: no broker serves it, and it is no demo that begins this moment."""
    for home in folder.glob(f"{HOMES}*"):
        if time.time() - home.stat().st_mtime > LEFT_SECONDS and Home(home).serving() is None:
            shutil.rmtree(home, ignore_errors=True)


def _kept(log: Path, place: Path) -> Path | None:
    if not log.is_file():
        return None
    shutil.copyfile(log, place)
    return place


def make_topics(settings: Settings) -> int:
    """Make the topics and give how many there are."""
    made, _ = asyncio.run(apply(settings))
    return len(made)


class Worker:
    """A worker in a process of its own, that ends when this one does, however it does."""

    def __init__(self, settings: Settings, log: Path) -> None:
        self.log = log
        with log.open("wb") as sink:
            self._process = subprocess.Popen(  # noqa: S603 -- our own command line.
                [sys.executable, "-I", "-S", str(SUPERVISOR), sys.executable, "-m", "pipeline", "worker"],
                env=_environment(settings),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=sink,
                start_new_session=True,
            )

    def alive(self) -> bool:
        """Tell whether it still works."""
        return self._process.poll() is None

    def stop(self) -> None:
        """End it cleanly, and wait for its end."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(WORKER_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _environment(settings: Settings) -> dict[str, str]:
    own = {name: str(getattr(settings, name)) for name in ("brokers", "topic_prefix", "home", "metrics_port")}
    if settings.data_dir is not None:
        own["data_dir"] = str(settings.data_dir)
    # The days that are simulated are not today's: with today's, every note of theirs would be late.
    own["ticks"] = "false"
    return os.environ | {PREFIX + name.upper(): value for name, value in own.items()}
