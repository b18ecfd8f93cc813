"""Several workers of one peer as one process: `python -m bench.peers.crew WORKERS FOLDER… -- COMMAND… -- COMMAND…`."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from bench.peers.job import Job

Command = Callable[[Job], list[str]]


def crew(workers: int, command: Command) -> Command:
    """Give the command that runs so many workers of a command, each with a folder of state of its own."""
    return lambda job: [sys.executable, "-m", "bench.peers.crew", *_lines(workers, command, job)]


def _lines(workers: int, command: Command, job: Job) -> list[str]:
    jobs = [replace(job, state=str(job.folder() / str(number))) for number in range(workers)]
    return [str(workers), *(one.state for one in jobs), *(part for one in jobs for part in ("--", *command(one)))]


def main() -> int:
    """Start all, pass the end on to all, and end badly when one of them does."""
    workers, rest = int(sys.argv[1]), sys.argv[2:]
    for folder in rest[:workers]:
        Path(folder).mkdir(parents=True, exist_ok=True)
    lines: list[list[str]] = []
    for part in rest[workers:]:
        if part == "--":
            lines.append([])
        else:
            lines[-1].append(part)
    processes = [subprocess.Popen(line) for line in lines]

    def end(*_: object) -> None:
        for process in processes:
            process.send_signal(signal.SIGTERM)

    signal.signal(signal.SIGTERM, end)
    return max(abs(process.wait()) for process in processes)


if __name__ == "__main__":
    sys.exit(main())
