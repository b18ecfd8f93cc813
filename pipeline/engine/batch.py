"""One batch of one partition: the body called, and what it cannot process set aside as dead letters."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pipeline.engine.errors import StoreError
from pipeline.engine.overlay import Overlay
from pipeline.engine.record import Body, Count, Message, Record
from pipeline.engine.stage import Refuse, Sizes

Changes = Mapping[str, Mapping[str, bytes | None]]
"""The values written, by table and key; None for what was deleted."""


class Result(NamedTuple):
    """What a batch comes to: messages in the order of their causes, counts, changes by table and key.

    `size` is what messages and changes take, bytes, a character of a key counted as the four that it may be.
    """

    messages: list[Message]
    counts: Counter[Count]
    changes: Changes
    size: int = 0


class TooLargeToKeep(Exception):  # noqa: N818 -- its name is the detail of a dead letter.
    """A value that the body gave is larger than a record may be."""


class NoSuchPartition(Exception):  # noqa: N818 -- as above.
    """A message is for a partition that its topic does not have."""


Widths = dict[str, int]
"""How many partitions a topic has, by its name without the prefix; of those that were sent to where there is none."""


class Processor:
    """A body, and what becomes of a record that it cannot process."""

    def __init__(self, body: Body, refuse: Refuse, sizes: Sizes, widths: Widths | None = None) -> None:
        self._body = body
        self._refuse = refuse
        self._sizes = sizes
        self._widths = {} if widths is None else widths

    def process(self, tables: Mapping[str, Mapping[str, bytes]], records: Sequence[Record]) -> Result:
        """Call the body with a batch; where it raises, with one record after the other.

        A record with which it raises even then becomes a dead letter, and leaves no trace in the tables. `tables` are
        not touched.

        Errors: MemoryError and `StoreError`, which no record is blamed for.
        """
        # Whatever a message makes a body do, the next message must come through.
        return self.whole(tables, records) or self._one_by_one(tables, records)

    def whole(self, tables: Mapping[str, Mapping[str, bytes]], records: Sequence[Record]) -> Result | None:
        """Call the body with a batch; None where it raises.

        Errors: MemoryError and `StoreError`.
        """
        try:
            return self._attempt(tables, records)
        except (MemoryError, StoreError):
            raise
        except Exception:  # noqa: BLE001 -- who calls has another way for these records.
            return None

    def _one_by_one(self, tables: Mapping[str, Mapping[str, bytes]], records: Sequence[Record]) -> Result:
        messages: list[Message] = []
        counts: Counter[Count] = Counter()
        kept = {name: Overlay(table) for name, table in tables.items()}
        size = 0
        for record in records:
            try:
                sent, counted, changes, taken = self._attempt(kept, (record,))
            except (MemoryError, StoreError):
                raise
            except Exception as error:  # noqa: BLE001 -- as above.
                # The exception's text may quote the record, and so identify a person; its class cannot.
                sent, counted = self._refuse(record, type(error).__name__)
                changes, taken = {}, sum(_sizes(sent))
            messages += sent
            counts += counted
            size += taken
            for name, changed in changes.items():
                kept[name].changes.update(changed)
        return Result(messages, counts, {name: table.changes for name, table in kept.items()}, size)

    def _attempt(self, tables: Mapping[str, Mapping[str, bytes]], records: Sequence[Record]) -> Result:
        overlays = {name: Overlay(table) for name, table in tables.items()}
        messages, counts = self._body(overlays, records)
        changes = {name: overlay.changes for name, overlay in overlays.items()}
        if (widths := self._widths) and any(
            not 0 <= message.partition < widths.get(message.topic, message.partition + 1) for message in messages
        ):
            raise NoSuchPartition
        largest, free = self._sizes
        size = 0
        for changed in changes.values():
            # A character is four bytes at most.
            sizes = [4 * len(key) + len(value or b"") for key, value in changed.items()]
            if sizes and max(sizes) > largest:
                raise TooLargeToKeep
            size += sum(sizes)
        sizes = _sizes(messages)
        if sizes and max(sizes) > largest:
            for message, taken in zip(messages, sizes, strict=True):
                if taken > largest and message.topic not in free:
                    raise TooLargeToKeep
        return Result(messages, counts, changes, size + sum(sizes))


def _sizes(messages: Sequence[Message]) -> list[int]:
    return [len(message.value or b"") + len(message.key or b"") for message in messages]
