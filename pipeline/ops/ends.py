"""Where topics end, asked of Kafka apart from the worker's own reading: a reader that hangs sees no end move."""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition

from pipeline.connection import bootstrap, client_options
from pipeline.ops.health import Place
from pipeline.settings import Settings
from pipeline.topics.catalog import topic_name

WAIT_SECONDS = 5.0
ALWAYS = ("emr-events", 0)
"""What is asked for even by a worker that has no partition: whether Kafka answers at all."""

log = structlog.get_logger(__name__)


class Ends:
    """Asks for the last stable offsets of places by a connection of its own."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._reader: Any = None

    async def ask(self, places: Iterable[Place]) -> Mapping[Place, int] | None:
        """Give where places end; None when Kafka did not answer in time."""
        asked = {
            TopicPartition(topic_name(self._settings, topic), number): (topic, number)
            for topic, number in {*places, ALWAYS}
        }
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                if self._reader is None:
                    await self._start()
                found = await self._reader.end_offsets(list(asked))
        except Exception as error:  # noqa: BLE001 -- whatever it was, Kafka did not tell.
            log.debug("no ends", error=type(error).__name__)
            return None
        return {asked[place]: end for place, end in found.items()}

    async def close(self) -> None:
        """Disconnect."""
        if self._reader is not None:
            with suppress(Exception):
                await self._reader.stop()

    async def _start(self) -> None:
        reader = AIOKafkaConsumer(
            bootstrap_servers=bootstrap(self._settings),
            client_id=self._settings.app_id,
            isolation_level="read_committed",
            enable_auto_commit=False,
            request_timeout_ms=int(WAIT_SECONDS * 1000),
            **client_options(self._settings),
        )
        try:
            await reader.start()
        except BaseException:
            await reader.stop()
            raise
        self._reader = reader
