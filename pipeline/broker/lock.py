"""Writes `jars.lock` anew: `python -m pipeline.broker.lock`, when the version of Kafka changes."""

import hashlib
from pathlib import Path

import jgo

from pipeline.broker.jars import ROOTS, Jar


def resolved() -> list[Jar]:
    """Give every jar that the roots need, as the repository has them now."""
    found = (
        Jar(hashlib.sha256(a.resolve().read_bytes()).hexdigest(), a.groupId, a.artifactId, a.version)
        for a in jgo.resolve("+".join(ROOTS))
    )
    return sorted(found, key=lambda jar: jar[1:])


def text(jars: list[Jar]) -> str:
    """Give the lock as it is written."""
    head = "# The embedded Kafka's jars: SHA-256, group:artifact:version. Written by `python -m pipeline.broker.lock`."
    return "\n".join([head, *(f"{sha256}  {':'.join(coordinates)}" for sha256, *coordinates in jars), ""])


if __name__ == "__main__":
    Path(__file__).with_name("jars.lock").write_text(text(resolved()), "ascii")
