"""Homes for brokers of a test's own, and ports that nobody listens on."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

from pipeline.settings import PREFIX, Settings, default_home

JARS = Path(os.environ.get(f"{PREFIX}HOME") or default_home()).absolute() / "jars"
"""The user's own jars, read before the environment is cleared: a test run fetches nothing twice."""

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
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
