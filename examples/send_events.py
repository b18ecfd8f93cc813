"""Send session events to kxwatch, as an EMR's integration would: JSON lines from standard input.

Usage: send_events.py < events.jsonl, with KXWATCH_BROKERS and KXWATCH_TOPIC_PREFIX where they are not the defaults.
"""
# ruff: noqa: INP001

import asyncio
import json
import os
import sys

from aiokafka import AIOKafkaProducer

BROKERS = os.environ.get("KXWATCH_BROKERS", "127.0.0.1:29092")
TOPIC = os.environ.get("KXWATCH_TOPIC_PREFIX", "") + "emr-events"


async def send(lines: list[str]) -> int:
    """Send each line under its patient, so that a patient's events stay in order; give how many Kafka has."""
    # An idempotent producer sends again what was not acknowledged, and Kafka keeps it once.
    async with AIOKafkaProducer(bootstrap_servers=BROKERS, acks="all", enable_idempotence=True) as kafka:
        deliveries = [await kafka.send(TOPIC, line.encode(), json.loads(line)["patient_id"].encode()) for line in lines]
        return len(await asyncio.gather(*deliveries))


if __name__ == "__main__":
    print(asyncio.run(send([line.strip() for line in sys.stdin if line.strip()])), "events sent")  # noqa: T201
