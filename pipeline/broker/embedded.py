"""One embedded broker and its life: format, launch, wait for its answer, end."""

import base64
import os
import shutil
import socket
import subprocess
import sys
import time
import uuid
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from pipeline.broker import failure, java
from pipeline.broker.configuration import server_properties
from pipeline.broker.handshake import cluster_at
from pipeline.broker.home import METADATA, RUN_FLAG, Home, Serving
from pipeline.broker.jars import Progress, classpath
from pipeline.broker.release import NEWEST, Release
from pipeline.errors import Refused
from pipeline.settings import Settings

START_SECONDS = 90.0
"""A broker that was killed with much data reads it all again before it answers."""
STOP_SECONDS = 30.0
PORT_ATTEMPTS = 5
SUPERVISOR = Path(__file__).with_name("supervisor.py")


class EmbeddedBroker:
    """A real Kafka in the home folder of `settings`, that lives as long as its `with` block or its owner's process.

    `bootstrap` is its address, `127.0.0.1:port`, once it is started. Another `release` is for tests of what a
    network's own Kafka may be; a home is one release's.

    Errors: `Refused` when it cannot start, or when another broker already serves the same home.
    """

    def __init__(self, settings: Settings, *, progress: Progress | None = None, release: Release = NEWEST) -> None:
        self.home = Home(settings.home)
        self.bootstrap = ""
        self._port = settings.broker_port
        self._progress = progress
        self._release = release
        self._supervisor: subprocess.Popen[bytes] | None = None
        self._serving: Serving | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self, *, reset: bool = False) -> str:
        """Start the broker, and give its address when it answers.

        `reset` begins with an empty data folder and keeps the old one beside it.
        """
        with self.home.alone():
            if serving := self.home.serving():
                if not serving.orphaned():
                    raise Refused(
                        f"an embedded Kafka already serves {self.home.folder} at {serving.address}: use it with "
                        f"KXWATCH_BROKERS={serving.address}, or set KXWATCH_HOME to another folder"
                    )
                end(serving)
            failure.enough_disk(self.home.folder)
            kafka = classpath(self.home.jars, self._progress, self._release)
            with failure.of_the_disk(self.home.folder):
                if reset:
                    self.home.set_aside()
                self._prepare(kafka)
                for _ in range(PORT_ATTEMPTS):
                    try:
                        return self._launch(kafka)
                    except failure.PortTakenError:
                        continue
        raise Refused("the embedded Kafka found no free port on 127.0.0.1: set KXWATCH_BROKER_PORT to one")

    def stop(self) -> None:
        """Stop the broker cleanly and wait for its end; nothing to do when it is not running."""
        if (supervisor := self._supervisor) is None:
            return
        self._supervisor = None
        _close(supervisor)
        try:
            supervisor.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            supervisor.kill()
            supervisor.wait()
        if self._serving:
            # The supervisor itself may have been killed; its broker is then still there.
            end(self._serving)
            self.home.left(self._serving)
        self.bootstrap = ""

    def detach(self) -> str:
        """Let the broker live on when this process ends, and give its address."""
        supervisor, self._supervisor = self._supervisor, None
        serving = self.home.serving()
        if supervisor is None or supervisor.stdin is None or serving is None:
            raise Refused("the embedded Kafka has ended: start it again")
        self.home.serve(msgspec.structs.replace(serving, owner=None))
        supervisor.stdin.write(b"d")
        supervisor.stdin.flush()
        supervisor.wait()
        _close(supervisor)
        return serving.address

    def _prepare(self, kafka: str) -> None:
        """Give the broker a formatted data folder, an empty folder for its temporary files and a new log."""
        home = self.home
        shutil.rmtree(home.temporary, ignore_errors=True)
        home.temporary.mkdir()
        if home.log.exists():
            home.log.replace(home.log.with_suffix(".log.old"))
        if home.data.exists():
            home.check()
            return
        # Formatted elsewhere and moved: a start that was interrupted leaves no half a data folder.
        elsewhere = home.folder / "formatting"
        shutil.rmtree(elsewhere, ignore_errors=True)
        elsewhere.mkdir()
        home.properties.write_text(server_properties(self._release, self._port, _free_port(0)), "ascii")
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        # The id joined to its flag: one that begins with a hyphen would be read as a flag.
        flags = (*self._release.format_flags, f"--cluster-id={cluster}", "--config", "../server.properties")
        line = java.command(kafka, home.temporary, "kafka.tools.StorageTool", "format", *flags)
        if code := java.run(line, elsewhere, home.log):
            raise failure.of_the_start(code, home.log, home.folder)
        # An older release makes this folder at its first start only; from here on, data without it is damaged.
        (elsewhere / "data" / METADATA).mkdir(mode=0o700, exist_ok=True)
        (elsewhere / "data").rename(home.data)
        shutil.rmtree(elsewhere, ignore_errors=True)

    def _launch(self, kafka: str) -> str:
        home, port, run = self.home, _free_port(self._port), uuid.uuid4().hex
        used = home.used()
        home.properties.write_text(server_properties(self._release, port, _free_port(0)), "ascii")
        line = java.command(kafka, home.temporary, "kafka.Kafka", home.properties.name)
        line.insert(1, RUN_FLAG + run)
        with home.log.open("wb") as log:
            # A session of its own: Ctrl-C in the owner's terminal is the owner's to act on, by ending its broker.
            supervisor = self._supervisor = subprocess.Popen(  # noqa: S603 -- our own command line.
                [sys.executable, "-I", "-S", str(SUPERVISOR), *line],
                cwd=home.folder, env=java.ENVIRONMENT, umask=java.UMASK, start_new_session=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
            )  # fmt: skip
        try:
            assert supervisor.stdout is not None  # noqa: S101 -- it is a pipe.
            pid = int(supervisor.stdout.readline() or 0)  # None when there was no Java to start.
            serving = Serving(pid=pid, run=run, address=f"127.0.0.1:{port}", ready=False, owner=os.getpid())
            self._serving = serving
            home.serve(serving)
            self._wait(supervisor, port)
            if used and failure.EMPTIED in home.log.read_text("utf-8", "replace"):
                # Kafka cuts an unreadable log off and goes on: with that of its metadata, every topic would be gone.
                home.condemn("its metadata log was unreadable")
                home.check()
            home.serve(msgspec.structs.replace(serving, ready=True))
        except BaseException:
            self.stop()
            raise
        self.bootstrap = serving.address
        return self.bootstrap

    def _wait(self, supervisor: "subprocess.Popen[bytes]", port: int) -> None:
        deadline = time.monotonic() + START_SECONDS
        cluster = self.home.check()
        while cluster_at(port) != cluster:
            code = supervisor.poll()
            if code is not None or time.monotonic() > deadline:
                raise failure.of_the_start(code, self.home.log, self.home.folder)
            time.sleep(0.05)


def end(serving: Serving) -> None:
    """End a broker's process cleanly, or by force when it does not go in time."""
    import psutil  # noqa: PLC0415 -- an extra; a broker that runs has it.

    if (process := serving.process()) is None:
        return
    try:
        process.terminate()
        process.wait(STOP_SECONDS)
    except psutil.TimeoutExpired:
        process.kill()
        process.wait(STOP_SECONDS)
    except psutil.NoSuchProcess:
        pass


def _free_port(wanted: int) -> int:
    """Give the wanted port of loopback if it can be had, and otherwise, or for 0, a free one."""
    for port in (wanted, 0):
        with socket.socket() as listener:
            # As Java does: a port whose last connections are still fading away is free.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            number: int = listener.getsockname()[1]
            return number
    raise failure.PortTakenError


def _close(supervisor: "subprocess.Popen[bytes]") -> None:
    for pipe in (supervisor.stdin, supervisor.stdout):
        if pipe is not None:
            pipe.close()
