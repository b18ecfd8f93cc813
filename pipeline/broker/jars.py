"""The jars of Apache Kafka: fetched once, checked against our lock at every start."""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import NamedTuple

from pipeline.broker import failure
from pipeline.broker.release import NEWEST, Release
from pipeline.errors import Refused

Progress = Callable[[str, int, int], None]
"""Told before each download: the jar's file name, how many are done, how many there are."""


class Jar(NamedTuple):
    """One line of the lock."""

    sha256: str
    group: str
    artifact: str
    version: str

    @property
    def filename(self) -> str:
        """The name it has in a repository, and here."""
        return f"{self.artifact}-{self.version}.jar"


def locked(release: Release) -> list[Jar]:
    """Give the jars of a release's lock, in its order."""
    text = resources.files("pipeline.broker").joinpath(release.lock).read_text("ascii")
    lines = (line.split() for line in text.splitlines() if line and not line.startswith("#"))
    return [Jar(sha256, *coordinates.split(":")) for sha256, coordinates in lines]


def classpath(folder: Path, progress: Progress | None = None, release: Release = NEWEST) -> str:
    """Give the class path of a release of Kafka, fetching into `folder` what is not there.

    Every jar is hashed every time: 45 MB take less than 0.1 s, and no stamp can be wrong.

    Errors: `Refused` when a jar cannot be fetched or is not the locked one.
    """
    with failure.of_the_disk(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        jars = locked(release)
        if missing := [jar for jar in jars if not (folder / jar.filename).is_file()]:
            with _alone(folder):
                _fetch(missing, folder, progress or (lambda *_: None))
        for jar in jars:
            _check(jar, folder / jar.filename)
    return os.pathsep.join(str(folder / jar.filename) for jar in jars)


def _fetch(missing: list[Jar], folder: Path, progress: Progress) -> None:
    """Put each jar in place only when it is whole and right: an interrupted download leaves nothing behind."""
    try:
        from jgo.config import GlobalSettings  # noqa: PLC0415 -- an extra that only the embedded broker needs.
        from jgo.constants import MAVEN_CENTRAL_URL  # noqa: PLC0415 -- as above.
        from jgo.maven import MavenContext  # noqa: PLC0415 -- as above.
    except ImportError:
        raise failure.extra_missing() from None
    unchecked = folder / ".unchecked"
    shutil.rmtree(unchecked, ignore_errors=True)
    # A network's own mirror, as its people have told jgo, comes first; what it serves is checked all the same.
    repositories = {**GlobalSettings.load().repositories, "central": MAVEN_CENTRAL_URL}
    context = MavenContext(repo_cache=unchecked, local_repos=[], remote_repos=repositories)
    try:
        for done, jar in enumerate(missing):
            target = folder / jar.filename
            if target.is_file():  # Another process fetched it while this one waited.
                continue
            progress(jar.filename, done, len(missing))
            with failure.of_the_network(jar.filename, folder):
                path = context.project(jar.group, jar.artifact).at_version(jar.version).artifact().resolve()
            _check(jar, path)
            path.replace(target)
        progress("", len(missing), len(missing))
    finally:
        shutil.rmtree(unchecked, ignore_errors=True)


def _check(jar: Jar, path: Path) -> None:
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != jar.sha256:
        path.unlink()
        raise Refused(
            f"{path.name} is not the jar that kxwatch was tested with (its SHA-256 is {found[:12]}…, not "
            f"{jar.sha256[:12]}…): it was removed; try again, and if it comes back so, tell whoever runs the repository"
        )


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one process fetch at a time; the next one finds the jars there."""
    with (folder / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
