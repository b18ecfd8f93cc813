"""The Python environment of Quix Streams: its own, in the cache folder, by its own lock."""

import hashlib
import re
import subprocess
import sys
import venv
from pathlib import Path

from bench.peers.job import Job
from bench.peers.peer import Unavailable
from pipeline.settings import default_home

HERE = Path(__file__).parent
PROGRAM = HERE / "quix.py"
REQUIREMENTS = HERE / "requirements.lock"
SHOWN = ("quixstreams", "confluent-kafka", "rocksdict")


def prepare() -> None:
    """Make the environment if it is not there; another lock is another environment.

    Errors: `Unavailable` when something cannot be installed.
    """
    folder = _folder()
    ready = folder / ".ready"
    if ready.exists():
        return
    venv.create(folder, with_pip=True, clear=True)
    line = [str(_python()), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    done = subprocess.run([*line, "-r", str(REQUIREMENTS)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unavailable(f"{REQUIREMENTS.name} could not be installed: {done.stderr[-500:]}")
    ready.touch()


def command(job: Job, commit: str) -> list[str]:
    """Give the command that runs the job; `commit` is milliseconds or default."""
    return [str(_python()), str(PROGRAM), job.text(), commit]


def versions() -> dict[str, str]:
    """Give the versions of what runs, as they are locked."""
    found = dict(re.findall(r"^([\w-]+)==(\S+)", REQUIREMENTS.read_text("ascii"), re.MULTILINE))
    return {name: found[name] for name in SHOWN}


def _folder() -> Path:
    lock = hashlib.sha256(REQUIREMENTS.read_bytes() + sys.version.encode()).hexdigest()
    return default_home() / "bench" / f"quix-{lock[:12]}"


def _python() -> Path:
    return _folder() / "bin" / "python"
