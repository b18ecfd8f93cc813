"""The folder that one embedded broker lives in: where its files are, and which process serves it."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import msgspec

from pipeline.broker import failure

if TYPE_CHECKING:
    import psutil

METADATA = "__cluster_metadata-0"
VERDICT = ".damaged"
RUN_FLAG = "-Dkxwatch.run="
"""On the broker's command line with a value of its own: a process id alone may have become another process's."""


class Serving(msgspec.Struct, frozen=True, kw_only=True):
    """What the state file says: which process serves the home, where, and for whom.

    `owner` is the process that the broker ends with, null when it lives by itself.
    """

    pid: int
    run: str
    address: str
    ready: bool
    owner: int | None

    def process(self) -> "psutil.Process | None":
        """Give the broker's process; none when it has ended."""
        psutil = _psutil()
        try:
            process = psutil.Process(self.pid)
            return process if RUN_FLAG + self.run in process.cmdline() else None
        except psutil.Error:
            return None

    def orphaned(self) -> bool:
        """Tell whether the owner is gone, so that the broker ends this moment."""
        psutil = _psutil()
        try:
            # A killed process stays in the list until its parent asks for it.
            return self.owner is not None and bool(psutil.Process(self.owner).status() == psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:
            return True


def _psutil() -> ModuleType:
    """Import what only a machine with an embedded broker has; a command that finds no state file never asks for it."""
    try:
        import psutil  # noqa: PLC0415 -- an extra.
    except ImportError:
        raise failure.extra_missing() from None
    return psutil


class Home:
    """The folder `KXWATCH_HOME` and what is in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.jars = self.folder / "jars"
        self.data = self.folder / "data"
        self.log = self.folder / "broker.log"
        self.temporary = self.folder / "tmp"
        self.properties = self.folder / "server.properties"
        self.state = self.folder / "broker.json"

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Let one process start or stop the broker at a time; the others wait for it."""
        with failure.of_the_disk(self.folder):
            # Only its user may look in: what the topics hold is about patients.
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = (self.folder / "broker.lock").open("w")
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def serving(self) -> Serving | None:
        """Give the broker that serves this home, ready or not; none when its process has ended."""
        said = self._said()
        return said if said and said.process() else None

    def serve(self, serving: Serving) -> None:
        """Write the state file, whole or not at all."""
        new = self.state.with_suffix(".new")
        new.write_bytes(msgspec.json.encode(serving))
        new.replace(self.state)

    def left(self, served: Serving) -> None:
        """Remove the state file of a broker that has ended, unless it is another's by now."""
        if (said := self._said()) and said.run == served.run:
            self.state.unlink(missing_ok=True)

    def set_aside(self) -> Path | None:
        """Move the data folder beside itself, and give its new name; none when there is no data."""
        if not self.data.exists():
            return None
        aside = self.folder / f"data.damaged-{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}"
        return self.data.rename(aside)

    def check(self) -> str:
        """Give the id of the cluster that the data folder belongs to.

        Errors: `Refused` when the data cannot be what a broker left. Kafka itself would start over on such data, or
        wait a minute before it gives up.
        """
        verdict, properties = self.data / VERDICT, self.data / "meta.properties"
        if verdict.is_file():
            raise failure.damaged(self.folder, verdict.read_text("utf-8", "replace"))
        lines = properties.read_text("utf-8", "replace").splitlines() if properties.is_file() else []
        clusters = [line.removeprefix("cluster.id=").strip() for line in lines if line.startswith("cluster.id=")]
        if not clusters:
            raise failure.damaged(self.folder, "its meta.properties names no cluster")
        if not (self.data / METADATA).is_dir():
            raise failure.damaged(self.folder, f"{METADATA} is missing")
        return clusters[0]

    def condemn(self, reason: str) -> None:
        """Note in the data folder that it must not be used again."""
        (self.data / VERDICT).write_text(reason, "utf-8")

    def used(self) -> bool:
        """Tell whether a broker has written to the data folder since it was formatted."""
        return any(path.stat().st_size for path in (self.data / METADATA).glob("*.log"))

    def data_bytes(self) -> int:
        """Give what the data folder takes on the disk: blocks, as its index files are sparse."""
        total = 0
        for path in self.data.rglob("*"):
            try:
                total += path.stat().st_blocks * 512
            except OSError:  # A segment that the broker deleted this moment.
                continue
        return total

    def _said(self) -> Serving | None:
        try:
            return msgspec.json.decode(self.state.read_bytes(), type=Serving)
        except (OSError, msgspec.DecodeError):
            return None
