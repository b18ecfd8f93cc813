"""The topics that tests leave on a broker which others use after them."""

import asyncio

from aiokafka.admin import AIOKafkaAdminClient


def sweep(brokers: str, prefix: str = "") -> None:
    """Delete the topics there whose names begin so; Kafka's own stay.

    Clients are told of every topic that a broker has: with those of a whole run, each look takes a second.
    """
    asyncio.run(_sweep(brokers, prefix))


async def _sweep(brokers: str, prefix: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=brokers)
    await admin.start()
    try:
        names = await admin.list_topics()
        if left := [name for name in names if name.startswith(prefix) and not name.startswith("__")]:
            await admin.delete_topics(left)
    finally:
        await admin.close()
