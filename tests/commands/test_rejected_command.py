import base64
import json
from pathlib import Path
from typing import Any

import pytest
from commands.commandline import Kxwatch, held, make, put

from pipeline.events.codec import encode
from pipeline.events.rejected import RejectedEvent
from pipeline.ledger.left_days import OF_A_YEAR
from pipeline.settings import Settings
from pipeline.topics.catalog import FOLDER, topic_name

pytestmark = pytest.mark.usefixtures("environment")
SECRET = b'{"patient_id": "Jane Doe"'


def letter(reason: Any = "not_json", value: bytes | None = SECRET, topic: str = "emr-events") -> bytes:
    return encode(
        RejectedEvent(
            reason=reason,
            detail="the value is not JSON, at character 25",
            field=None,
            source="emr-\x1b[2Jnorth",
            event_id="e-1",
            received_at="2026-03-02T15:05:01Z",
            topic=topic,
            partition=3,
            offset=17,
            key_base64=base64.b64encode(b"p-1").decode() if value is not None else None,
            value_base64=None if value is None else base64.b64encode(value).decode(),
        )
    )


def fill(settings: Settings, *letters: bytes) -> None:
    make(settings, "emr-events", "session-events", "rejected-events", "rejected-settled")
    put(settings, "rejected-events", [("p-1", one, 3) for one in letters])


def listed(kxwatch: Kxwatch, *flags: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in kxwatch("rejected", "list", "--json", *flags).out.splitlines()]


def test_the_list_has_the_reasons_and_never_the_bytes_unless_asked(settings: Settings, kxwatch: Kxwatch) -> None:
    fill(settings, letter(), letter("too_deep"))
    shown = kxwatch("rejected", "list").out
    assert "3:0" in shown
    assert "not_json" in shown
    assert "\x1b" not in shown
    programs = kxwatch("rejected", "list", "--json").out
    for text in (shown, programs):
        assert "Doe" not in text
        assert base64.b64encode(SECRET).decode() not in text
    assert "Doe" in kxwatch("rejected", "list", "--show-bytes").out
    assert [one["id"] for one in listed(kxwatch, "--reason", "too_deep")] == ["3:1"]


def test_a_letter_that_is_replayed_arrives_as_it_came_and_is_settled(settings: Settings, kxwatch: Kxwatch) -> None:
    fill(settings, letter(), letter())
    ended = kxwatch("rejected", "replay", "3:1")
    assert (ended.code, ended.out) == (0, "Sent in again: 1. Not: 0.\n")
    assert held(settings, "emr-events") == [(b"p-1", SECRET)]
    assert [one["id"] for one in listed(kxwatch)] == ["3:0"]
    assert [one["settled"] and one["settled"]["how"] for one in listed(kxwatch, "--all")] == [None, "replayed"]


def test_all_open_letters_of_a_reason_are_replayed_together(settings: Settings, kxwatch: Kxwatch) -> None:
    fill(settings, letter(), letter("too_deep"), letter(topic=topic_name(settings, "emr-events")))
    assert json.loads(kxwatch("rejected", "replay", "--reason", "not_json", "--json").out) == {
        "replayed": ["3:0", "3:2"],
        "failed": {},
    }
    assert len(held(settings, "emr-events")) == 2
    assert [one["id"] for one in listed(kxwatch)] == ["3:1"]


def test_a_settled_letter_is_replayed_again_only_when_that_is_said(settings: Settings, kxwatch: Kxwatch) -> None:
    fill(settings, letter())
    kxwatch("rejected", "replay", "3:0")
    again = kxwatch("rejected", "replay", "3:0")
    assert (again.code, again.err) == (
        2,
        "kxwatch: 3:0 (replayed): settled already; `replay --again` sends in again all the same\n",
    )
    assert kxwatch("rejected", "replay", "3:0", "--again").code == 0
    assert len(held(settings, "emr-events")) == 2


def test_a_mended_event_goes_in_under_its_patient_in_place_of_the_letters(
    settings: Settings, kxwatch: Kxwatch, tmp_path: Path
) -> None:
    fill(settings, letter())
    event = json.loads((FOLDER / "examples/good/segment.recorded.json").read_text())["value"]
    path = tmp_path / "mended.json"
    path.write_text(json.dumps(event))
    assert kxwatch("rejected", "replay", "3:0", "--mend", str(path)).code == 0
    assert held(settings, "emr-events") == [(event["patient_id"].encode(), json.dumps(event).encode())]
    assert listed(kxwatch, "--all")[0]["settled"]["mended"] is True


def test_what_would_be_refused_again_is_not_sent(settings: Settings, kxwatch: Kxwatch, tmp_path: Path) -> None:
    fill(settings, letter())
    path = tmp_path / "mended.json"
    path.write_text(SECRET.decode())
    ended = kxwatch("rejected", "replay", "3:0", "--mend", str(path))
    assert ended.code == 2
    assert "would be refused again: not_json" in ended.err
    assert "Doe" not in ended.err
    assert held(settings, "emr-events") == []


def test_a_letter_that_cannot_be_sent_stays_open_and_is_told(settings: Settings, kxwatch: Kxwatch) -> None:
    fill(settings, letter(topic="__consumer_offsets"), letter("no_value", None), letter())
    ended = kxwatch("rejected", "replay", "3:0", "3:1", "3:2")
    assert (ended.code, ended.out) == (1, "Sent in again: 1. Not: 2.\n")
    assert "3:0: came from a topic that is none of these settings'" in ended.err
    assert "3:1: has neither key nor value: dismiss it" in ended.err
    assert [one["id"] for one in listed(kxwatch)] == ["3:0", "3:1"]


def test_a_letter_of_a_year_that_has_left_stays_open_and_is_told(settings: Settings, kxwatch: Kxwatch) -> None:
    closed = json.loads(letter("too_late", topic="session-events")) | {"detail": OF_A_YEAR}
    make(settings, "billable-days")
    fill(settings, encode(closed), letter())
    ended = kxwatch("rejected", "replay", "3:0", "3:1")
    assert (ended.code, ended.out) == (1, "Sent in again: 1. Not: 1.\n")
    assert "3:0: is of a year that has left the tables" in ended.err
    assert [one["id"] for one in listed(kxwatch)] == ["3:0"]
    assert held(settings, "session-events") == []


def test_a_dismissed_letter_is_settled_and_nothing_is_sent(settings: Settings, kxwatch: Kxwatch) -> None:
    fill(settings, letter())
    assert kxwatch("rejected", "dismiss", "3:0", "--why", "a test of the EMR").out == "Dismissed: 1.\n"
    assert held(settings, "emr-events") == []
    assert kxwatch("rejected", "list").out == "No open dead letters.\n"
    settled = listed(kxwatch, "--all")[0]["settled"]
    assert (settled["how"], settled["why"]) == ("dismissed", "a test of the EMR")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("replay",), "say which letters"),
        (("replay", "3:0", "7:7"), "7:7: no such letter"),
        (("replay", "--reason", "odd"), "--reason: is none of no_value"),
        (("replay", "--reason", "not_json", "--mend", "x"), "stands for one letter"),
        (("replay", "3:0", "--mend", "nothing-here"), "cannot be read"),
        (("dismiss", "3:0", "--why", " "), "--why"),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_line(
    settings: Settings, kxwatch: Kxwatch, arguments: tuple[str, ...], said: str
) -> None:
    fill(settings, letter())
    ended = kxwatch("rejected", *arguments)
    assert ended.code == 2
    assert said in ended.err
    assert ended.err.count("\n") == 1
