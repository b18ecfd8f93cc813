"""Writes the peers' locks anew: `python -m bench.peers.lock`, when a version in `requirements.in` or here changes.

Quix Streams is no dependency of the package or its tests: its lock is its own. It is resolved by `uv`, which is
installed for it as `make lock` does.
"""

import hashlib
import subprocess
import sys

import jgo

from bench.peers.environment import REQUIREMENTS
from bench.peers.java import LOCK
from pipeline.broker.jars import Jar

STREAMS = ("org.apache.kafka:kafka-streams:4.2.2", "org.slf4j:slf4j-simple:1.7.36")
COMPILER = ("org.eclipse.jdt:ecj:3.46.100",)
COMMAND = "python -m bench.peers.lock"


def resolved() -> list[Jar]:
    """Give every jar that Kafka Streams and the compiler need, as the repository has them now."""
    # Apart: versions of the one must not bend those of the other.
    found = (artifact for roots in (STREAMS, COMPILER) for artifact in jgo.resolve("+".join(roots)))
    jars = (
        Jar(hashlib.sha256(a.resolve().read_bytes()).hexdigest(), a.groupId, a.artifactId, a.version) for a in found
    )
    return sorted(jars, key=lambda jar: jar[1:])


def text(jars: list[Jar]) -> str:
    """Give the lock as it is written."""
    head = f"# Kafka Streams and a compiler: SHA-256, group:artifact:version. Written by `{COMMAND}`."
    return "\n".join([head, *(f"{sha256}  {':'.join(coordinates)}" for sha256, *coordinates in jars), ""])


def main() -> None:
    LOCK.write_text(text(resolved()), "ascii")
    python = [sys.executable, "-m"]
    subprocess.run([*python, "pip", "install", "--quiet", "uv"], check=True)
    options = ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-annotate", "--quiet", "--upgrade"]
    told = ["--custom-compile-command", COMMAND, "-o", REQUIREMENTS.name, REQUIREMENTS.with_suffix(".in").name]
    subprocess.run([*python, "uv", "pip", "compile", *options, *told], check=True, cwd=REQUIREMENTS.parent)


if __name__ == "__main__":
    main()
