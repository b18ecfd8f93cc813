import base64
import json
from collections import Counter
from typing import Any

import pytest

from pipeline.connection import partition_of
from pipeline.engine.record import Count, Message, Record
from pipeline.events.codec import write
from pipeline.events.patients import DayTicked
from pipeline.identity import Identity
from pipeline.settings import Settings
from pipeline.streams.intake import Intake, fold_intake

GOOD = {
    "event_id": "e-1",
    "event_type": "segment.voided",
    "occurred_at": "2026-01-31T09:00:00-05:00",
    "patient_id": "p-1",
    "site_id": "s-1",
    "source": "emr-a",
    "segment_id": "g-1",
    "revision": 1,
}


def intake(**settings: Any) -> Intake:
    return Intake(Identity(Settings(**settings)), 262_144, 240, 12, lambda: "2026-01-31T09:00:01Z")


def taken(value: bytes | None, **settings: Any) -> tuple[Message, Counter[Count]]:
    record = Record("emr-events", 5, 42, 1_769_000_000_000, b"any", value, {})
    (message,), counts = fold_intake(intake(**settings), {}, [record])
    return message, counts


def test_a_valid_event_goes_on_under_its_patient_in_its_patients_partition() -> None:
    message, counts = taken(json.dumps(GOOD).encode())
    assert (message.topic, message.key, message.partition) == ("session-events", b"p-1", partition_of("p-1", 12))
    assert message.value == json.dumps(GOOD, sort_keys=True, separators=(",", ":")).encode()
    assert counts == {("events", "segment.voided", "accepted"): 1}


def test_the_time_at_which_an_event_reached_kafka_goes_with_it() -> None:
    assert taken(json.dumps(GOOD).encode())[0].headers["appended"] == b"1769000000000"


def test_with_a_key_a_token_stands_for_the_patient() -> None:
    message, _ = taken(json.dumps(GOOD).encode(), patient_key="0123456789abcdef")
    token = json.loads(message.value or b"")["patient_id"]
    assert (token != "p-1", message.key, message.partition) == (True, token.encode(), partition_of(token, 12))


def test_unknown_fields_are_kept_out_and_counted() -> None:
    message, counts = taken(json.dumps(GOOD | {"mood": "good", "shoe": 42}).encode())
    assert counts["unknown_fields",] == 2
    assert b"mood" not in (message.value or b"")


def test_a_tick_of_the_day_is_not_an_emrs_to_send() -> None:
    tick = DayTicked(event_id="t", occurred_at="2026-01-31T00:00:00Z", date="2026-01-31")
    message, counts = taken(write(tick))
    assert message.topic == "rejected-events"
    assert counts["rejected", "not_from_an_emr"] == 1


@pytest.mark.parametrize("value", [None, b"", b"\xff", b"[]", b"[" * 100_000, b'{"event_id": 1}'])
def test_what_is_no_event_is_a_dead_letter_with_its_bytes_and_its_place(value: bytes | None) -> None:
    message, _ = taken(value)
    letter = json.loads(message.value or b"")
    assert (message.topic, message.key, message.partition) == ("rejected-events", b"any", 5)
    assert (letter["topic"], letter["partition"], letter["offset"]) == ("emr-events", 5, 42)
    assert letter["received_at"] == "2026-01-31T09:00:01Z"
    assert letter["value_base64"] == (None if value is None else base64.b64encode(value).decode())
