"""The state of one partition number: what goes in between two snapshots has happened at once."""

from collections import Counter
from collections.abc import Callable, Sequence

import pytest
from engine.counting import count, refuse

from pipeline.engine.batch import Processor
from pipeline.engine.partition import Agent, Partition
from pipeline.engine.record import Message, Output, Record, Tables
from pipeline.engine.stage import Sizes, Stage
from pipeline.engine.store import Depot

BodyOf = Callable[[Tables, Sequence[Record]], Output]


def partition(body: BodyOf = count, *more: Agent, largest: int = 1000) -> Partition:
    sizes = Sizes(largest, frozenset({"letters"}))
    agents = [Agent(Stage("count", ("words",), ("counts",), body), Processor(body, refuse, sizes)), *more]
    return Partition(3, agents, Depot().open("app", 3, {"counts": "app-counts"}), {"words": 10, "others": 0})


def record(offset: int, key: str = "a", value: bytes | None = b"", topic: str = "words") -> Record:
    return Record(topic, 3, offset, 0, key.encode(), value, {})


def test_what_was_taken_before_is_left_out() -> None:
    number = partition()
    number.take("words", [record(9), record(10), record(11)], 12)
    number.take("words", [record(10), record(11), record(12)], 13)
    number.take("words", [record(10)], 11)
    assert dict(number.stores["counts"]) == {"a": b"3"}
    assert number.positions == {"words": 13, "others": 0}


def test_a_snapshot_is_whole_and_taken_once() -> None:
    number = partition()
    number.take("words", [record(10), record(11, "b")], 12)
    number.take("words", [record(13), record(14, "b", b"forget")], 16)
    assert number.owes
    taken = number.snapshot()
    assert taken.changes == {"counts": {"a": b"2", "b": None}}
    assert [(message.key, message.value) for message in taken.messages] == [
        (b"a", b"1"),
        (b"b", b"1"),
        (b"a", b"2"),
        (b"b", None),
    ]
    assert taken.positions == {"words": 16, "others": 0}
    assert [len(outcome.records) for outcome in taken.outcomes] == [2, 2]
    assert not number.owes
    assert number.owed_bytes == 0


def test_what_an_error_that_is_no_records_fault_leaves_half_taken_is_never_owed() -> None:
    def full(_: Tables, __: Sequence[Record]) -> Output:
        raise MemoryError

    second = Agent(Stage("full", ("words",), (), full), Processor(full, refuse, Sizes()))
    number = partition(count, second)
    number.take("others", [], 5)
    with pytest.raises(MemoryError):
        number.take("words", [record(10)], 11)
    assert not number.owes


def test_a_snapshot_does_not_change_with_what_comes_after_it() -> None:
    number = partition()
    number.take("words", [record(10)], 11)
    first = number.snapshot()
    number.take("words", [record(11)], 12)
    assert (first.changes, first.positions["words"]) == ({"counts": {"a": b"1"}}, 11)
    assert number.snapshot().changes == {"counts": {"a": b"2"}}


def test_what_is_no_record_moves_a_position_and_nothing_else() -> None:
    number = partition()
    number.advance("words", 10)
    assert not number.owes
    number.advance("words", 12)
    taken = number.snapshot()
    assert (taken.changes, taken.messages, taken.positions["words"]) == ({}, [], 12)


def test_a_body_that_raises_costs_one_dead_letter_and_no_other_record() -> None:
    number = partition()
    number.take("words", [record(10), record(11, "b", b"poison"), record(12), record(13, "b")], 14)
    taken = number.snapshot()
    assert taken.changes == {"counts": {"a": b"2", "b": b"1"}}
    assert [(message.topic, message.key, message.value) for message in taken.messages] == [
        ("results", b"a", b"1"),
        ("letters", b"b", b"ValueError"),
        ("results", b"a", b"2"),
        ("results", b"b", b"1"),
    ]
    assert taken.outcomes[0].counts == {("words",): 3, ("letters",): 1}


def test_a_lack_of_memory_is_blamed_on_no_record() -> None:
    def body(_tables: Tables, _records: Sequence[Record]) -> Output:
        raise MemoryError

    with pytest.raises(MemoryError):
        partition(body).take("words", [record(10)], 11)


@pytest.mark.parametrize("where", ["kept", "sent"])
def test_a_value_that_is_too_large_is_a_dead_letter(where: str) -> None:
    def body(tables: Tables, records: Sequence[Record]) -> Output:
        sent = []
        for one in records:
            value = one.value or b""
            tables["counts"][str(one.offset)] = value if where == "kept" else b""
            sent.append(Message("results", one.key, value if where == "sent" else b"", 3))
        return Output(sent, Counter())

    number = partition(body)
    number.take("words", [record(10), record(11, "b", bytes(1001)), record(12, "c")], 13)
    taken = number.snapshot()
    assert [(message.topic, message.key) for message in taken.messages] == [
        ("results", b"a"),
        ("letters", b"b"),
        ("results", b"c"),
    ]
    assert taken.messages[1].value == b"TooLargeToKeep"
    assert taken.changes == {"counts": {"10": b"", "12": b""}}


def test_a_topic_whose_records_may_be_larger_takes_them() -> None:
    def body(_tables: Tables, records: Sequence[Record]) -> Output:
        return Output([Message("letters", one.key, bytes(2000), 3) for one in records], Counter())

    number = partition(body)
    number.take("words", [record(10)], 11)
    assert [len(message.value or b"") for message in number.snapshot().messages] == [2000]


def test_every_agent_of_a_topic_gets_its_records_and_no_other_agent() -> None:
    seen: list[tuple[str, int]] = []

    def watch(name: str) -> BodyOf:
        def body(_tables: Tables, records: Sequence[Record]) -> Output:
            seen.extend((name, one.offset) for one in records)
            return Output([], Counter())

        return body

    agents = [
        Agent(Stage(name, topics, (), watch(name)), Processor(watch(name), refuse, Sizes()))
        for name, topics in (("both", ("others", "words")), ("others", ("others",)))
    ]
    number = partition(count, *agents)
    number.take("words", [record(10)], 11)
    number.take("others", [record(0, topic="others")], 1)
    assert seen == [("both", 10), ("both", 0), ("others", 0)]
    assert dict(number.stores["counts"]) == {"a": b"1"}
