"""Transactions and fences on the newest Kafka and on the oldest: what exactly once leans on, of broker and client."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import ProducerFenced

from pipeline.settings import Settings


class Place:
    """An input, an output and a group of a test's own, and the transactional producers that work between them."""

    def __init__(self, kafka: str, prefix: str, stack: AsyncExitStack) -> None:
        self.kafka = kafka
        self.input, self.output = TopicPartition(f"{prefix}in", 0), TopicPartition(f"{prefix}out", 0)
        self.group = f"{prefix}group"
        self.admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
        self.stack = stack

    async def make(self) -> None:
        await self.admin.start()
        self.stack.push_async_callback(self.admin.close)
        await self.admin.create_topics([NewTopic(place.topic, 1, 1) for place in (self.input, self.output)])

    async def producer(self) -> AIOKafkaProducer:
        """Start a producer that has the transactional id of all before it."""
        producer = AIOKafkaProducer(bootstrap_servers=self.kafka, transactional_id=self.group)
        return await self.stack.enter_async_context(producer)

    async def tell(self, producer: AIOKafkaProducer, value: bytes, offset: int) -> None:
        """Within a transaction, send a value out and say how far the input is read."""
        await producer.send_and_wait(self.output.topic, value, partition=0)
        await producer.send_offsets_to_transaction({self.input: offset}, self.group)

    async def seen(self, last: bytes) -> list[bytes]:
        """Give the committed values up to the last one."""
        reader = AIOKafkaConsumer(
            bootstrap_servers=self.kafka, isolation_level="read_committed", auto_offset_reset="earliest"
        )
        values: list[bytes] = []
        async with reader, asyncio.timeout(20):
            reader.assign([self.output])
            while not values or values[-1] != last:
                values.append((await reader.getone()).value)
        return values

    async def offset(self, awaited: int) -> int | None:
        """Give how far the group has read, waiting for what a commit says: the broker marks it behind its answer."""
        deadline, found = time.monotonic() + 20, await self.committed()
        while found != awaited and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
            found = await self.committed()
        return found

    async def committed(self) -> int | None:
        """Give how far the group has read as of now."""
        found = (await self.admin.list_consumer_group_offsets(self.group)).get(self.input)
        return found and found.offset


@pytest.fixture
async def place(each_kafka: str, settings: Settings) -> AsyncIterator[Place]:
    async with AsyncExitStack() as stack:
        place = Place(each_kafka, settings.topic_prefix, stack)
        await place.make()
        yield place
    # A fenced client leaves futures behind whose error nobody asked for, and asyncio logs each when it is collected.
    # Python before 3.11.8 fails where that happens inside of a parse, so it is to happen here.
    gc.collect()


async def test_outputs_and_offsets_are_committed_together_or_not_at_all(place: Place) -> None:
    producer = await place.producer()
    async with producer.transaction():
        await place.tell(producer, b"first", 1)
    assert await place.offset(1) == 1

    await producer.begin_transaction()
    await place.tell(producer, b"taken back", 2)
    await producer.abort_transaction()
    assert await place.offset(1) == 1

    async with producer.transaction():
        await place.tell(producer, b"third", 3)
    assert await place.offset(3) == 3
    assert await place.seen(b"third") == [b"first", b"third"]


async def test_a_second_producer_of_the_same_id_takes_back_what_the_first_had_open_and_goes_on(place: Place) -> None:
    first = await place.producer()
    await first.begin_transaction()
    await place.tell(first, b"of the first", 7)

    second = await place.producer()
    async with second.transaction():
        await place.tell(second, b"of the second", 1)

    assert await place.offset(1) == 1
    assert await place.seen(b"of the second") == [b"of the second"]


STEPS: dict[str, Callable[[Place, AIOKafkaProducer], Awaitable[object]]] = {
    "send": lambda place, producer: producer.send_and_wait(place.output.topic, b"too late", partition=0),
    "offsets": lambda place, producer: producer.send_offsets_to_transaction({place.input: 8}, place.group),
    "commit": lambda _, producer: producer.commit_transaction(),
}


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS.keys())
async def test_the_first_producer_is_fenced_at_its_next(
    place: Place, step: Callable[[Place, AIOKafkaProducer], Awaitable[object]]
) -> None:
    first = await place.producer()
    await first.begin_transaction()
    await place.tell(first, b"of the first", 7)
    second = await place.producer()

    with pytest.raises(ProducerFenced):
        await step(place, first)

    async with second.transaction():
        await place.tell(second, b"of the second", 1)
    assert await place.offset(1) == 1
    assert await place.seen(b"of the second") == [b"of the second"]


async def test_offsets_are_told_before_or_after_the_values_and_then_nothing_is_tried_again(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    # Sent at once, one in ten is answered "not enough replicas", and the client waits 0.1 s before it sends again.
    producer = await place.producer()
    for offset in range(1, 31):
        async with producer.transaction():
            await producer.send_offsets_to_transaction({place.input: offset}, place.group)
            await producer.send_and_wait(place.output.topic, b"%d" % offset, partition=0)

    assert await place.offset(30) == 30
    assert "NotEnoughReplicasError" not in caplog.text
