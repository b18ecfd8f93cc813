"""Tables in memory that know their partitions: what a worker no longer owns is forgotten."""

from collections import ChainMap
from collections.abc import Callable, Iterable, MutableMapping
from typing import Any

import faust
from faust.stores.memory import Store
from faust.types import TP, EventT


class PartitionedStore(Store):  # type: ignore[misc]
    """One mapping a partition, from key to encoded value.

    Faust's own store is one mapping of all partitions, and keeps what was written here of partitions that have since
    been lost; when they come back, deleted keys would be there again.
    """

    def __post_init__(self) -> None:
        self.partitions: dict[int, dict[str, bytes]] = {}

    @property
    def data(self) -> MutableMapping[str, bytes]:
        """All partitions as one mapping, to be read."""
        return ChainMap(*self.partitions.values())

    def partition(self, number: int) -> dict[str, bytes]:
        """Give the entries of one partition."""
        return self.partitions.setdefault(number, {})

    def apply_changelog_batch(
        self, batch: Iterable[EventT], to_key: Callable[[Any], Any], to_value: Callable[[Any], Any]
    ) -> None:
        """Take changelog records in; what is deleted has no value."""
        del to_key, to_value
        topic = self.table.changelog_topic_name
        for event in batch:
            message = event.message
            # A record that arrives late in a rebalance may be handed to the table of the record before it.
            if message.topic != topic or message.key is None:
                continue
            entries = self.partition(message.partition)
            if message.value is None:
                entries.pop(message.key.decode(), None)
            else:
                entries[message.key.decode()] = message.value

    async def on_rebalance(
        self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP], generation_id: int = 0
    ) -> None:
        """Forget the partitions that are gone, and start those that come with nothing."""
        del assigned, generation_id
        for topic, number in revoked | newly_assigned:
            if topic == self.table.changelog_topic_name:
                self.partitions.pop(number, None)

    async def on_recovery_completed(self, active_tps: set[TP], standby_tps: set[TP]) -> None:
        """Forget what arrived of partitions that another worker has by now."""
        del standby_tps
        owned = {number for _, number in active_tps}
        for number in self.partitions.keys() - owned:
            del self.partitions[number]


class Table(faust.Table):  # type: ignore[misc]
    """A table whose changes a runner writes with the number of their partition."""

    def _new_store(self) -> PartitionedStore:
        return PartitionedStore(
            "memory://", self.app, self, table_name=self.name, key_type=bytes, value_type=bytes, loop=self.loop
        )
