"""A peer that does the counting job wrong: each total is one too much."""

import asyncio
import json
import sys

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer


async def run(job: dict) -> None:
    counts: dict[bytes, tuple[int, int]] = {}
    consumer = AIOKafkaConsumer(
        job["input"], bootstrap_servers=job["brokers"], group_id=job["group"], auto_offset_reset="earliest"
    )
    async with AIOKafkaProducer(bootstrap_servers=job["brokers"]) as producer, consumer:
        async for record in consumer:
            event = json.loads(record.value)
            count, total = counts.get(record.key, (0, 1))
            count, total = counts[record.key] = count + 1, total + event["amount"]
            output = {"k": event["k"], "count": count, "total": total}
            await producer.send_and_wait(job["output"], json.dumps(output).encode(), record.key)
            await consumer.commit()


if __name__ == "__main__":
    asyncio.run(run(json.loads(sys.argv[1])))
