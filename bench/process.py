"""A command as a whole process: what it took by the operating system's own account."""

import os
import subprocess
import sys
import time
from typing import NamedTuple

KIBIBYTE = 1 if sys.platform == "darwin" else 1024
"""The unit of ru_maxrss, in bytes."""


class Usage(NamedTuple):
    """Seconds of processor, seconds by the clock, bytes of memory at the most."""

    cpu: float
    wall: float
    peak: int


def measure(command: list[str]) -> Usage:
    """Run a command to its end; a failure of it is an error."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return Usage(used.ru_utime + used.ru_stime, time.perf_counter() - began, used.ru_maxrss * KIBIBYTE)
