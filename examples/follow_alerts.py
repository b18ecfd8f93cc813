"""Follow the alerts: print a sentence and what to do for each, once, and go on where the last run stopped.

Usage: follow_alerts.py, with KXWATCH_BROKERS and KXWATCH_TOPIC_PREFIX where they are not the defaults. Ctrl-C ends.
"""
# ruff: noqa: INP001

import asyncio
import json
import os
from collections import OrderedDict
from contextlib import suppress

from aiokafka import AIOKafkaConsumer

BROKERS = os.environ.get("KXWATCH_BROKERS", "127.0.0.1:29092")
PREFIX = os.environ.get("KXWATCH_TOPIC_PREFIX", "")
TOPICS = [PREFIX + name for name in ("threshold-alerts", "claim-alerts", "care-alerts")]
GROUP = PREFIX + "example-billers"
REMEMBERED = 100_000


async def follow() -> None:
    """Print alerts for ever; one that comes again under the same id is left out."""
    seen: OrderedDict[str, None] = OrderedDict()
    async with AIOKafkaConsumer(
        *TOPICS,
        bootstrap_servers=BROKERS,
        group_id=GROUP,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        enable_auto_commit=False,
    ) as kafka:
        async for record in kafka:
            alert = json.loads(record.value)
            if alert["id"] not in seen:
                print(alert["data"]["sentence"], alert["data"]["action"], flush=True)  # noqa: T201
                seen[alert["id"]] = None
                if len(seen) > REMEMBERED:
                    seen.popitem(last=False)
            # Only now: what was not told before a crash is told after it.
            await kafka.commit()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(follow())
