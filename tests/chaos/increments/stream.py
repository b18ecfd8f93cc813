"""The topics of the counting app on a Kafka: made, fed, read back, and how far its group is."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from random import Random
from threading import Event, Thread
from typing import TypeVar
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError
from chaos.increments.counting import PARTITIONS, place
from chaos.increments.kafka import CHANGELOG

KEYS = 5_000
CHUNK = 500
A_SECOND = 2_500
TABLES = ("sums", "counts", "odd")
PATIENT_MS = 120_000

Found = TypeVar("Found")


class Stream:
    """One app's topics and group, under names of their own."""

    def __init__(self, kafka: str) -> None:
        own = uuid4().hex[:8]
        self.kafka = kafka
        self.app_id, self.prefix = f"chaos-{own}", f"c-{own}."
        self.changelogs = {table: f"{self.app_id}-{table}-changelog" for table in TABLES}

    def topics(self, *names: str) -> list[TopicPartition]:
        """Give the partitions of sources and outputs."""
        return [TopicPartition(self.prefix + name, number) for name in names for number in range(PARTITIONS)]

    def make(self) -> None:
        """Make the topics; those of outputs tell when the broker took each record."""

        async def create(admin: AIOKafkaAdminClient) -> None:
            appended = {"message.timestamp.type": "LogAppendTime"}
            new = [NewTopic(self.prefix + name, PARTITIONS, 1) for name in ("numbers", "moved")]
            new.append(NewTopic(self.prefix + "results", PARTITIONS, 1, topic_configs=appended))
            new += [NewTopic(name, PARTITIONS, 1, topic_configs=CHANGELOG) for name in self.changelogs.values()]
            await admin.create_topics(new)

        self._asked(create)

    def members(self) -> set[str]:
        """Give the client ids of the group's members; none while it shares out."""

        async def ask(admin: AIOKafkaAdminClient) -> set[str]:
            (answer,) = await admin.describe_consumer_groups([self.app_id])
            _, _, state, _, _, members, *_ = answer.groups[0]
            return {member[1] for member in members} if state == "Stable" else set()

        try:
            return self._asked(ask)
        except (KafkaError, TimeoutError):
            return set()

    def progress(self) -> tuple[int, int]:
        """Give how many numbers are done with, and how many records, marks included, are not."""

        async def ask(admin: AIOKafkaAdminClient) -> tuple[int, int]:
            places = self.topics("numbers", "moved")
            found = await admin.list_consumer_group_offsets(self.app_id)
            async with AIOKafkaConsumer(bootstrap_servers=self.kafka) as reader:
                ends = await reader.end_offsets(places)
            at = {one: max(0, found[one].offset) if one in found else 0 for one in places}
            return sum(at[one] for one in places[:PARTITIONS]), sum(ends[one] - at[one] for one in places)

        try:
            return self._asked(ask)
        except (KafkaError, TimeoutError):
            return 0, 1

    def _asked(self, ask: Callable[[AIOKafkaAdminClient], Awaitable[Found]]) -> Found:
        async def way() -> Found:
            admin = AIOKafkaAdminClient(bootstrap_servers=self.kafka)
            try:
                async with asyncio.timeout(20):
                    await admin.start()
                    return await ask(admin)
            finally:
                await admin.close()

        return asyncio.run(way())

    async def held(self, *places: TopicPartition) -> AsyncIterator[ConsumerRecord]:
        """Give what is committed in these partitions, up to their ends as of now."""
        reader = AIOKafkaConsumer(
            bootstrap_servers=self.kafka, isolation_level="read_committed", auto_offset_reset="earliest"
        )
        async with reader:
            reader.assign(places)
            ends = await reader.end_offsets(places)
            left = {one for one in places if ends[one]}
            deadline = time.monotonic() + 120
            while left:
                assert time.monotonic() < deadline, f"cannot be read to their ends: {left}"
                for records in (await reader.getmany(*left, timeout_ms=200, max_records=5_000)).values():
                    for record in records:
                        yield record
                left = {one for one in left if await reader.position(one) < ends[one]}


class Feed:
    """Sends numbers at a pace, in a thread of its own, until it has sent them all."""

    def __init__(self, stream: Stream, numbers: int, chance: Random) -> None:
        self.sent = 0
        self._stream = stream
        self._numbers = numbers
        self._chance = Random(chance.random())
        self._hurry = Event()
        self._quit = False
        self._thread = Thread(target=lambda: asyncio.run(self._feed()))

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    @property
    def all_sent(self) -> bool:
        """Tell whether there is nothing left to send."""
        return self.sent == self._numbers

    def finish(self) -> None:
        """Send what is left as fast as it can be sent, and wait until it is there."""
        self._hurry.set()
        self._thread.join(PATIENT_MS / 1000)
        assert self.sent == self._numbers

    def end(self) -> None:
        """Send no more."""
        self._quit = True
        self._hurry.set()
        self._thread.join()

    async def _feed(self) -> None:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._stream.kafka,
            enable_idempotence=True,
            request_timeout_ms=PATIENT_MS,
            max_batch_size=262_144,
        )
        async with producer:
            topic, due = self._stream.prefix + "numbers", time.monotonic()
            while self.sent < self._numbers and not self._quit:
                ways = []
                for _ in range(min(CHUNK, self._numbers - self.sent)):
                    key = b"k%d" % self._chance.randrange(KEYS)
                    value = b"%d" % self._chance.randrange(1_000_000)
                    ways.append(await producer.send(topic, value, key, partition=place(key)))
                await asyncio.gather(*ways)
                self.sent += len(ways)
                due += CHUNK / A_SECOND
                if (early := due - time.monotonic()) > 0:
                    await asyncio.to_thread(self._hurry.wait, early)
