"""Bytes to events and back: what an EMR sent is taken whole, or refused with a reason."""

import re
from collections.abc import Callable
from typing import Annotated, Any, Union, cast, get_args

import msgspec
import orjson
from msgspec import Meta

from pipeline.events import claims, coverage, patients, segments, visits
from pipeline.events.base import Event
from pipeline.events.fields import Id, calendar, instant, microseconds_between, moment
from pipeline.events.rejected import Reason, Rejected

AnyEvent = (
    segments.SegmentRecorded
    | segments.SegmentAmended
    | segments.SegmentStarted
    | segments.SegmentStopped
    | segments.ServiceRecorded
    | segments.SegmentVoided
    | visits.VisitDocumented
    | visits.VisitScheduled
    | visits.VisitCancelled
    | coverage.NecessityAttested
    | coverage.PlanCertified
    | coverage.CoverageReported
    | coverage.AccrualReported
    | patients.PatientMerged
    | patients.DayTicked
    | claims.ClaimSubmitted
    | claims.RemittancePosted
)
EVENT_TYPES: dict[str, type[Event]] = {str(kind.__struct_config__.tag): kind for kind in get_args(AnyEvent)}
"""Every `event_type` of the contract and its message type."""

_DECODE: Callable[[bytes], Event] = msgspec.json.Decoder(AnyEvent).decode
_ENCODE: Callable[[object], bytes] = msgspec.json.Encoder().encode
_NESTED = {"planned": visits.PlannedService, "lines": claims.SubmittedLine, "adjustments": claims.Adjustment}


_PARTS = {*_NESTED, "authorization"}
_LONGEST_ID = 128

_PLAIN_ID = Annotated[str, Meta(min_length=1, max_length=_LONGEST_ID)]


def _plain(kind: type[Event]) -> type[Event]:
    """Give a message type as it is, but that it takes no field that it does not know, and any character in an id."""
    ids = [(field.name, _PLAIN_ID) for field in msgspec.structs.fields(kind) if field.type == Id and field.required]
    options = {"frozen": True, "kw_only": True, "gc": False, "forbid_unknown_fields": True}
    plain = msgspec.defstruct(kind.__name__, ids, bases=(kind,), tag=kind.__struct_config__.tag, **options)  # type: ignore[arg-type]
    return cast("type[Event]", plain)


_PLAIN = tuple(_plain(kind) for kind in EVENT_TYPES.values() if not _PARTS & set(kind.__struct_fields__))
_DECODE_PLAIN: Callable[[bytes], Event] = msgspec.json.Decoder(Union[_PLAIN]).decode  # noqa: UP007 -- of as many types as there are.
_NAMES = {
    tag: frozenset({"event_type", *(field.encode_name for field in msgspec.structs.fields(kind))})
    for tag, kind in EVENT_TYPES.items()
}
_TIMES = ("started_at", "stopped_at", "starts_at", "submitted_at", "verified_at")
_DATES = ("service_date", "through", "certified_from", "certified_through", "effective_from", "effective_through",
          "as_of", "adjudicated_on", "date")  # fmt: skip
_RANGES = (("first", "through"), ("certified_from", "certified_through"), ("effective_from", "effective_through"))
_READERS: dict[str, list[tuple[str, Callable[[str], object]]]] = {
    tag: [(name, moment) for name in ("occurred_at", *_TIMES) if name in kind.__struct_fields__]
    + [(name, calendar) for name in _DATES if name in kind.__struct_fields__]
    for tag, kind in EVENT_TYPES.items()
}
"""How the times and dates of each type are read, in the order that they are told of."""
_RANGES_OF = {
    tag: [names for names in _RANGES if names[0] in kind.__struct_fields__] for tag, kind in EVENT_TYPES.items()
}
_DEEPEST = 32
_TOO_DEEP = Rejected("too_deep", f"the JSON is nested more than {_DEEPEST} levels deep: an event has at most three")
_WITHOUT_OFFSET = re.compile(r"[0-9-]{10}[Tt ][0-9:]{5,8}(\.[0-9]+)?")
_WHERE = re.compile(r" - at `\$\.?(.*)`$")
_MISSING = re.compile(r"^Object missing required field `([^`]*)`")
_BOUND = re.compile(r"^Expected `(int|array|object)` [<>]= ")


def read(value: bytes | None, *, max_bytes: int, max_segment_minutes: int) -> tuple[Event, tuple[str, ...]]:
    """Take one event as an EMR sent it.

    Gives the event and the names of the fields that it does not know, which are kept out. `max_bytes` bounds the
    message, `max_segment_minutes` a segment from start to stop, pauses included.

    Errors: `Rejected`, with a fixed reason and the field.
    """
    if value is None:
        raise Rejected("no_value", "the message has no value: send the event as its value")
    if len(value) > max_bytes:
        raise Rejected(
            "too_large", f"the event has more than {max_bytes} bytes: shorten it, or raise KXWATCH_MAX_EVENT_BYTES"
        )
    if b"|" in value or b"\\" in value or b"\x7f" in value or b"\xc2" in value:
        # An id may have a character that none may have: `|`, a control character, or either of them escaped.
        return _read_closely(value, max_segment_minutes)
    try:
        # Nearly every event is as it should be: then this is all there is to decode.
        event = _DECODE_PLAIN(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _read_closely(value, max_segment_minutes)
    try:
        _check(event, max_segment_minutes)
    except Rejected as refusal:
        raise _named(refusal, _parse(value)) from None
    return event, ()


def _read_closely(value: bytes, max_segment_minutes: int) -> tuple[Event, tuple[str, ...]]:
    """Take an event that has fields it does not know, or lists of parts that may; or say what is wrong with it."""
    raw = _parse(value)
    if not isinstance(raw, dict):
        raise Rejected("wrong_field", "the event must be a JSON object")
    # Fewer brackets than levels need no look. What a decoder itself bears depends on the stack that it is called from.
    if value.count(b"[") + value.count(b"{") > _DEEPEST and _depth(raw) > _DEEPEST:
        raise _named(_TOO_DEEP, raw)
    try:
        event = _DECODE(value)
        _check(event, max_segment_minutes)
    except msgspec.ValidationError as error:
        raise _explained(raw, str(error)) from None
    except msgspec.DecodeError:
        # The two readers of JSON need not agree on every number there is.
        raise _named(Rejected("not_json", "the value is not JSON that every reader takes"), raw) from None
    except Rejected as refusal:
        raise _named(refusal, raw) from None
    return event, _unknown(raw)


def write(event: Event) -> bytes:
    """Give an event's sorted JSON: keys sorted, no spaces, UTF-8, the text of its times as it came."""
    return msgspec.json.encode(event, order="sorted")


def encode(message: object) -> bytes:
    """Write a message that goes out, as UTF-8 JSON in the order of its fields."""
    return _ENCODE(message)


def _parse(value: bytes) -> Any:
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError as error:
        try:
            value.decode()
        except UnicodeDecodeError:
            raise Rejected("not_utf8", "the value is not UTF-8: write the event as UTF-8 JSON") from None
        if "depth" in str(error) or "recursion" in str(error).lower():
            raise _TOO_DEEP from None
        raise Rejected("not_json", f"the value is not JSON, at character {error.pos}") from None


def _depth(raw: Any) -> int:
    """Give how deeply lists and objects are nested."""
    depth, level = 0, [raw]
    while level:
        depth += 1
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, (dict, list))
        ]
    return depth


def _text(raw: dict[str, Any], name: str) -> str | None:
    """Give an id for the dead letter; one that is longer than an id may be stands in the bytes alone."""
    value = raw.get(name)
    return value if isinstance(value, str) and len(value) <= _LONGEST_ID else None


def _named(refusal: Rejected, raw: dict[str, Any]) -> Rejected:
    return Rejected(
        refusal.reason, refusal.detail, refusal.field, event_id=_text(raw, "event_id"), source=_text(raw, "source")
    )


def _explained(raw: dict[str, Any], message: str) -> Rejected:
    """Turn the decoder's message into a reason; the value itself must not be told, it may identify a patient."""
    where = _WHERE.search(message)
    field = where.group(1) if where else ""
    if missing := _MISSING.match(message):
        field = f"{field}.{missing.group(1)}" if field else missing.group(1)
        return _named(Rejected("missing_field", f"{field} is missing: every {_kind(raw)} has it", field), raw)
    if field == "event_type" and isinstance(raw.get("event_type"), str):
        return _named(Rejected("unknown_event_type", "event_type is none that the contract knows", field), raw)
    given = raw.get(field)
    if isinstance(given, str) and (field in _TIMES or field == "occurred_at") and _WITHOUT_OFFSET.fullmatch(given):
        detail = f"{field} has no offset: write it as 2026-01-31T09:00:00-05:00 or with Z"
        return _named(Rejected("no_offset", detail, field), raw)
    expected = message.split(" - at ", maxsplit=1)[0]
    reason: Reason = "out_of_range" if _BOUND.match(expected) or _too_long_a_number(raw, field) else "wrong_field"
    return _named(Rejected(reason, f"{field or 'the event'}: {_expectation(expected, field)}", field or None), raw)


def _too_long_a_number(raw: dict[str, Any], field: str) -> bool:
    """Tell a whole number that no 64 bits hold, which JSON readers turn into a float."""
    given = raw.get(field)
    return isinstance(given, float) and abs(given) >= 2**63


def _kind(raw: dict[str, Any]) -> str:
    tag = raw.get("event_type")
    return tag if isinstance(tag, str) and tag in EVENT_TYPES else "event"


def _expectation(expected: str, field: str) -> str:
    if expected.startswith("Invalid enum value"):
        return "is none of the values that the contract names"
    if "matching regex" in expected:
        if field in _TIMES or field == "occurred_at":
            return "must be RFC 3339 with an offset, as 2026-01-31T09:00:00-05:00"
        if field in _DATES or field == "from":
            return "must be a date, as 2026-01-31"
        return "must be 1 to 128 characters without control characters or |"
    return expected[0].lower() + expected[1:]


def _unknown(raw: dict[str, Any]) -> tuple[str, ...]:
    names = raw.keys() - _NAMES[raw["event_type"]]
    for field, kind in _NESTED.items():
        if field in raw and field not in names:
            known = set(kind.__struct_fields__)
            names |= {f"{field}.{name}" for item in raw[field] for name in item.keys() - known}
    if "authorization" not in names and isinstance(raw.get("authorization"), dict):
        known = set(coverage.Authorization.__struct_fields__)
        names |= {f"authorization.{name}" for name in raw["authorization"].keys() - known}
    return tuple(sorted(names))


def _check(event: Event, max_segment_minutes: int) -> None:
    """Refuse what the types alone cannot: days that no calendar has, and ends before their starts."""
    if isinstance(event, (segments.SegmentRecorded, segments.SegmentAmended)):
        _check_clock(event, max_segment_minutes)
        return
    tag = str(event.__struct_config__.tag)
    for name, reader in _READERS[tag]:
        _read_field(reader, getattr(event, name), name)
    for first, last in _RANGES_OF[tag]:
        _check_range(event, first, last)
    if isinstance(event, segments.ServiceRecorded):
        _check_minutes(event, max_segment_minutes)
    elif isinstance(event, coverage.CoverageReported) and event.authorization:
        _read_field(calendar, event.authorization.through, "authorization.through")


def _read_field(reader: Callable[[str], object], text: str | None, name: str) -> None:
    if text is None:
        return
    try:
        reader(text)
    except ValueError:
        raise Rejected("wrong_field", f"{name} is on a day that the calendar does not have", name) from None


def _check_range(event: Event, first: str, last: str) -> None:
    start = getattr(event, first)
    name = "from" if first == "first" else first
    _read_field(calendar, start, name)
    if getattr(event, last) < start:
        raise Rejected("stop_before_start", f"{last} is before {name}", last)


def _check_clock(event: segments.SegmentRecorded | segments.SegmentAmended, max_segment_minutes: int) -> None:
    try:
        moment(event.occurred_at)
        microseconds = microseconds_between(event.started_at, event.stopped_at)
    except ValueError:
        for name in ("occurred_at", "started_at", "stopped_at"):
            _read_field(moment, getattr(event, name), name)
        raise
    if microseconds < 0 or (microseconds == 0 and instant(event.stopped_at) < instant(event.started_at)):
        raise Rejected("stop_before_start", "stopped_at is before started_at", "stopped_at")
    seconds = microseconds / 1_000_000
    if seconds > max_segment_minutes * 60:
        raise Rejected("too_long", f"the segment is longer than {max_segment_minutes} minutes", "stopped_at")
    if (event.paused_seconds or 0) > seconds:
        raise Rejected("pauses_too_long", "paused_seconds is more than the segment has", "paused_seconds")
    if (event.assistant_seconds or 0) > seconds - (event.paused_seconds or 0):
        detail = "assistant_seconds is more than the segment's counted time"
        raise Rejected("out_of_range", detail, "assistant_seconds")


def _check_minutes(event: segments.ServiceRecorded, max_segment_minutes: int) -> None:
    if event.minutes > max_segment_minutes:
        raise Rejected("too_long", f"the service is longer than {max_segment_minutes} minutes", "minutes")
    if (event.assistant_minutes or 0) > event.minutes:
        raise Rejected("out_of_range", "assistant_minutes is more than minutes", "assistant_minutes")
