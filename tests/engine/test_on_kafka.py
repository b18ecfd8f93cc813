"""What the engine reads on from, what it refuses, and what it leaves alone, on a real Kafka."""

import asyncio
from typing import Any

import faust
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import RecordsToDelete
from engine.counting import far
from engine.deployment import SECONDS, Deployment, done, until

from pipeline.engine.errors import EngineError

IDLE_SECONDS = 2.0


async def ends(deployment: Deployment, *topics: str) -> dict[TopicPartition, int]:
    async with AIOKafkaConsumer(bootstrap_servers=deployment.kafka) as reader:
        await reader._client.set_topics(topics)
        places = [TopicPartition(topic, number) for topic in topics for number in reader.partitions_for_topic(topic)]
        found: dict[TopicPartition, int] = await reader.end_offsets(places)
        return found


async def test_offsets_set_back_by_hand_count_nothing_twice(deployment: Deployment) -> None:
    await deployment.put(["a"] * 5)
    async with deployment.working() as app:
        await until(lambda: done(app))
    place = TopicPartition(
        f"{deployment.prefix}words",
        next(iter({r.partition for r in await deployment.held(f"{deployment.prefix}words")})),
    )
    async with AIOKafkaConsumer(
        bootstrap_servers=deployment.kafka, group_id=deployment.name, enable_auto_commit=False
    ) as hand:
        hand.assign([place])
        await hand.commit({place: 0})
    await deployment.put(["a"])
    async with deployment.working() as app:
        await until(lambda: done(app))
    assert await deployment.counts() == {"a": 6}
    assert len(await deployment.held(f"{deployment.prefix}results")) == 6


async def test_a_source_that_was_cut_ends_the_worker_and_nothing_is_skipped(deployment: Deployment) -> None:
    await deployment.put(["a"] * 3, partition=0)
    async with deployment.working() as app:
        await until(lambda: done(app))
    before = await deployment.committed()
    await deployment.put(["a"] * 5, partition=0)
    place = TopicPartition(f"{deployment.prefix}words", 0)
    await deployment.admin.delete_records({place: RecordsToDelete(before_offset=6)})
    reason = await deployment.ending()
    assert isinstance(reason, EngineError)
    assert f"{place.topic}-0 does not hold offset 3, where this app is to read on" in str(reason)
    assert "reset the group's offsets" in str(reason)
    assert (await deployment.counts(), await deployment.committed()) == ({"a": 3}, before)


async def test_a_source_that_is_made_anew_ends_the_worker_at_work(deployment: Deployment) -> None:
    words = f"{deployment.prefix}words"
    await deployment.put(["a"] * 3, partition=0)
    async with deployment.working() as app:
        await until(lambda: done(app))
        await deployment.admin.delete_topics([words])
        await deployment.make(words)
        reason = await deployment.end(app)
    assert isinstance(reason, EngineError)
    assert f"{words}-0 does not hold offset 3" in str(reason)
    assert "made anew" in str(reason)


async def test_missing_topics_are_named_at_the_start(bare: Deployment) -> None:
    await bare.make(f"{bare.prefix}words")
    with pytest.raises(EngineError, match=f"there is no topic {bare.changelog}: create it before the app is started"):
        await bare.app().engine_service.on_start()


async def test_unlike_numbers_of_partitions_are_told_at_the_start(bare: Deployment) -> None:
    await bare.make(f"{bare.prefix}words", partitions=3)
    await bare.make(bare.changelog)
    told = f"as many partitions as each other: {bare.changelog} has 4, {bare.prefix}words has 3"
    with pytest.raises(EngineError, match=told):
        await bare.app().engine_service.on_start()


async def test_a_transactional_id_that_another_app_uses_ends_the_worker(deployment: Deployment) -> None:
    other = f"{deployment.name}-0"
    async with deployment.working() as app:
        ending = asyncio.ensure_future(deployment.end(app))
        while not ending.done():
            async with AIOKafkaProducer(bootstrap_servers=deployment.kafka, transactional_id=other):
                await deployment.put(["a"], partition=0)
        reason = await ending
    assert isinstance(reason, EngineError)
    assert f"the transactional id {other} is taken over again and again: another app uses it" in str(reason)


async def test_a_group_with_members_of_stock_faust_is_refused(deployment: Deployment) -> None:
    stock = faust.App(
        deployment.name, broker=f"kafka://{deployment.kafka}", web_enabled=False, topic_disable_leader=True
    )
    joined = asyncio.Event()
    stock.on_partitions_assigned.connect(lambda *_, **__: joined.set(), weak=False)

    @stock.agent(stock.topic(f"{deployment.prefix}words"))
    async def words(stream: Any) -> None:
        async for _ in stream:
            pass

    await stock.start()
    try:
        async with asyncio.timeout(SECONDS):
            await joined.wait()
        reason = await deployment.ending()
    finally:
        await stock.stop()
    assert isinstance(reason, EngineError)
    assert f"the group {deployment.name} has members of another kind: stop every worker" in str(reason)


async def test_a_record_whose_message_is_for_a_partition_that_is_not_there_is_a_dead_letter(
    deployment: Deployment,
) -> None:
    await deployment.put(["a"], partition=0)
    await deployment.producer.send_and_wait(f"{deployment.prefix}words", key=b"a", value=b"far", partition=0)
    await deployment.put(["a"], partition=0)
    async with deployment.working(body=far) as app:
        await until(lambda: app.engine.progress().committed.get(("words", 0)) == 3)
    assert await deployment.counts() == {"a": 2}
    letters = await deployment.held(f"{deployment.prefix}letters")
    assert [(one.key, one.value) for one in letters] == [(b"a", b"NoSuchPartition")]


async def test_what_is_idle_writes_nothing(deployment: Deployment) -> None:
    await deployment.put("abcdefgh")
    topics = ["__consumer_offsets", "__transaction_state", deployment.changelog, f"{deployment.prefix}results"]
    async with deployment.working(chained=True) as app:
        await until(lambda: done(app))
        async with asyncio.timeout(SECONDS):
            before, after = None, await ends(deployment, *topics)
            # It comes to rest with the marks of its own last transactions.
            while after != before:
                before = after
                await asyncio.sleep(IDLE_SECONDS)
                after = await ends(deployment, *topics)
        await asyncio.sleep(IDLE_SECONDS)
        assert await ends(deployment, *topics) == after


async def test_nothing_is_behind_where_only_marks_of_transactions_are_left(deployment: Deployment) -> None:
    await deployment.put("abcdefgh")
    async with deployment.working(chained=True) as app:
        await until(lambda: done(app))
        progress = app.engine.progress()
    # What the first agent sends, the second reads: a record, and behind it a mark.
    assert {end for (topic, _), end in progress.ends.items() if topic == "results"} != {0}
    assert progress.committed == progress.ends
