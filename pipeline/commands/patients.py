"""What a patient may be called on a command line, and what the topics hold of one."""

from collections.abc import Iterable

import msgspec

from pipeline.connection import partition_of
from pipeline.errors import Refused
from pipeline.events.forwarded import EventsForwarded
from pipeline.events.patients import PatientMerged
from pipeline.events.rejected import Rejected
from pipeline.identity import Identity
from pipeline.ledger.households import Households, Residence
from pipeline.settings import Settings
from pipeline.topics.admin import partition_counts
from pipeline.topics.catalog import topic_name
from pipeline.topics.reading import latest, reading

_RESIDENCE = msgspec.msgpack.Decoder(Residence).decode


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
    """Give all that `session-events` holds of patients by these names, and of those who were merged with them."""
    known = set(names)
    events, merges = await _told(settings, known)
    households = Households({})
    for merge in merges:
        households.take(_merged(merge))
    kin = {one for name in known for one in households.members(households.home(name))}
    if not kin <= known:
        events, merges = await _told(settings, known | kin)
    return [*merges, *events]


_MERGED = str(PatientMerged.__struct_config__.tag).encode()
_FORWARDED = str(EventsForwarded.__struct_config__.tag).encode()
_merged = msgspec.json.Decoder(PatientMerged).decode


async def _told(settings: Settings, names: set[str]) -> tuple[list[bytes], list[bytes]]:
    """Give the events of patients, and every merge, of which each partition is told."""
    topic, keys = topic_name(settings, "session-events"), {name.encode() for name in names}
    events: list[bytes] = []
    merges: dict[bytes, None] = {}
    async with reading(settings, [topic], partitions=await _partitions(settings, topic, names)) as log:
        async for record in log.held():
            kind = dict(record.headers).get("event_type")
            if kind == _MERGED:
                merges[record.value] = None
            elif record.key in keys and record.value is not None and kind != _FORWARDED:
                events.append(record.value)
    return events, list(merges)


async def _partitions(settings: Settings, topic: str, names: Iterable[str]) -> set[int]:
    count = (await partition_counts(settings, [topic]))[topic]
    return {partition_of(name, count) for name in names}


async def survivor(settings: Settings, names: set[str]) -> str | None:
    """Give as whom a patient is known who was merged into another; None for any other."""
    topic = topic_name(settings, "merges-changelog")
    try:
        count = (await partition_counts(settings, [topic]))[topic]
    except Refused:
        return None  # There is no such topic: no worker can have been at work.
    held = await latest(settings, topic, partitions={partition_of(name, count) for name in names})
    found = {name: _RESIDENCE(value).home for name in names if (value := held.get(name.encode())) is not None}
    return next((home for name, home in sorted(found.items()) if home != name), None)
