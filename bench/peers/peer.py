"""What takes part: a command that does the counting job, and what must be known of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from bench.peers.job import Job


class Unavailable(Exception):  # noqa: N818 -- it says what the peer is, and the result repeats it.
    """A peer cannot run here; the message says why and goes into the result."""


def _no_changelog(_: Job) -> None:
    return None


def _ready() -> None:
    return None


@dataclass(frozen=True, kw_only=True)
class Peer:
    """One peer.

    `command` gives the command line that does a job; the process runs in the folder of the repository and is ended by
    SIGTERM. `changelog` names the topic of its table: it is made beforehand, compacted, with as many partitions as the
    input, the same for all; none where there is no table, and then recovery is not measured. `prepare` fetches and
    compiles what it needs, outside of all measurement; it may raise `Unavailable`. `most_events` is what a slow peer
    gets at most. `exactly_once` is what it promises,
    and what is then held against it over a restart too. `outputs` is "ends" for a floor that sends a record at its
    first and its last event, and "same" for an echo, which does not count.
    """

    name: str
    about: str
    command: Callable[[Job], list[str]]
    versions: Callable[[], dict[str, str]]
    changelog: Callable[[Job], str | None] = _no_changelog
    prepare: Callable[[], None] = _ready
    most_events: int = 2_000_000
    exactly_once: bool = True
    outputs: Literal["each", "ends", "same"] = "each"
    in_short: bool = False
