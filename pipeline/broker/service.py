"""The broker in the background: started, stopped and looked at by commands that do not stay."""

from typing import Literal

import msgspec

from pipeline.broker.embedded import EmbeddedBroker, end
from pipeline.broker.home import Home
from pipeline.broker.jars import Progress
from pipeline.broker.release import NEWEST
from pipeline.errors import Refused
from pipeline.settings import Settings


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """What `kxwatch broker status` tells; sizes in bytes, null where nothing runs."""

    running: bool
    address: str | None
    pid: int | None
    version: str
    home: str
    data_bytes: int
    memory_bytes: int | None
    lives: Literal["by itself", "with its owner"] | None


def running(settings: Settings) -> str | None:
    """Give the address of the embedded broker that serves this home and is ready; none when none does."""
    serving = Home(settings.home).serving()
    return serving.address if serving and serving.ready and not serving.orphaned() else None


def start(settings: Settings, *, reset: bool = False, progress: Progress | None = None) -> tuple[str, bool]:
    """Start the broker so that it outlives this process; give its address, and whether it was started just now.

    `reset` begins with an empty data folder and keeps the old one beside it.

    Errors: `Refused` when it cannot start.
    """
    broker = EmbeddedBroker(settings, progress=progress)
    try:
        broker.start(reset=reset)
    except Refused:
        if reset or not (address := running(settings)):
            raise
        return address, False
    return broker.detach(), True


def stop(settings: Settings) -> bool:
    """Stop the broker that serves this home cleanly; tell whether there was one."""
    home = Home(settings.home)
    if not home.folder.exists():
        return False
    with home.alone():
        serving = home.serving()
        if serving:
            end(serving)
            home.left(serving)
    return serving is not None


def status(settings: Settings) -> Status:
    """Give what is known of the broker of this home."""
    home = Home(settings.home)
    serving = home.serving()
    process = serving.process() if serving else None
    return Status(
        running=running(settings) is not None,
        address=serving.address if serving else None,
        pid=serving.pid if serving else None,
        version=NEWEST.version,
        home=str(home.folder),
        data_bytes=home.data_bytes(),
        memory_bytes=process.memory_info().rss if process else None,
        lives=None if serving is None else "by itself" if serving.owner is None else "with its owner",
    )
