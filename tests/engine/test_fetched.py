"""What a consumer has fetched comes as the engine's records, exactly those that the consumer itself would give."""

import struct
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import READ_COMMITTED, FetchResult, PartitionRecords
from aiokafka.errors import CorruptRecordException
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.record.util import calc_crc32c_py

from pipeline.engine.fetched import Fetched
from pipeline.engine.record import Record
from pipeline.engine.transaction import _Batches

PLACE = TopicPartition("net-events", 3)
ABORTED, COMMITTED = 7, 8
GZIP = 1


def batch(
    begin: int, count: int, producer: int = -1, *, codec: int = 0, control: bytes | None = None, skip: int = 0
) -> bytes:
    """Give a batch of records `count` from an offset on; `control` makes it a transaction's mark, of that type."""
    builder = DefaultRecordBatchBuilder(2, codec, int(producer >= 0), producer, 0, 0, 1_000_000)
    for place in range(skip, count):
        key, value = (control, b"\0" * 6) if control else (b"k%d" % (begin + place), b"v" * place or None)
        headers = [("h", b"%d" % place)] if place % 2 else []
        assert builder.append(place, 1_700_000_000_000 + place, key, value, headers) is not None
    data = bytearray(builder.build())
    struct.pack_into(">q", data, 0, begin)
    if control:
        return _marked(data)
    return bytes(data)


def _marked(data: bytearray) -> bytes:
    """Set the bit of a control batch, and the checksum anew."""
    (attributes,) = struct.unpack_from(">h", data, 21)
    struct.pack_into(">h", data, 21, attributes | 0x20)
    struct.pack_into(">I", data, 17, calc_crc32c_py(bytes(data[21:])))
    return bytes(data)


def answer(data: bytes, begin: int, aborted: Any = None) -> tuple[Any, Any]:
    """Give what a fetcher makes of an answer, and the state of its partition."""
    state = SimpleNamespace(position=begin, paused=False)
    state.consumed_to = lambda at: setattr(state, "position", at)
    assignment = SimpleNamespace(active=True, state_value=lambda _: state)
    records = PartitionRecords(PLACE, MemoryRecords(data), aborted, begin, None, None, True, READ_COMMITTED)
    return FetchResult(PLACE, assignment=assignment, partition_records=records, backoff=0), state


def ours(data: bytes, begin: int, aborted: Any = None, most: int | None = None) -> tuple[list[Record], int]:
    """Give what comes by way of the engine, and the position behind it."""
    found, state = answer(data, begin, aborted)
    fetched = Fetched(len("net-"))
    fetched[PLACE] = found
    records: list[Record] = []
    while fetched[PLACE].has_more():
        records += fetched[PLACE].getall(most)
    return records, state.position


def theirs(data: bytes, begin: int, aborted: Any = None) -> tuple[list[Record], int]:
    found, state = answer(data, begin, aborted)
    records = [
        Record("events", 3, one.offset, one.timestamp, one.key, one.value, dict(one.headers)) for one in found.getall()
    ]
    return records, state.position


ABORT, COMMIT = b"\0\0\0\0", b"\0\0\0\1"
ANSWERS = {
    "one batch": (batch(0, 5), 0, None),
    "several batches": (batch(0, 5) + batch(5, 1) + batch(6, 9), 0, None),
    "a position within a batch": (batch(0, 5) + batch(5, 3), 3, None),
    "compressed": (batch(0, 50, codec=GZIP) + batch(50, 3), 0, None),
    "a batch whose beginning was compacted away": (batch(10, 8, skip=4) + batch(30, 2), 10, None),
    "marks of transactions": (batch(0, 3, COMMITTED) + batch(3, 1, COMMITTED, control=COMMIT) + batch(4, 2), 0, None),
    "a mark at the end": (batch(0, 3, COMMITTED) + batch(3, 1, COMMITTED, control=COMMIT), 0, None),
    "a transaction that was aborted": (
        batch(0, 3, ABORTED) + batch(3, 2, COMMITTED) + batch(5, 1, ABORTED, control=ABORT) + batch(6, 2, ABORTED),
        0,
        [(ABORTED, 0)],
    ),
    "nothing but what was aborted": (batch(0, 3, ABORTED), 0, [(ABORTED, 0)]),
}


@pytest.mark.parametrize("most", [None, 1, 2, 3, 5, 1_000])
@pytest.mark.parametrize("name", ANSWERS)
def test_the_same_records_come_as_from_the_consumer(name: str, most: int | None) -> None:
    data, begin, aborted = ANSWERS[name]
    assert ours(data, begin, aborted, most) == theirs(data, begin, aborted)


def test_a_read_gives_no_more_than_it_is_asked_for() -> None:
    found, state = answer(batch(0, 5) + batch(5, 5), 0)
    fetched = Fetched(len("net-"))
    fetched[PLACE] = found
    taken = found.getall(7)
    assert [record.offset for record in taken] == list(range(7))
    assert state.position == 7


def test_what_was_fetched_before_the_partition_was_read_from_elsewhere_is_not_given() -> None:
    found, state = answer(batch(0, 5), 0)
    fetched = Fetched(0)
    fetched[PLACE] = found
    state.position = 2
    assert found.getall(10) == []
    assert not found.has_more()


def test_a_paused_partition_gives_nothing() -> None:
    found, state = answer(batch(0, 5), 0)
    fetched = Fetched(0)
    fetched[PLACE] = found
    state.paused = True
    assert found.getall(10) == []


def test_a_batch_that_was_damaged_on_its_way_is_an_error() -> None:
    data = bytearray(batch(0, 5))
    data[-1] ^= 1
    with pytest.raises(CorruptRecordException, match="net-events-3"):
        ours(bytes(data), 0)


def test_batches_are_filled_one_after_the_other_and_know_how_many_they_hold() -> None:
    batches = _Batches(lambda: BatchBuilder(300, 0, is_transactional=True), 1_700_000_000_000)
    for place in range(20):
        batches.add(b"k%d" % place, bytes(50), [("h", b"1")])
    batches.add(b"large", bytes(1_000), [])
    held = [one.record_count() for one in batches.filled]
    assert len(held) > 3
    assert sum(held) == 21
    read = []
    for one in batches.filled:
        one.close()
        records = MemoryRecords(bytes(one._build()))
        while records.has_next():
            read += [record.key for record in records.next_batch()]
    assert read == [b"k%d" % place for place in range(20)] + [b"large"]
