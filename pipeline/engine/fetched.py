"""What a consumer has fetched, as records of the engine: made batch by batch, without a consumer's record each.

A consumer makes a frozen dataclass of every record, by a function of its own and through two iterators: a third of
what the bare reading of a small record costs. What is fetched, skipped and checked stays the consumer's.
"""

from collections.abc import Iterator
from itertools import islice
from sys import maxsize
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.consumer.fetcher import READ_COMMITTED, FetchResult
from aiokafka.errors import CorruptRecordException

from pipeline.engine.record import NO_HEADERS, Record


def read_whole(consumer: AIOKafkaConsumer, prefix: str = "") -> None:
    """Let `getmany` of a consumer that is started give the engine's records, topics without the app's prefix."""
    consumer._fetcher._records = Fetched(len(prefix))


class Fetched(dict[TopicPartition, Any]):
    """A fetcher's results by partition, each of which gives the engine's records."""

    def __init__(self, prefix: int) -> None:
        super().__init__()
        self._prefix = prefix

    def __setitem__(self, place: TopicPartition, found: Any) -> None:
        """Take in what was fetched of a partition, or the error instead."""
        if type(found) is FetchResult:
            found.getall = _Records(found, place, place.topic[self._prefix :]).take
        super().__setitem__(place, found)


class _Records:
    """The records of one answer for one partition, in as many parts as are asked for."""

    def __init__(self, found: Any, place: TopicPartition, topic: str) -> None:
        self._found = found
        self._place = place
        self._topic = topic
        self._fetched = found._partition_records
        self._rest: Iterator[Record] = iter(())
        self._behind = self._fetched.next_fetch_offset

    def take(self, max_records: int | None = None) -> list[Record]:
        """Give the next records; none where the partition is paused, or read from elsewhere, since it was fetched."""
        found, most = self._found, maxsize if max_records is None else max_records
        if not found.check_assignment(self._place) or not found.has_more():
            return []
        records: list[Record] = []
        while len(records) < most:
            wanted = most - len(records)
            taken = list(islice(self._rest, wanted))
            begin = self._fetched.next_fetch_offset
            # A position may lie within a batch, which comes whole.
            records += taken if not taken or taken[0].offset >= begin else [one for one in taken if one.offset >= begin]
            if len(taken) == wanted:
                self._fetched.next_fetch_offset = max(begin, taken[-1].offset + 1)
                continue
            self._fetched.next_fetch_offset = self._behind
            if not self._begin_batch():
                found._update_position()
                found._partition_records = None
                return records
        found._update_position()
        return records

    def _begin_batch(self) -> bool:
        """Go on to the next batch of records that count; tells whether there is one."""
        fetched = self._fetched
        while fetched._records.has_next():
            batch = fetched._records.next_batch()
            if fetched._check_crcs and not batch.validate_crc():
                raise CorruptRecordException(f"wrong checksum in {self._place.topic}-{self._place.partition}")
            if not self._aborted(batch) and not batch.is_control_batch:
                self._rest, self._behind = self._records(batch), batch.next_offset
                return True
            fetched.next_fetch_offset = batch.next_offset
        return False

    def _records(self, batch: Any) -> Iterator[Record]:
        topic, number = self._topic, self._place.partition
        return (
            Record(
                topic,
                number,
                one.offset,
                one.timestamp,
                one.key,
                one.value,
                dict(headers) if (headers := one.headers) else NO_HEADERS,
            )
            for one in batch
        )

    def _aborted(self, batch: Any) -> bool:
        fetched = self._fetched
        if fetched._isolation_level != READ_COMMITTED or batch.producer_id is None:
            return False
        fetched._consume_aborted_up_to(batch.base_offset)
        if batch.is_control_batch and fetched._contains_abort_marker(batch):
            fetched._aborted_producers.discard(batch.producer_id)
        return bool(batch.is_transactional and batch.producer_id in fetched._aborted_producers)
