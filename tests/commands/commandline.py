"""What a command says when it ends, and topics that are filled and read by hand."""

import asyncio
from collections.abc import Callable, Iterable

import msgspec

from pipeline.connection import producer, started
from pipeline.settings import Settings
from pipeline.topics import admin
from pipeline.topics.catalog import declared, topic_name
from pipeline.topics.reading import reading


class Ended(msgspec.Struct, frozen=True):
    """How a command ended: its exit code, and what it said."""

    code: int
    out: str
    err: str


Kxwatch = Callable[..., Ended]


def make(settings: Settings, *titles: str) -> None:
    """Make these topics."""
    asyncio.run(admin.apply(settings, {title: declared()[title] for title in titles}))


def put(settings: Settings, title: str, records: Iterable[tuple[str | None, bytes | None, int | None]]) -> None:
    """Put records of key, value and partition on a topic."""

    async def send() -> None:
        async with started(settings, producer(settings)) as sender:
            for key, value, partition in records:
                await sender.send_and_wait(
                    topic_name(settings, title), key=key and key.encode(), value=value, partition=partition
                )

    asyncio.run(send())


def held(settings: Settings, title: str) -> list[tuple[bytes | None, bytes | None]]:
    """Give key and value of all that a topic holds."""

    async def read() -> list[tuple[bytes | None, bytes | None]]:
        async with reading(settings, [topic_name(settings, title)]) as topic:
            return [(record.key, record.value) async for record in topic.held()]

    return asyncio.run(read())
