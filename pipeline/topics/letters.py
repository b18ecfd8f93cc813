"""The dead letters as a person works through them: which are open, sent in again, dismissed."""

import base64
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Literal

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from msgspec import Struct

from pipeline.connection import producer, started
from pipeline.events import codec
from pipeline.events.rejected import RejectedEvent
from pipeline.settings import Settings
from pipeline.topics.catalog import topic_name
from pipeline.topics.reading import latest, reading
from pipeline.topics.settlement import Settlement, settlement_key

SOURCES = ("emr-events", "session-events")
"""Where letters may be sent in again; what a letter says alone opens no other topic."""
TOGETHER = 500
"""Letters that are on their way at once."""

_LETTER = msgspec.json.Decoder(RejectedEvent).decode
_SETTLEMENT = msgspec.json.Decoder(Settlement).decode


class Letter(Struct, frozen=True, kw_only=True):
    """A dead letter at its place in `rejected-events`, and how it was settled, if it was."""

    partition: int
    offset: int
    event: RejectedEvent
    settled: Settlement | None

    @property
    def place(self) -> str:
        """What a person calls the letter by: `partition:offset`."""
        return f"{self.partition}:{self.offset}"

    @property
    def key(self) -> bytes | None:
        """The key as it came."""
        return None if self.event.key_base64 is None else base64.b64decode(self.event.key_base64)

    @property
    def value(self) -> bytes | None:
        """The value as it came."""
        return None if self.event.value_base64 is None else base64.b64decode(self.event.value_base64)


async def letters(settings: Settings, keep: Callable[[Letter], bool]) -> list[Letter]:
    """Read the dead letters that are still held and are to be kept, by when they were refused.

    Errors: `Refused` when a topic is missing or Kafka cannot be reached.
    """
    name = topic_name(settings, "rejected-events")
    notes = await latest(settings, topic_name(settings, "rejected-settled"))
    found = []
    async with reading(settings, [name]) as topic:
        async for record in topic.held():
            try:
                event = _LETTER(record.value)
            except (msgspec.DecodeError, TypeError):
                continue  # What is no letter can be neither sent in again nor told of.
            settlement = notes.get(settlement_key(name, record.partition, record.offset))
            settled = None if settlement is None else _SETTLEMENT(settlement)
            letter = Letter(partition=record.partition, offset=record.offset, event=event, settled=settled)
            if keep(letter):
                found.append((record.timestamp, record.partition, record.offset, letter))
    return [letter for *_, letter in sorted(found, key=lambda one: one[:3])]


async def replay(
    settings: Settings, chosen: Sequence[Letter], mended: tuple[bytes, bytes] | None = None
) -> dict[str, str]:
    """Send letters in again to the topics that they came from, and note each as settled once Kafka has it.

    `mended` is key and value to send in place of what came. Gives why, by its place, for each letter that was not sent.
    A letter that was sent and could not be noted stays open: sent in once more it is a duplicate, and those change
    nothing.
    """
    targets = {name: topic_name(settings, title) for title in SOURCES for name in (title, topic_name(settings, title))}
    failed: dict[str, str] = {}
    async with started(settings, producer(settings, linger_ms=5)) as sender:
        for start in range(0, len(chosen), TOGETHER):
            on_the_way = []
            for letter in chosen[start : start + TOGETHER]:
                key, value = mended or (letter.key, letter.value)
                if letter.event.topic == "billable-days":
                    failed[letter.place] = "is a computed day, which may be newer by now: amend a segment of that day"
                elif letter.event.topic not in targets:
                    failed[letter.place] = "came from a topic that is none of these settings'"
                elif key is None and value is None:
                    failed[letter.place] = "has neither key nor value: dismiss it"
                else:
                    delivery = await sender.send(targets[letter.event.topic], key=key, value=value)
                    on_the_way.append((letter, delivery))
            for letter, delivery in on_the_way:
                try:
                    await delivery
                except KafkaError as error:
                    failed[letter.place] = f"Kafka did not take it: {type(error).__name__.removesuffix('Error')}"
                else:
                    await note(settings, sender, letter, how="replayed", mended=mended is not None)
            await sender.flush()
    return failed


async def dismiss(settings: Settings, chosen: Sequence[Letter], why: str) -> None:
    """Note letters as settled without sending them in again."""
    async with started(settings, producer(settings, linger_ms=5)) as sender:
        for letter in chosen:
            await note(settings, sender, letter, how="dismissed", why=why)
        await sender.flush()


async def note(
    settings: Settings,
    sender: AIOKafkaProducer,
    letter: Letter,
    *,
    how: Literal["replayed", "dismissed"],
    mended: bool = False,
    why: str | None = None,
) -> None:
    """Note a letter as settled."""
    name = topic_name(settings, "rejected-events")
    settlement = Settlement(
        topic=name,
        partition=letter.partition,
        offset=letter.offset,
        how=how,
        settled_at=datetime.now(UTC).isoformat(timespec="seconds"),
        mended=mended,
        why=why,
    )
    key = settlement_key(name, letter.partition, letter.offset)
    await sender.send(topic_name(settings, "rejected-settled"), key=key, value=codec.encode(settlement))
