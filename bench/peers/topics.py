"""The topics of a run: made alike for every peer, filled once, looked at from outside."""

from collections.abc import Iterable
from itertools import islice
from typing import Self

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from bench.peers.events import Expected, Made, events, partition

BATCH_BYTES = 65_536
FILL_EVENTS = 20_000
CHANGELOG = {"cleanup.policy": "compact", "min.compaction.lag.ms": "86400000"}
"""No peer's changelog is compacted while it is measured: the cleaner's work would fall on whoever runs then."""
OUTPUT = {"message.timestamp.type": "LogAppendTime"}


class Kafka:
    """A client of the bench: topics, ends and committed offsets."""

    def __init__(self, brokers: str) -> None:
        self.brokers = brokers
        self._admin = AIOKafkaAdminClient(bootstrap_servers=brokers)
        self._written = AIOKafkaConsumer(bootstrap_servers=brokers)
        self._visible = AIOKafkaConsumer(bootstrap_servers=brokers, isolation_level="read_committed")

    async def __aenter__(self) -> Self:
        for client in (self._admin, self._written, self._visible):
            await client.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        for client in (self._visible, self._written):
            await client.stop()
        await self._admin.close()

    async def make(self, name: str, partitions: int, configuration: dict[str, str] | None = None) -> None:
        """Make a topic; it must not exist."""
        made = await self._admin.create_topics([NewTopic(name, partitions, 1, topic_configs=configuration or {})])
        if made.topic_errors[0][1]:
            raise RuntimeError(f"topic {name} could not be made: {made.topic_errors[0]}")

    async def drop(self, names: Iterable[str]) -> None:
        """Delete topics, so that a long run needs no large disk."""
        await self._admin.delete_topics(list(names))

    async def written(self, topic: str, partitions: int) -> int:
        """Give how far a topic is written, over its partitions: records, and the marks of transactions."""
        return sum((await self._written.end_offsets(_all(topic, partitions))).values())

    async def visible(self, topic: str, partitions: int) -> int:
        """Give how far a topic can be read by who reads committed records alone."""
        return sum((await self._visible.end_offsets(_all(topic, partitions))).values())

    async def committed(self, group: str, topic: str) -> int:
        """Give how far a group has committed a topic, over its partitions."""
        found = await self._admin.list_consumer_group_offsets(group)
        return sum(max(at.offset, 0) for where, at in found.items() if where.topic == topic)


class Input:
    """An input topic that all peers with so many events share; each leaves a few more events in it."""

    def __init__(self, name: str, partitions: int, keys: int) -> None:
        self.name, self.partitions, self.expected = name, partitions, Expected()
        self._source = events(keys)
        self._one_each: dict[int, Made] = {}

    async def make(self, kafka: Kafka, number: int) -> None:
        """Make the topic and put so many events into it."""
        await kafka.make(self.name, self.partitions)
        for first in range(0, number, FILL_EVENTS):
            await self._append(kafka, islice(self._source, min(FILL_EVENTS, number - first)))

    async def extend(self, kafka: Kafka) -> int:
        """Append one event to each partition, of a key that is known already; give how many."""
        await self._append(kafka, list(self._one_each.values()))
        return len(self._one_each)

    async def _append(self, kafka: Kafka, made: Iterable[Made]) -> None:
        parts: dict[int, list[Made]] = {}
        for event in made:
            self.expected.add(event)
            parts.setdefault(partition(event.key, self.partitions), []).append(event)
        async with AIOKafkaProducer(bootstrap_servers=kafka.brokers, max_batch_size=BATCH_BYTES) as producer:
            for number, part in parts.items():
                self._one_each.setdefault(number, part[0])
                await _send(producer, self.name, number, part)


async def _send(producer: AIOKafkaProducer, topic: str, number: int, part: list[Made]) -> None:
    batch = producer.create_batch()
    for event in part:
        if batch.append(key=event.key, value=event.value, timestamp=None) is None:
            await (await producer.send_batch(batch, topic, partition=number))
            batch = producer.create_batch()
            batch.append(key=event.key, value=event.value, timestamp=None)
    await (await producer.send_batch(batch, topic, partition=number))


def _all(topic: str, partitions: int) -> list[TopicPartition]:
    return [TopicPartition(topic, number) for number in range(partitions)]
