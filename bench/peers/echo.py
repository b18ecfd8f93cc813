"""A bare transactional echo: reads, sends the same, commits both every 50 ms; what no latency goes below."""

import asyncio
import sys
import time

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition

from bench.peers.job import Job, told

COMMIT_SECONDS = 0.05
BATCH_BYTES = 262_144


async def run(job: Job) -> None:
    """Echo until the process is ended; what is not committed then comes again, and was never visible."""
    consumer = AIOKafkaConsumer(
        job.input,
        bootstrap_servers=job.brokers,
        group_id=job.group,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        isolation_level="read_committed",
        fetch_max_wait_ms=100,
    )
    producer = AIOKafkaProducer(bootstrap_servers=job.brokers, transactional_id=job.group, max_batch_size=BATCH_BYTES)
    async with producer, consumer:
        while True:
            read = await consumer.getmany(timeout_ms=1_000)
            if read:
                await _transaction(job, consumer, producer, read)


async def _transaction(
    job: Job,
    consumer: AIOKafkaConsumer,
    producer: AIOKafkaProducer,
    read: dict[TopicPartition, list[ConsumerRecord]],
) -> None:
    deadline = time.monotonic() + COMMIT_SECONDS
    offsets: dict[TopicPartition, int] = {}
    async with producer.transaction():
        while True:
            for where, records in read.items():
                await _send(job, producer, where.partition, records)
                offsets[where] = records[-1].offset + 1
            left = deadline - time.monotonic()
            if left <= 0:
                break
            read = await consumer.getmany(timeout_ms=max(int(left * 1_000), 1))
        await producer.send_offsets_to_transaction(offsets, job.group)


async def _send(job: Job, producer: AIOKafkaProducer, partition: int, records: list[ConsumerRecord]) -> None:
    batch = producer.create_batch()
    for record in records:
        if batch.append(key=record.key, value=record.value, timestamp=None) is None:
            await producer.send_batch(batch, job.output, partition=partition)
            batch = producer.create_batch()
            batch.append(key=record.key, value=record.value, timestamp=None)
    await producer.send_batch(batch, job.output, partition=partition)


if __name__ == "__main__":
    asyncio.run(run(told(sys.argv[1])))
