"""An app in memory, and faults inside its input that nobody can see afterwards."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Iterable, Sequence

import pytest
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    KafkaError,
    MessageSizeTooLargeError,
    NotLeaderForPartitionError,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
)
from engine.counting import count, counting, far
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from pipeline.engine.app import make_layout
from pipeline.engine.errors import EngineError
from pipeline.engine.memory.group import Group
from pipeline.engine.memory.kafka import MemoryKafka
from pipeline.engine.memory.reading import MemorySource
from pipeline.engine.memory.worker import MemoryWorker
from pipeline.engine.memory.writing import MemoryOpenings, MemoryWriter
from pipeline.engine.pace import Pace
from pipeline.engine.partition import HANDED, NOT_YET
from pipeline.engine.record import Output, Record, Tables
from pipeline.engine.stage import Outcome, batched
from pipeline.engine.testing import (
    COMMITTED,
    CRASH,
    FENCED,
    REBALANCE,
    UNANSWERED,
    ZOMBIE,
    Event,
    Mark,
    Tester,
)

FAULTS = [CRASH, REBALANCE, FENCED, UNANSWERED, ZOMBIE]
SOON_SECONDS = 0.05

a, b, c = (Event("words", key, b"") for key in (b"a", b"b", b"c"))


def values(records: Iterable[Record]) -> dict[bytes | None, list[bytes | None]]:
    """Give values by key, in order."""
    found: dict[bytes | None, list[bytes | None]] = {}
    for record in records:
        found.setdefault(record.key, []).append(record.value)
    return found


async def test_a_record_goes_in_and_a_table_and_an_output_come_out() -> None:
    tester = Tester(counting())
    await tester.consume("words", b"a", b"")
    await tester.consume("words", b"a", b"")
    assert tester.table("counts") == {"a": b"2"}
    assert [(record.key, record.value) for record in tester.emitted("results")] == [(b"a", b"1"), (b"a", b"2")]


async def test_it_takes_milliseconds_and_no_broker() -> None:
    await Tester(counting()).consume("words", b"a", b"")  # What is only done once: imports, Faust's settings.
    took = []
    for _ in range(5):
        began = time.perf_counter()
        await Tester(counting()).consume("words", b"a", b"")
        took.append(time.perf_counter() - began)
    assert min(took) < SOON_SECONDS


async def test_faults_are_written_inside_the_input() -> None:
    tester = Tester(counting())
    await tester.consume([a, b, CRASH, a, REBALANCE, FENCED, a, c])
    assert tester.table("counts") == {"a": b"3", "b": b"1", "c": b"1"}
    assert values(tester.emitted("results")) == {b"a": [b"1", b"2", b"3"], b"b": [b"1"], b"c": [b"1"]}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
async def test_a_fault_really_costs_the_worker_what_it_had(fault: Mark) -> None:
    calls: list[int] = []

    def told(tables: Tables, records: Sequence[Record]) -> Output:
        calls.append(len(records))
        return count(tables, records)

    tester = Tester(counting(body=told))
    await tester.consume([a, a, a, fault, a])
    assert tester.table("counts") == {"a": b"4"}
    # What was written and is not true is processed again, and so may be what comes before that is known.
    assert sum(calls) >= (7 if fault in (CRASH, FENCED, ZOMBIE) else 4)


async def test_an_agent_may_read_what_another_sends() -> None:
    tester = Tester(counting(chained=True), compact=True)
    await tester.consume([a, a, CRASH, b, UNANSWERED, Event("words", b"a", b"forget")])
    assert tester.table("counts") == {"b": b"1"}
    assert tester.table("told") == {"a": b"3", "b": b"1"}
    assert tester.table("last") == {"b": b"1"}


async def test_what_is_handed_over_is_processed_with_what_it_came_of_and_not_once_more_when_it_is_read() -> None:
    offsets: list[int] = []

    def told(outcome: Outcome) -> None:
        if outcome.agent == "lengths":
            offsets.extend(record.offset for record in outcome.records)

    tester = Tester(counting(chained=True, handed=True, observe=told))
    await tester.consume([a, a, CRASH, b])
    assert tester.table("told") == {"a": b"2", "b": b"1"}
    assert offsets == [NOT_YET] * 3
    assert [record.headers for record in tester.emitted("results")] == [{HANDED: b"counting"}] * 3


async def test_what_the_next_agent_cannot_process_it_is_not_handed_but_reads_and_refuses_by_its_offset() -> None:
    refused: list[int] = []

    def told(outcome: Outcome) -> None:
        if ("letters",) in outcome.counts:
            refused.extend(record.offset for record in outcome.records)

    tester = Tester(counting(chained=True, handed=True, observe=told))
    for _ in range(7):
        await tester.consume([a])
    assert tester.table("told") == {"a": b"6"}
    assert values(tester.emitted("letters")) == {b"a": [b"ValueError"]}
    assert refused == [tester.emitted("results")[-1].offset]


async def test_a_record_that_the_body_raises_with_is_a_dead_letter_and_leaves_no_trace() -> None:
    tester = Tester(counting())
    await tester.consume([a, Event("words", b"a", b"poison"), CRASH, a])
    assert tester.table("counts") == {"a": b"2"}
    assert values(tester.emitted("letters")) == {b"a": [b"ValueError"]}


async def test_an_agent_that_is_not_made_of_batches_is_refused_rather_than_never_run() -> None:
    app = counting()

    @app.agent(app.topic("others"), name="alone")
    async def alone(_: object) -> None: ...

    with pytest.raises(EngineError, match="agents alone would never run"):
        Tester(app)


async def test_who_is_shut_out_again_and_again_is_told_why() -> None:
    with pytest.raises(EngineError, match=r"counting-\d is taken over again and again: another app uses it"):
        await Tester(counting()).consume([a, FENCED] * 5)


async def test_what_no_record_is_to_blame_for_ends_the_test() -> None:
    def full(_: Tables, __: Sequence[Record]) -> Output:
        raise MemoryError

    with pytest.raises(MemoryError):
        await Tester(counting(body=full)).consume("words", b"a", b"")


async def test_a_record_whose_message_is_for_a_partition_that_is_not_there_is_a_dead_letter() -> None:
    tester = Tester(counting(body=far))
    await tester.consume([a, Event("words", b"a", b"far"), a])
    assert tester.table("counts") == {"a": b"2"}
    assert values(tester.emitted("letters")) == {b"a": [b"NoSuchPartition"]}
    assert values(tester.emitted("results")) == {b"a": [b"1", b"2"]}


async def test_a_worker_that_is_told_to_stop_is_relieved_by_one_that_has_loaded_its_tables() -> None:
    app = counting()
    kafka = MemoryKafka(4)
    app.finalize()
    layout, group = make_layout(app), Group(kafka)
    first, second = (
        MemoryWorker(name, layout, Pace(poll_seconds=0.005), kafka, observe=lambda _: None) for name in ("1", "2")
    )
    try:
        await first.start(group)
        await second.start(group)
        async with asyncio.timeout(10):
            while not (group.settled() and len(second.member.wanted) == 2):
                await kafka.wait(0.005)
        with capture_logs() as logs:
            await first.stop()
            async with asyncio.timeout(10):
                while not group.settled():
                    await kafka.wait(0.005)
        assert second.member.wanted == {0, 1, 2, 3}
        # It was opened while the first was there to be relieved, and nothing was dropped for it.
        assert [line["event"] for line in logs] == ["partitions opened"]
    finally:
        await asyncio.gather(first.stop(), second.stop())


async def test_records_that_a_failed_reading_has_lost_are_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, calls = MemorySource.poll, itertools.count()

    async def poll(source: MemorySource) -> AsyncIterator[tuple[str, int, Sequence[Record], int]]:
        found = [one async for one in whole(source)]
        if found and next(calls) % 2 == 0:
            raise NotLeaderForPartitionError
        for one in found:
            yield one

    monkeypatch.setattr(MemorySource, "poll", poll)
    tester = Tester(counting(pace=Pace(poll_records=1)))
    await tester.consume([a, b, a, c, a])
    assert tester.table("counts") == {"a": b"3", "b": b"1", "c": b"1"}


async def test_a_source_that_can_never_be_read_ends_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    async def poll(_: MemorySource) -> AsyncIterator[tuple[str, int, Sequence[Record], int]]:
        raise TopicAuthorizationFailedError("words")
        yield

    monkeypatch.setattr(MemorySource, "poll", poll)
    with pytest.raises(EngineError, match="Kafka refuses words: allow its user READ and DESCRIBE of the app's sources"):
        await Tester(counting()).consume([a])


async def test_a_slow_body_leaves_heartbeats_their_turn() -> None:
    def slow(tables: Tables, records: Sequence[Record]) -> Output:
        time.sleep(0.002 * len(records))
        return count(tables, records)

    turns = [time.monotonic()]

    async def tick() -> None:
        while True:
            await asyncio.sleep(0.01)
            turns.append(time.monotonic())

    ticking = asyncio.ensure_future(tick())
    # One reading, and more than a second's work: half of a short session.
    await Tester(counting(body=slow), partitions=1).consume([a] * 600)
    ticking.cancel()
    assert turns[-1] - turns[0] > 1.0
    assert max(after - before for before, after in itertools.pairwise(turns)) < 0.5


@pytest.mark.parametrize(
    ("error", "what"),
    [
        (
            TransactionalIdAuthorizationFailed("counting-0"),
            "Kafka refuses counting-0: allow its user WRITE and DESCRIBE",
        ),
        (
            GroupAuthorizationFailedError("counting"),
            "Kafka refuses counting: allow its user READ and DESCRIBE of the group",
        ),
    ],
)
async def test_a_right_that_is_missing_is_named_at_once(
    monkeypatch: pytest.MonkeyPatch, error: KafkaError, what: str
) -> None:
    async def refused(*_: object) -> None:
        raise error

    monkeypatch.setattr(MemoryOpenings, "open", refused)
    with pytest.raises(EngineError, match=what):
        await Tester(counting()).consume([a])


def test_a_table_of_two_agents_is_refused() -> None:
    app = counting()
    raw = {"key_type": bytes, "value_type": bytes}
    app.agent(app.topic("more", **raw), name="more")(batched(count, tables=[app.tables["counts"]]))
    with pytest.raises(EngineError, match="tables counts belong to several agents"):
        Tester(app)


async def test_what_kafka_will_never_take_ends_the_worker_and_is_not_tried_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def refused(*_: object) -> None:
        raise MessageSizeTooLargeError

    monkeypatch.setattr(MemoryWriter, "commit", refused)
    with pytest.raises(EngineError, match="could not be opened, or not be written"):
        await Tester(counting(pace=Pace(open_seconds=0.3))).consume([a])


keys = st.sampled_from([b"a", b"b", b"c", b"d", b"e"])
worth = st.sampled_from([b"", b"", b"", b"forget", b"poison"])
events = st.tuples(keys, worth).map(lambda told: Event("words", *told))
marks = st.sampled_from([*FAULTS, COMMITTED])


def few_fences(inputs: list[Event | Mark]) -> bool:
    return inputs.count(FENCED) < 5


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.one_of(events, events, marks), max_size=30).filter(few_fences),
    st.integers(1, 5),
    st.booleans(),
    st.sampled_from([1, 3, 4000]),
    st.booleans(),
)
def test_random_faults_in_a_random_input_leave_no_trace(
    inputs: list[Event | Mark], partitions: int, compact: bool, poll: int, handed: bool
) -> None:
    async def outcome(inputs: Iterable[Event | Mark], *, handed: bool = False) -> object:
        app = counting(chained=True, handed=handed, pace=Pace(poll_records=poll))
        tester = Tester(app, partitions=partitions, compact=compact)
        await tester.consume(inputs)
        tables = {name: tester.table(name) for name in ("counts", "told", "last")}
        return tables, values(tester.emitted("results")), values(tester.emitted("letters"))

    calm = [one for one in inputs if isinstance(one, Event)]
    # Nor does it matter whether one agent hands over to the other, or sends what both read from Kafka.
    assert asyncio.run(outcome(inputs, handed=handed)) == asyncio.run(outcome(calm))
