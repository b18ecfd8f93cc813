"""A peer's process from outside: started, accounted for by the operating system, ended."""

import os
import signal
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import psutil

END_SECONDS = 30.0
ROOT = Path(__file__).parents[2]


class Account(NamedTuple):
    """What a process and its children have taken: seconds of processor, user and system; bytes of memory now."""

    cpu: float
    memory: int


class Running:
    """A process for as long as the `with` block lasts; all it says goes into the file `log`."""

    def __init__(self, command: list[str], log: Path) -> None:
        self._command, self._log = command, log
        self.account = Account(0.0, 0)
        self.peak = 0

    def __enter__(self) -> Self:
        with self._log.open("ab") as out:
            self.began = time.time()
            self._process = subprocess.Popen(
                self._command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
            )
        self._seen = psutil.Process(self._process.pid)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()

    def said(self) -> str:
        """Give the last of what it said."""
        return self._log.read_text("utf-8", "replace")[-2_000:]

    def check(self) -> None:
        """Do nothing while it runs, or has ended well.

        Errors: `RuntimeError` when it has failed, with the last of what it said.
        """
        if self._process.poll():
            raise RuntimeError(f"{self._command[0]} ended with {self._process.returncode}:\n{self.said()}")

    def look(self) -> Account:
        """Take its account; of a process that has ended, the last one.

        Errors: as `check`.
        """
        self.check()
        try:
            cpu, memory = 0.0, 0
            for process in (self._seen, *self._seen.children(recursive=True)):
                # Of its children's children only those that it has waited for; the living ones are looked at here.
                cpu += sum(process.cpu_times()[:4])
                memory += process.memory_info().rss
        except psutil.Error:
            return self.account
        self.account = Account(cpu, memory) if cpu else self.account
        self.peak = max(self.peak, memory, _highest(self._process.pid))
        return self.account


def _highest(pid: int) -> int:
    """Give the most memory that it ever had, in bytes, where the system tells; a sample misses a short peak."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), 0)
