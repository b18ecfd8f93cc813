"""One partition of a topic in memory: records, transactions' marks, and what a reader of committed records sees."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from typing import NamedTuple

OPEN, COMMITTED, ABORTED = "open", "committed", "aborted"
NO_HEADERS: Mapping[str, bytes] = {}


class Transaction:
    """What a producer writes at once; `offsets` are the group's, by topic and number."""

    def __init__(self, writer: str) -> None:
        self.writer = writer
        self.state = OPEN
        self.logs: set[Log] = set()
        self.offsets: dict[tuple[str, int], int] = {}


class Stored(NamedTuple):
    """A record as the log holds it; `turn` is its place among all records of all topics."""

    offset: int
    turn: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Mapping[str, bytes]
    transaction: Transaction | None


class Log:
    """Records by offset; a mark of a transaction takes an offset, too."""

    def __init__(self) -> None:
        self.end = 0
        self._records: list[Stored] = []
        self._open: dict[Transaction, int] = {}

    def add(
        self,
        records: Iterable[tuple[bytes | None, bytes | None, Mapping[str, bytes]]],
        turn: int,
        timestamp_ms: int,
        transaction: Transaction | None = None,
    ) -> int:
        """Append records, of a transaction or of none; give how many."""
        begin = self.end
        for key, value, headers in records:
            self._records.append(
                Stored(self.end, turn + self.end - begin, timestamp_ms, key, value, headers, transaction)
            )
            self.end += 1
        if transaction is not None:
            self._open.setdefault(transaction, begin)
            transaction.logs.add(self)
        return self.end - begin

    def mark(self, transaction: Transaction) -> None:
        """Note that a transaction has ended."""
        del self._open[transaction]
        self.end += 1

    @property
    def stable(self) -> int:
        """The last stable offset: nothing before it is open."""
        return min(self._open.values(), default=self.end)

    def read(self, begin: int, most: int | None = None) -> tuple[list[Stored], int]:
        """Give committed records from an offset on, and the offset to read on from: past marks and what was aborted."""
        end = self.stable
        found: list[Stored] = []
        place = bisect_left(self._records, begin, key=lambda record: record.offset)
        for record in self._records[place:]:
            if record.offset >= end:
                break
            if record.transaction is None or record.transaction.state == COMMITTED:
                if len(found) == most:
                    return found, record.offset
                found.append(record)
        return found, max(begin, end)

    def compact(self) -> None:
        """Keep of each key the last committed record, as far as the log is stable; offsets stay."""
        end = self.stable
        last = {record.key: record.offset for record in self.read(0)[0]}
        self._records = [
            record for record in self._records if record.offset >= end or last.get(record.key) == record.offset
        ]
