"""Events that were too late, sent in again with all that `session-events` holds of their days."""

import time
from collections.abc import Iterable, Mapping, Sequence

import msgspec
from aiokafka.errors import KafkaError
from msgspec import Struct

from pipeline.connection import producer, started
from pipeline.events import codec
from pipeline.events.days import BillableDay
from pipeline.events.rejected import Rejected
from pipeline.events.reopened import DayEvent, DayReopened
from pipeline.ledger.days import DAY_EVENTS
from pipeline.ledger.left_days import OF_A_YEAR
from pipeline.ledger.segments import SegmentFacts, service_date, take
from pipeline.ledger.versions import fact_id, version_of
from pipeline.settings import MAX_RECORD_BYTES, Settings
from pipeline.topics.catalog import topic_name
from pipeline.topics.letters import Letter, letters, note
from pipeline.topics.reading import reading

LARGEST_BYTES = 1_000_000
"""What the day's own segments may come to in one record; every Kafka takes it."""

_KINDS = {str(kind.__struct_config__.tag).encode() for kind in DAY_EVENTS}
_REOPENED = str(DayReopened.__struct_config__.tag).encode()
_reopened = msgspec.json.Decoder(DayReopened).decode
_day = msgspec.json.Decoder(BillableDay).decode

Told = list[DayEvent]
Place = tuple[int, int]


class Held(Struct):
    """What topics hold of some patients: their segments' events by patient, and what their days bill, by key."""

    told: dict[str, Told] = {}
    days: dict[str, BillableDay] = {}


def is_late(letter: Letter) -> bool:
    """Tell whether a letter is an event that was too late for its day or year."""
    return letter.event.reason == "too_late" and letter.event.topic != "billable-days"


async def reopen(
    settings: Settings, chosen: Sequence[Letter], mended: tuple[bytes, bytes] | None = None
) -> dict[str, str]:
    """Send for each letter its event with all that was told of the days that it touches, as one record.

    Gives why, by its place, for each letter that was not sent; it stays open.
    """
    held = await _held(settings, chosen, await _set_aside(settings))
    failed: dict[str, str] = {}
    async with started(settings, producer(settings)) as sender:
        for letter in chosen:
            try:
                event = _event(letter, mended)
                told = held.told.setdefault(event.patient_id, [])
                value = _fitting(reopening(event, told, held.days))
                headers = [("event_type", _REOPENED), ("appended", str(int(time.time() * 1000)).encode())]
                await sender.send_and_wait(
                    topic_name(settings, "session-events"),
                    key=event.patient_id.encode(),
                    value=value,
                    partition=letter.event.partition,
                    headers=headers,
                )
            except _CannotError as error:
                failed[letter.place] = str(error)
            except KafkaError as error:
                failed[letter.place] = f"Kafka did not take it: {type(error).__name__.removesuffix('Error')}"
            else:
                told.append(event)
                await note(settings, sender, letter, how="replayed", mended=mended is not None)
        await sender.flush()
    return failed


class _CannotError(Exception):
    """Why a letter cannot be sent in again."""


def _fitting(reopened: DayReopened) -> bytes:
    value = msgspec.json.encode(reopened)
    if len(value) > LARGEST_BYTES:
        raise _CannotError("is of days with more events than a record holds")
    return value


def reopening(event: DayEvent, told: Iterable[DayEvent], days: Mapping[str, BillableDay]) -> DayReopened:
    """Give what opens the days again that an event touches: `told` is all that was told of its patient's segments.

    Of a segment that was of one of those days at any time all is taken, and the day that it is of now is one of them.
    """
    of_segment: dict[str, Told] = {}
    for one in (*told, event):
        of_segment.setdefault(fact_id(one), []).append(one)
    ever = {segment_id: {date for one in said if (date := _date_of(one))} for segment_id, said in of_segment.items()}
    now = {segment_id: _standing(said) for segment_id, said in of_segment.items()}
    dates = {*ever[fact_id(event)]}
    if not dates:
        raise _CannotError("is of a segment that session-events holds no more")
    taken: set[str] = set()
    while more := {segment_id for segment_id, found in ever.items() if found & dates} - taken:
        taken |= more
        dates |= {date for segment_id in more if (date := now[segment_id])}
    for date in dates:
        if (day := days.get(f"{event.patient_id}|{date}")) and not _named(day) <= taken:
            raise _CannotError(f"is of a day ({date}) of which session-events does not hold all segments any more")
    return DayReopened(
        event_id=event.event_id,
        occurred_at=event.occurred_at,
        patient_id=event.patient_id,
        site_id=event.site_id,
        source=event.source,
        dates=sorted(dates),
        events=[one for segment_id in sorted(taken) for one in of_segment[segment_id]],
    )


def _date_of(event: DayEvent) -> str | None:
    return service_date(take(SegmentFacts(), version_of(event))[0])


def _standing(said: Told) -> str | None:
    """Give the date that a segment is of, by all that was told of it."""
    facts = SegmentFacts()
    for one in said:
        facts = take(facts, version_of(one))[0]
    return service_date(facts)


def _named(day: BillableDay) -> set[str]:
    lists = [*(line.segment_ids for line in day.lines), *(finding.segment_ids for finding in day.findings)]
    return {segment_id for segment_ids in lists for segment_id in segment_ids}


def _event(letter: Letter, mended: tuple[bytes, bytes] | None) -> DayEvent:
    """Give the event of a letter, or what is sent in its place."""
    if letter.event.detail == OF_A_YEAR:
        raise _CannotError("is of a year that has left the tables: what it came to stays as it is; dismiss it")
    _, value = mended or (None, letter.value)
    try:
        event, _ = codec.read(value, max_bytes=MAX_RECORD_BYTES, max_segment_minutes=24 * 60)
    except Rejected as refusal:
        raise _CannotError(f"cannot be read: {refusal.reason}") from None
    if not isinstance(event, DAY_EVENTS):
        raise _CannotError("is neither a segment's nor a visit's: dismiss it")
    if event.patient_id.encode() != letter.key:
        raise _CannotError("is of another patient than what it was mended to")
    return event


async def _set_aside(settings: Settings) -> set[Place]:
    """Give the places of events that nobody wants as they came: their letters were dismissed, or sent in mended."""

    def unwanted(letter: Letter) -> bool:
        settled = letter.settled
        return is_late(letter) and settled is not None and (settled.how == "dismissed" or settled.mended)

    return {(letter.event.partition, letter.event.offset) for letter in await letters(settings, unwanted)}


async def _held(settings: Settings, chosen: Sequence[Letter], unwanted: set[Place]) -> Held:
    """Read what topics hold of the patients of letters, less the events of the letters themselves."""
    patients = {letter.key for letter in chosen}
    partitions = {letter.event.partition for letter in chosen}
    left_out = unwanted | {(letter.event.partition, letter.event.offset) for letter in chosen}
    sessions, days = topic_name(settings, "session-events"), topic_name(settings, "billable-days")
    held = Held()
    async with reading(settings, [sessions, days], partitions=partitions) as topics:
        async for record in topics.held():
            patient, _, _ = (record.key or b"").partition(b"|")
            if patient not in patients:
                continue
            if record.topic == days:
                key = record.key.decode()
                if record.value is None:
                    held.days.pop(key, None)
                else:
                    held.days[key] = _day(record.value)
            elif (record.partition, record.offset) not in left_out:
                kind = dict(record.headers).get("event_type")
                held.told.setdefault(patient.decode(), []).extend(_told(kind, record.value))
    return held


def _told(kind: bytes | None, value: bytes) -> Told:
    """Give the segments' events that a record of session-events tells."""
    if kind == _REOPENED:
        return _reopened(value).events
    if kind not in _KINDS:
        return []
    try:
        event, _ = codec.read(value, max_bytes=MAX_RECORD_BYTES, max_segment_minutes=24 * 60)
    except Rejected:
        return []
    return [event] if isinstance(event, DAY_EVENTS) else []
