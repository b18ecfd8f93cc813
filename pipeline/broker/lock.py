"""Writes the locks anew: `python -m pipeline.broker.lock`, when the version of a release changes."""

import hashlib
from pathlib import Path

import jgo

from pipeline.broker.jars import Jar
from pipeline.broker.release import RELEASES, Release


def resolved(release: Release) -> list[Jar]:
    """Give every jar that a release needs, as the repository has them now."""
    found = (
        Jar(hashlib.sha256(a.resolve().read_bytes()).hexdigest(), a.groupId, a.artifactId, a.version)
        for a in jgo.resolve("+".join(release.roots))
    )
    return sorted(found, key=lambda jar: jar[1:])


def text(jars: list[Jar]) -> str:
    """Give a lock as it is written."""
    head = "# The jars of Kafka: SHA-256, group:artifact:version. Written by `python -m pipeline.broker.lock`."
    return "\n".join([head, *(f"{sha256}  {':'.join(coordinates)}" for sha256, *coordinates in jars), ""])


if __name__ == "__main__":
    for release in RELEASES:
        Path(__file__).with_name(release.lock).write_text(text(resolved(release)), "ascii")
