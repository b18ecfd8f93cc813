"""The process between an owner and its broker: when the owner goes, however it goes, it ends the broker.

Started as a script by its path, with the standard library alone, so that it costs an owner neither time nor memory.
Its standard input is a pipe from the owner. A byte on it: the broker is to live on by itself. Its end: the owner is
gone. The kernel closes the pipe of a process that was killed too, on Linux and macOS alike.
"""

import os
import select
import signal
import subprocess
import sys
from types import FrameType

STOP_SECONDS = 20.0
LOOK_SECONDS = 0.2


def main(command: list[str]) -> int:
    """Run `command` until it ends or its owner does; the first line out is its process id.

    Gives its exit code, 128 and the signal's number for a signal, as a shell does.
    """
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGHUP, _leave)
    owner = os.getppid()
    broker = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sys.stderr)  # noqa: S603 -- our own command line.
    try:
        sys.stdout.write(f"{broker.pid}\n")
        sys.stdout.flush()
        while broker.poll() is None:
            ready, _, _ = select.select([sys.stdin], [], [], LOOK_SECONDS)
            if ready and os.read(sys.stdin.fileno(), 1):
                return 0
            # A forked child of the owner may hold the pipe open; a new parent says that the owner is gone all the same.
            if ready or os.getppid() != owner:
                break
    except BaseException:
        _end(broker)
        raise
    code = _end(broker)
    return code if code >= 0 else 128 - code


def _end(broker: "subprocess.Popen[bytes]") -> int:
    broker.terminate()
    try:
        return broker.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        broker.kill()
        return broker.wait()


def _leave(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
