"""The floor: aiokafka reads, msgspec decodes, nothing is kept and nothing is sent but a record at both ends."""

import asyncio
import sys

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from bench.peers.job import Event, Job, told


async def run(job: Job) -> None:
    """Read all events that there are."""
    decode = msgspec.json.Decoder(Event).decode
    consumer = AIOKafkaConsumer(
        job.input,
        bootstrap_servers=job.brokers,
        group_id=job.group,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        # As large as anyone would set them here: the floor is what no setting goes below.
        max_partition_fetch_bytes=4 * 1024 * 1024,
    )
    async with AIOKafkaProducer(bootstrap_servers=job.brokers) as producer:
        # Before anything is read: what a consumer fetches ahead would be read in no time.
        await producer.send_and_wait(job.output, _said(0, 0), b"ends")
        async with consumer:
            count = total = 0
            while count < job.events:
                for records in (await consumer.getmany(timeout_ms=1_000)).values():
                    count += len(records)
                    for record in records:
                        total += decode(record.value).amount
            await producer.send_and_wait(job.output, _said(count, total), b"ends")
            await consumer.commit()


def _said(count: int, total: int) -> bytes:
    return msgspec.json.encode({"k": "ends", "count": count, "total": total})


if __name__ == "__main__":
    asyncio.run(run(told(sys.argv[1])))
