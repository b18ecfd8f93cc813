"""What an EMR sent is taken whole, or refused with a fixed reason and the field, and never with the value."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from ledger.emr import accrual, attestation, base, claim, segment, void

from pipeline.events.base import Event
from pipeline.events.codec import read, write
from pipeline.events.rejected import Rejected

QUICK = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
GOOD = segment("e-1")
HALF = {name: value for name, value in GOOD.items() if name != "stopped_at"} | {"event_type": "segment.started"}
COVERAGE = base("coverage.reported", "e-1") | {
    "coverage_id": "v-1",
    "revision": 1,
    "payer_id": "cigna",
    "effective_from": "2025-01-01",
    "effective_through": "2025-12-31",
}
VISIT = base("visit.scheduled", "e-1") | {
    "appointment_id": "b-1",
    "revision": 1,
    "starts_at": "2025-03-03T09:00:00-05:00",
    "discipline": "OT",
    "planned": [{"code": "97530", "minutes": 30}],
}
SERVICE = {name: value for name, value in HALF.items() if name != "started_at"} | {
    "event_type": "service.recorded",
    "service_date": "2025-03-03",
    "minutes": 30,
}


def take(event: dict[str, Any] | bytes | None, max_bytes: int = 262_144) -> tuple[Event, tuple[str, ...]]:
    value = json.dumps(event).encode() if isinstance(event, dict) else event
    return read(value, max_bytes=max_bytes, max_segment_minutes=240)


def refusal(event: dict[str, Any] | bytes | None, max_bytes: int = 262_144) -> Rejected:
    with pytest.raises(Rejected) as caught:
        take(event, max_bytes)
    return caught.value


def nested(levels: int, opening: str = "[", closing: str = "]") -> bytes:
    return json.dumps(GOOD)[:-1].encode() + f',"extra":{opening * levels}1{closing * levels}}}'.encode()


REFUSED = [
    ("no value", None, "no_value", None),
    ("an empty value", b"", "not_json", None),
    ("text that is no JSON", b"segment recorded", "not_json", None),
    ("JSON that breaks off", json.dumps(GOOD).encode()[:-1], "not_json", None),
    ("two events in one value", json.dumps(GOOD).encode() * 2, "not_json", None),
    ("a byte order mark", b"\xef\xbb\xbf" + json.dumps(GOOD).encode(), "not_json", None),
    ("half of a surrogate pair", json.dumps(GOOD | {"code": "\ud800"}).encode(), "not_json", None),
    ("no number", json.dumps(GOOD)[:-1].encode() + b',"revision":NaN}', "not_json", None),
    (
        "another encoding",
        json.dumps(GOOD, ensure_ascii=False).replace("97530", "\xe9").encode("latin-1"),
        "not_utf8",
        None,
    ),
    ("a surrogate in bytes", json.dumps(GOOD).encode().replace(b"97530", b"\xed\xa0\x80"), "not_utf8", None),
    ("a list", b"[]", "wrong_field", None),
    ("null", b"null", "wrong_field", None),
    ("no event_type", {"event_id": "e-1"}, "missing_field", "event_type"),
    ("an event_type that is a number", GOOD | {"event_type": 1}, "wrong_field", "event_type"),
    ("an event_type of another system", GOOD | {"event_type": "segment.deleted"}, "unknown_event_type", "event_type"),
    (
        "two event types",
        json.dumps(GOOD)[:-1].encode() + b',"event_type":"segment.voided"}',
        "unknown_event_type",
        "event_type",
    ),
    ("a field left out", {n: v for n, v in GOOD.items() if n != "code"}, "missing_field", "code"),
    ("null for a field that must be", GOOD | {"code": None}, "wrong_field", "code"),
    ("an empty code", GOOD | {"code": ""}, "wrong_field", "code"),
    ("a discipline of another kind", GOOD | {"discipline": "ST"}, "wrong_field", "discipline"),
    ("an empty id", GOOD | {"patient_id": ""}, "wrong_field", "patient_id"),
    ("an id with a line end", GOOD | {"patient_id": "p-1\n"}, "wrong_field", "patient_id"),
    ("an id with a control character", GOOD | {"segment_id": "s\x85"}, "wrong_field", "segment_id"),
    ("an id with a bar", GOOD | {"patient_id": "p|1"}, "wrong_field", "patient_id"),
    ("an id of 129 characters", GOOD | {"patient_id": "p" * 129}, "wrong_field", "patient_id"),
    ("a whole number as a decimal", GOOD | {"paused_seconds": 60.0}, "wrong_field", "paused_seconds"),
    ("a number as text", GOOD | {"revision": "1"}, "wrong_field", "revision"),
    ("a number as a yes", GOOD | {"revision": True}, "wrong_field", "revision"),
    ("a revision below 0", GOOD | {"revision": -1}, "out_of_range", "revision"),
    ("a revision of 65 bits", GOOD | {"revision": 2**64}, "out_of_range", "revision"),
    ("a revision of 100 bits", GOOD | {"revision": 2**100}, "out_of_range", "revision"),
    ("the year 0", accrual("e-1", 1, year=0), "out_of_range", "year"),
    ("an amount below 0", accrual("e-1", -1), "out_of_range", "amount_cents"),
    (
        "planned minutes below 0",
        VISIT | {"planned": [{"code": "x", "minutes": -1}]},
        "out_of_range",
        "planned[0].minutes",
    ),
    ("a planned code left out", VISIT | {"planned": [{"minutes": 1}]}, "missing_field", "planned[0].code"),
    ("a time without an offset", GOOD | {"started_at": "2025-03-03T09:00:00"}, "no_offset", "started_at"),
    ("when it occurred without an offset", GOOD | {"occurred_at": "2025-03-03T09:00:00.5"}, "no_offset", "occurred_at"),
    ("a second 60", GOOD | {"started_at": "2025-03-03T09:00:60Z"}, "wrong_field", "started_at"),
    ("a space for T", GOOD | {"started_at": "2025-03-03 09:00:00Z"}, "wrong_field", "started_at"),
    ("an offset without a colon", GOOD | {"started_at": "2025-03-03T09:00:00-0500"}, "wrong_field", "started_at"),
    ("a fraction without digits", GOOD | {"started_at": "2025-03-03T09:00:00.Z"}, "wrong_field", "started_at"),
    ("digits of another script", GOOD | {"started_at": "\u0662025-03-03T09:00:00Z"}, "wrong_field", "started_at"),
    ("the 30th of February", GOOD | {"occurred_at": "2025-02-30T09:00:00Z"}, "wrong_field", "occurred_at"),
    ("a start on no day", GOOD | {"started_at": "2025-02-29T09:00:00Z"}, "wrong_field", "started_at"),
    ("a half's start on no day", HALF | {"started_at": "2025-02-29T09:00:00Z"}, "wrong_field", "started_at"),
    ("a service on no day", SERVICE | {"service_date": "2025-02-29"}, "wrong_field", "service_date"),
    ("a date in another form", SERVICE | {"service_date": "03/03/2025"}, "wrong_field", "service_date"),
    ("an attestation from no day", attestation("e-1", "2025-02-29", "2025-03-01"), "wrong_field", "from"),
    (
        "an authorization through no day",
        COVERAGE | {"authorization": {"number": "1", "through": "2025-02-30"}},
        "wrong_field",
        "authorization.through",
    ),
    (
        "a stop before its start",
        GOOD | {"stopped_at": "2025-03-03T08:59:59.999999999-05:00"},
        "stop_before_start",
        "stopped_at",
    ),
    (
        "an attestation that ends before it begins",
        attestation("e-1", "2025-03-02", "2025-03-01"),
        "stop_before_start",
        "through",
    ),
    (
        "a coverage that ends before it begins",
        COVERAGE | {"effective_through": "2024-12-31"},
        "stop_before_start",
        "effective_through",
    ),
    ("four hours and a second", GOOD | {"stopped_at": "2025-03-03T13:00:01-05:00"}, "too_long", "stopped_at"),
    ("241 minutes without a clock", SERVICE | {"minutes": 241}, "too_long", "minutes"),
    ("pauses longer than the segment", GOOD | {"paused_seconds": 1_801}, "pauses_too_long", "paused_seconds"),
    (
        "an assistant longer than what counts",
        GOOD | {"paused_seconds": 60, "assistant_seconds": 1_741},
        "out_of_range",
        "assistant_seconds",
    ),
    (
        "an assistant's minutes above all minutes",
        SERVICE | {"assistant_minutes": 31},
        "out_of_range",
        "assistant_minutes",
    ),
    ("JSON nested a hundred thousand deep", nested(100_000), "too_deep", None),
    ("JSON nested 1,100 deep", nested(1_100), "too_deep", None),
    ("objects nested 1,100 deep", nested(1_100, '{"a":', "}"), "too_deep", None),
]


@pytest.mark.parametrize(("event", "reason", "field"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_refused(event: dict[str, Any] | bytes | None, reason: str, field: str | None) -> None:
    refused = refusal(event)
    assert (refused.reason, refused.field) == (reason, field)


def test_an_event_of_one_byte_too_many_is_refused() -> None:
    value = json.dumps(GOOD).encode()
    assert take(value, len(value))
    assert refusal(value, len(value) - 1).reason == "too_large"


def test_a_refusal_names_the_event_and_its_source_where_they_can_be_read() -> None:
    refused = refusal(GOOD | {"code": ""})
    assert (refused.event_id, refused.source) == ("e-1", "emr-1")
    assert (refusal(b"{").event_id, refusal(b"{").source) == (None, None)


@pytest.mark.parametrize(
    "event",
    [
        GOOD | {"paused_seconds": 1_800},
        GOOD | {"stopped_at": "2025-03-03T13:00:00-05:00"},
        GOOD | {"stopped_at": GOOD["started_at"]},
        GOOD | {"revision": 2**63 - 1},
        GOOD | {"patient_id": "p" * 128},
        GOOD | {"started_at": "2025-03-03t14:00:00.123456789012z", "stopped_at": "2025-03-03T09:20:00-05:00"},
        GOOD | {"occurred_at": "0001-01-01T00:00:00+14:00"},
        SERVICE | {"minutes": 0},
        void("e-1", "s-1"),
        claim("e-1", "2025-03-03"),
        VISIT,
        COVERAGE,
    ],
)
def test_what_the_limits_still_allow_is_taken(event: dict[str, Any]) -> None:
    assert take(event)[1] == ()


def test_unknown_fields_are_kept_out_and_named_wherever_they_are() -> None:
    authorized = COVERAGE | {"authorization": {"number": "1", "note": "x"}, "lines": [1]}
    assert take(GOOD | {"patient_name": "x", "lines": 5})[1] == ("lines", "patient_name")
    assert take(VISIT | {"planned": [{"code": "x", "minutes": 1, "room": 2}]})[1] == ("planned.room",)
    assert take(authorized)[1] == ("authorization.note", "lines")
    assert b"patient_name" not in write(take(GOOD | {"patient_name": "x"})[0])


def test_null_in_an_optional_field_is_absence() -> None:
    assert take(GOOD | {"paused_seconds": None, "modifiers": None}) == take(GOOD)
    assert take(COVERAGE | {"authorization": None}) == take(COVERAGE)


def test_of_a_field_given_twice_the_last_counts() -> None:
    event, unknown = take(json.dumps(GOOD)[:-1].encode() + b',"code":"97110"}')
    assert (event.code, unknown) == ("97110", ())  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "event", [GOOD, HALF, SERVICE, VISIT, COVERAGE, accrual("e-1", 5), claim("e-1", "2025-03-03", ("97530", ["GO"], 1))]
)
def test_sorted_json_is_the_event_as_received(event: dict[str, Any]) -> None:
    written = write(take(event)[0])
    assert written == json.dumps(event, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert write(take(written)[0]) == written


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="|"), min_size=1, max_size=40))
@QUICK
def test_text_of_any_script_comes_back_as_it_came(text: str) -> None:
    event = GOOD | {"code": text, "source": text}
    written = write(take(event)[0])
    assert json.loads(written) == event
    assert write(take(written)[0]) == written


SECRET = st.text(alphabet=st.sampled_from("QXZJV@#~"), min_size=4, max_size=30)
VALUES = st.one_of(SECRET, SECRET.map(lambda text: [text]), SECRET.map(lambda text: {text: text}))


@given(st.sampled_from(sorted(GOOD)), SECRET, VALUES)
@QUICK
def test_a_refusal_never_tells_the_value(field: str, secret: str, value: Any) -> None:
    assume(field not in {"event_id", "source"})
    try:
        take(GOOD | {field: value, f"{secret}": 1})
    except Rejected as refused:
        told = f"{refused} {refused.detail} {refused.field}"
        assert not any(character in told for character in "QXZJV@#~")


@given(st.binary(max_size=60))
@QUICK
def test_bytes_of_any_kind_are_refused_and_never_raise_anything_else(value: bytes) -> None:
    assert refusal(value).reason in {"not_json", "not_utf8", "wrong_field", "missing_field"}


JSON = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=5)
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=6,
)


@given(st.sampled_from([GOOD, HALF, SERVICE, VISIT, COVERAGE]), st.data())
@QUICK
def test_any_json_in_any_field_is_taken_or_refused(event: dict[str, Any], data: st.DataObject) -> None:
    field = data.draw(st.sampled_from(sorted(event)))
    refused = None
    try:
        assert write(take(event | {field: data.draw(JSON)})[0])
    except Rejected as refusal:
        refused = refusal.field
    assert refused is None or refused.split(".")[0].split("[")[0] == field


def beneath(frames: int, value: bytes) -> str | None:
    """Read an event beneath so many calls; give the reason where it is refused."""
    if frames:
        return beneath(frames - 1, value)
    try:
        take(value)
    except Rejected as refused:
        return refused.reason
    return None


def test_whether_an_event_is_too_deep_does_not_depend_on_the_caller() -> None:
    assert beneath(0, nested(500)) == beneath(500, nested(500))


@pytest.mark.parametrize("field", ["event_id", "source"])
def test_a_refusal_names_no_id_that_is_longer_than_an_id_may_be(field: str) -> None:
    refused = refusal({field: "x" * 100_000})
    assert len(getattr(refused, field) or "") <= 128
