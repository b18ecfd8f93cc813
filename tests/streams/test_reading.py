from collections.abc import Iterable
from datetime import datetime

from pipeline.engine.record import Message, Record
from pipeline.events.base import Event
from pipeline.events.codec import read
from pipeline.events.segments import SegmentVoided
from pipeline.ledger.tables import Cause, Effect
from pipeline.streams.reading import Reader, cause_of, messages

VOIDED = (
    b'{"event_id":"e-1","event_type":"segment.voided","occurred_at":"2026-01-31T09:00:00-05:00","patient_id":"p-1",'
    b'"revision":1,"segment_id":"g-1","site_id":"s-1","source":"emr-a"}'
)


def record(value: bytes = VOIDED, **headers: bytes) -> Record:
    return Record("session-events", 3, 7, 1_769_000_000_000, b"p-1", value, headers)


def reader(kinds: Iterable[type[Event]] = (SegmentVoided,)) -> Reader:
    return Reader(kinds, 240, lambda refused, _: Message("rejected-events", refused.key, b"", 3, {}))


def test_an_event_is_the_cause_of_what_it_changes() -> None:
    ((event, cause),) = reader().events([record(appended=b"5")])
    assert event == read(VOIDED, max_bytes=1_000, max_segment_minutes=240)[0]
    assert cause == Cause("e-1", "2026-01-31T09:00:00-05:00", "5")


def test_an_event_that_a_header_tells_is_not_wanted_is_not_even_decoded() -> None:
    one = reader()
    assert list(one.events([record(b"nonsense", event_type=b"plan.certified")])) == []
    assert one.letters == []


def test_a_session_event_that_cannot_be_read_is_a_dead_letter() -> None:
    one = reader()
    assert list(one.events([record(b"nonsense")])) == []
    assert [letter.topic for letter in one.letters] == ["rejected-events"]
    assert one.counts == {("rejected", "not_json"): 1}


def test_a_message_without_headers_is_its_own_cause() -> None:
    cause = cause_of(record())
    assert cause.event_id == "session-events/3/7"
    assert datetime.fromisoformat(cause.occurred_at).timestamp() == 1_769_000_000


def test_an_effect_without_a_value_is_a_tombstone() -> None:
    (message,) = messages([Effect("billable-days", "p|2026-01-31", "p", None, Cause("e", "t", "5"))], 3)
    expected = {"event_id": b"e", "occurred_at": b"t", "appended": b"5"}
    assert message == Message("billable-days", b"p|2026-01-31", None, 3, expected)
