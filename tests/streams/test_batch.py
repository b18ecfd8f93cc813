from collections import Counter
from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from pipeline.engine.batch import Processor, Result
from pipeline.engine.overlay import Overlay
from pipeline.engine.record import Body, Message, Output, Record, Tables
from pipeline.engine.stage import Refuse, Sizes
from pipeline.events.rejected import Rejected
from pipeline.streams.letter import dead_letter, refused

SIZES = Sizes(free=frozenset(["rejected-events"]))


def record(offset: int, value: bytes | None) -> Record:
    return Record("emr-events", 3, offset, 1_000, b"key", value, {})


def refuse(record: Record, kind: str) -> Output:
    return refused(record, Rejected("not_processed", kind), "2026-01-31T09:00:00Z")


def process(body: Body, tables: dict[str, dict[str, bytes]], records: Sequence[Record], _refuse: Refuse) -> Result:
    return Processor(body, _refuse, SIZES).process(tables, records)


def keep(tables: Tables, records: Sequence[Record]) -> Output:
    """Keep each value under its text and pass it on; fail at what says so."""
    for one in records:
        tables["kept"][(one.value or b"").decode()] = one.value or b""
        if one.value == b"bad":
            raise KeyError("Maria Example")
        if one.value == b"no memory":
            raise MemoryError
        if one.value == b"large":
            tables["kept"]["large"] = b"x" * (SIZES.largest + 1)
    return Output([Message("out", None, one.value, 3, {}) for one in records], Counter({("seen",): len(records)}))


def test_a_record_that_a_body_raises_on_becomes_a_dead_letter_and_the_others_are_processed() -> None:
    messages, counts, changes, _ = process(
        keep, {"kept": {}}, [record(0, b"a"), record(1, b"bad"), record(2, b"c")], refuse
    )
    assert [message.topic for message in messages] == ["out", "rejected-events", "out"]
    assert changes == {"kept": {"a": b"a", "c": b"c"}}
    assert counts == {("seen",): 2, ("rejected", "not_processed"): 1}


def test_a_dead_letter_names_the_class_of_an_exception_and_not_its_text() -> None:
    (letter,) = process(keep, {"kept": {}}, [record(0, b"bad")], refuse).messages
    assert b'"detail":"KeyError"' in (letter.value or b"")
    assert b"Maria" not in (letter.value or b"")


def test_a_value_that_no_kafka_takes_is_its_records_fault() -> None:
    messages, _, changes, _ = process(keep, {"kept": {}}, [record(0, b"a"), record(1, b"large")], refuse)
    assert b'"detail":"TooLargeToKeep"' in (messages[1].value or b"")
    assert changes == {"kept": {"a": b"a"}}


def test_no_record_is_blamed_for_a_lack_of_memory() -> None:
    with pytest.raises(MemoryError):
        process(keep, {"kept": {}}, [record(0, b"no memory")], refuse)


def test_the_tables_are_as_they_were_until_a_batch_is_through() -> None:
    table = {"a": b"old"}
    process(keep, {"kept": table}, [record(0, b"a")], refuse)
    assert table == {"a": b"old"}


def test_a_dead_letter_without_key_and_value_says_so() -> None:
    letter = dead_letter(replace(record(0, None), key=None), Rejected("no_value", "none"), None)
    assert letter.key is None
    assert b'"key_base64":null,"value_base64":null' in (letter.value or b"")


def test_an_overlay_shows_what_was_written_over_what_lies_below() -> None:
    below = {"a": b"1", "b": b"2"}
    table = Overlay(below)
    del table["a"]
    table["c"] = b"3"
    assert dict(table) == {"b": b"2", "c": b"3"}
    assert (len(table), "a" in table, below) == (2, False, {"a": b"1", "b": b"2"})
    assert table.changes == {"a": None, "c": b"3"}
    with pytest.raises(KeyError):
        del table["a"]
