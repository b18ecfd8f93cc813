"""Where the peers meet: a broker of their own in the cache folder, and a folder for their state and logs."""

import asyncio
import logging
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from bench.peers.topics import Kafka
from pipeline.broker import EmbeddedBroker
from pipeline.settings import Settings, default_home


class Stage(NamedTuple):
    """A broker's address, and a folder that is removed at the end."""

    brokers: str
    folder: Path


@contextmanager
def stage() -> Iterator[Stage]:
    """Start a broker with empty data; it and all that was written end with the block."""
    shared = default_home() / "jars"
    shared.mkdir(mode=0o700, parents=True, exist_ok=True)
    (default_home() / "bench").mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=default_home() / "bench"))
    home = folder / "broker"
    home.mkdir()
    (home / "jars").symlink_to(shared, target_is_directory=True)
    try:
        with EmbeddedBroker(Settings(home=home)) as broker:
            asyncio.run(_used(broker.bootstrap))
            yield Stage(broker.bootstrap, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _used(brokers: str) -> None:
    """Let the broker make its own topics of groups and transactions, so that the first peer does not wait for them."""
    # Its clients tell of each question that a broker which has just started cannot answer yet, and ask again.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    async with Kafka(brokers) as kafka:
        await kafka.make("used", 1)
    producer = AIOKafkaProducer(bootstrap_servers=brokers, transactional_id="used")
    async with AIOKafkaConsumer("used", bootstrap_servers=brokers, group_id="used"), producer, producer.transaction():
        await producer.send_and_wait("used", b"")
        await producer.send_offsets_to_transaction({TopicPartition("used", 0): 0}, "used")
