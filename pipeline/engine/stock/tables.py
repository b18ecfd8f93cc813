"""Tables in memory that know their partitions: what a worker no longer owns is forgotten."""

from collections import ChainMap
from collections.abc import Iterable, MutableMapping
from typing import Any

import faust
from faust.stores.memory import Store
from faust.types import TP


class PartitionedStore(Store):  # type: ignore[misc]
    """One mapping a partition, from key to encoded value; the app's loader fills them.

    Faust's own store is one mapping of all partitions, and keeps what was written here of partitions that have since
    been lost; when they come back, deleted keys would be there again.
    """

    def __post_init__(self) -> None:
        self.partitions: dict[int, MutableMapping[str, bytes]] = {}

    @property
    def data(self) -> MutableMapping[str, bytes]:
        """All partitions as one mapping, to be read."""
        return ChainMap(*self.partitions.values())

    def partition(self, number: int) -> MutableMapping[str, bytes]:
        """Give the entries of one partition."""
        return self.partitions.setdefault(number, {})

    def apply_changelog_batch(self, batch: Iterable[Any], to_key: Any, to_value: Any) -> None:
        """Take nothing of what Faust reads of a changelog by itself."""

    async def on_recovery_completed(self, active_tps: set[TP], standby_tps: set[TP]) -> None:
        """Leave what was loaded as it is."""


class Table(faust.Table):  # type: ignore[misc]
    """A table whose changes a runner writes with the number of their partition."""

    def _new_store(self) -> PartitionedStore:
        return PartitionedStore(
            "memory://", self.app, self, table_name=self.name, key_type=bytes, value_type=bytes, loop=self.loop
        )
