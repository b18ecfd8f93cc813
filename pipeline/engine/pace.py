"""How fast an engine goes, how much it holds, and how long it bears with Kafka."""

from typing import NamedTuple


class Pace(NamedTuple):
    """The settings of an engine; seconds, bytes, records.

    A partition number that owes something commits `commit_seconds` after its last commit, sooner when it owes
    `commit_bytes`; what owes `owed_bytes`, or of `owed_records`, is not read on. `close_seconds` is what a number that
    is taken away has to commit, `leave_seconds` how long a worker that is told to stop goes on while others load its
    tables, `open_seconds` how long a number may fail to open before the worker ends. `instance` names a member that
    keeps its numbers over a restart shorter than the session, and hands none over when it stops; None: none does.
    """

    commit_seconds: float = 0.05
    commit_bytes: int = 4_194_304
    owed_bytes: int = 33_554_432
    owed_records: int = 100_000
    poll_records: int = 4_000
    poll_seconds: float = 0.1
    close_seconds: float = 5.0
    leave_seconds: float = 10.0
    open_seconds: float = 30.0
    session_seconds: float = 6.0
    heartbeat_seconds: float = 0.2
    request_seconds: float = 20.0
    instance: str | None = None
