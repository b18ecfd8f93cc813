"""Homes for brokers of a test's own, and ports that nobody listens on."""

import os
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import SystemRandom

from pipeline.settings import PREFIX, Settings, default_home

JARS = Path(os.environ.get(f"{PREFIX}HOME") or default_home()).absolute() / "jars"
"""The user's own jars, read before the environment is cleared: a test run fetches nothing twice."""
PORTS = range(20_000, 32_000)
"""Below those that outgoing connections are given: what is free stays so until its test listens there."""

MakeHome = Callable[..., Path]
MakeSettings = Callable[..., Settings]


def new_home(folder: Path) -> Path:
    """Make a home folder there that shares the user's jars."""
    JARS.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / "jars").symlink_to(JARS, target_is_directory=True)
    return folder


def free_port() -> int:
    """Give a port of loopback that nobody listens on."""
    (port,) = free_ports(1)
    return port


def free_ports(count: int) -> list[int]:
    """Give so many ports of loopback that nobody listens on."""
    found: list[int] = []
    while len(found) < count:
        # The processes of a run draw alike from what is seeded.
        port = SystemRandom().choice(PORTS)
        with socket.socket() as listener, suppress(OSError):
            listener.bind(("127.0.0.1", port))
            found += [port] if port not in found else []
    return found
