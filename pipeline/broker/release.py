"""The releases of Apache Kafka that kxwatch is tested on, and what one is told otherwise than another."""

from typing import NamedTuple


class Release(NamedTuple):
    """One release: its version, its jars, and how it learns of its one controller."""

    version: str
    lock: str
    """The file, beside this one, that names its jars."""
    format_flags: tuple[str, ...]
    quorum: tuple[str, str]
    """The setting that names the controller, and what stands before the controller's address there."""

    @property
    def roots(self) -> tuple[str, ...]:
        """What is asked for, group:artifact:version; the lock holds these and all that they need."""
        return f"org.apache.kafka:kafka_2.13:{self.version}", "org.slf4j:slf4j-simple:1.7.36"


NEWEST = Release("4.2.2", "jars.lock", ("--standalone",), ("controller.quorum.bootstrap.servers", ""))
"""What the embedded broker is."""
OLDEST = Release("3.7.2", "jars-oldest.lock", (), ("controller.quorum.voters", "1@"))
"""The oldest that a network's own Kafka may be, for tests; its voters are a setting, since 3.9 they are in the data."""
RELEASES = NEWEST, OLDEST
