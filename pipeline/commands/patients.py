"""What a patient may be called on a command line, and what the topics hold of one."""

from collections.abc import Iterable

from pipeline.connection import partition_of
from pipeline.errors import Refused
from pipeline.events.rejected import Rejected
from pipeline.identity import Identity
from pipeline.settings import Settings
from pipeline.topics.admin import partition_counts
from pipeline.topics.catalog import topic_name
from pipeline.topics.reading import latest, reading


def names_of(settings: Settings, patient: str, source: str) -> set[str]:
    """Give what the patient may be called on the topics: what was given may be the token already."""
    try:
        return {patient, Identity(settings).token(patient, source)}
    except Rejected as refusal:
        raise Refused(f"--source: {refusal.detail}") from None


async def newest(settings: Settings, title: str, names: Iterable[str]) -> dict[str, bytes]:
    """Give what a compacted topic holds of patients by these names: each key's newest value."""
    topic = topic_name(settings, title)
    held = await latest(settings, topic, partitions=await _partitions(settings, topic, names))
    beginnings = tuple(f"{name}|".encode() for name in names)
    return {key.decode(): held[key] for key in sorted(held) if key.startswith(beginnings)}


async def events_of(settings: Settings, names: Iterable[str]) -> list[bytes]:
    """Give all that `session-events` holds of patients by these names, in its order."""
    topic, keys = topic_name(settings, "session-events"), {name.encode() for name in names}
    async with reading(settings, [topic], partitions=await _partitions(settings, topic, names)) as log:
        return [record.value async for record in log.held() if record.key in keys and record.value is not None]


async def _partitions(settings: Settings, topic: str, names: Iterable[str]) -> set[int]:
    count = (await partition_counts(settings, [topic]))[topic]
    return {partition_of(name, count) for name in names}
