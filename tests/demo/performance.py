"""`kxwatch demo` as a user runs it: a process in a home of its own, with or without a terminal."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from homes import new_home

from pipeline.settings import PREFIX

COMMAND = [str(Path(sys.executable).with_name("kxwatch")), "demo"]
ROWS, COLUMNS = 60, 180
AT_A_TERMINAL = "import os, sys; os.login_tty(0); os.execv(sys.argv[1], sys.argv[1:])"
"""Makes the standard input the terminal of the process and of what it starts, as a shell does."""
_STEERING = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]|\r")


class Performance:
    """A demo that runs: its process, all that it has said so far, and what it keeps where."""

    def __init__(self, folder: Path, *, terminal: bool) -> None:
        self.home = new_home(folder / "home")
        self.temporary = folder / "temporary"
        self.temporary.mkdir()
        self._said = bytearray()
        mine, its = pty.openpty() if terminal else os.pipe()
        self.keyboard = mine
        own = {f"{PREFIX}HOME": str(self.home), "TMPDIR": str(self.temporary), "TERM": "xterm-256color"}
        own |= {"COLUMNS": str(COLUMNS), "LINES": str(ROWS), "PYTHONUNBUFFERED": "1"}
        environment = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)} | own
        if terminal:
            fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
            line = [sys.executable, "-c", AT_A_TERMINAL, *COMMAND]
            self.process = subprocess.Popen(line, stdin=its, stdout=its, stderr=its, env=environment)
        else:
            self.process = subprocess.Popen(
                COMMAND, stdin=subprocess.DEVNULL, stdout=its, stderr=its, env=environment, start_new_session=True
            )
        os.close(its)
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        # A terminal that its last process has left is an error to read on Linux, and an end elsewhere.
        with suppress(OSError):
            while said := os.read(self.keyboard, 65_536):
                self._said += said

    @property
    def said(self) -> str:
        """What it has said so far, without what steers a terminal."""
        return _STEERING.sub(b"", bytes(self._said)).decode("utf-8", "replace")

    @property
    def steered(self) -> bool:
        """Tell whether it drew: went back over lines that it had written."""
        return b"\x1b[1A" in self._said

    def wait(self, seconds: float) -> int:
        """Wait for its end and for the last of what it says; give its exit code."""
        code = self.process.wait(seconds)
        self._listener.join(10)
        return code

    def running(self) -> list[str]:
        """Give what runs in its home: the demo, its Kafka, its worker, and those that watch over them."""
        return [process.info["name"] for process in psutil.process_iter(["name"]) if self._of(process)]

    def _of(self, process: psutil.Process) -> bool:
        with suppress(psutil.Error):
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
            home = str(self.home)
            return any(home in part for part in process.cmdline()) or home in process.environ().get(f"{PREFIX}HOME", "")
        return False

    def left(self) -> list[str]:
        """Give what is left of it in its home and among the temporary files, but for the user's jars."""
        return sorted({path.name for folder in (self.home, self.temporary) for path in folder.iterdir()} - {"jars"})

    def end(self) -> None:
        """Leave nothing of it running, however it went."""
        self.process.kill()
        self.process.wait()
        self._listener.join(10)
        os.close(self.keyboard)


@contextmanager
def performing(folder: Path, *, terminal: bool) -> Iterator[Performance]:
    performance = Performance(folder, terminal=terminal)
    try:
        yield performance
    finally:
        performance.end()
