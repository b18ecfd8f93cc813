"""Care in whatever order it is told, and cut into whatever batches: the last alert of each matter is the same."""

import json
from collections.abc import Sequence
from random import Random
from typing import Any

import pytest
from ledger.care import ELEMENTS, appointment, coverage, note, plan, tick, visit
from ledger.emr import Event, base, segment, void
from properties.network import terms
from properties.stream import taken

from pipeline.connection import partition_of
from pipeline.engine.record import Message, Record
from pipeline.events.codec import write
from pipeline.events.rejected import Rejected
from pipeline.rate import Rater
from pipeline.settings import Settings
from pipeline.streams import care, days

Last = dict[tuple[str, ...], tuple[Any, ...]]


def story() -> list[Event]:
    """Give a patient's half year, with corrections of nearly everything."""
    start = segment("timer", "2025-03-05") | {"event_type": "segment.started", "occurred_at": "2025-03-05T14:00:00Z"}
    del start["stopped_at"]
    treated = [visit(f"2025-{month:02d}-{day:02d}", payer_id=payer) for month, day, payer in _TREATED]
    authorization = {"number": "A-1", "visits": 5, "units": 14, "through": "2025-04-20"}
    return [
        *treated,
        visit("2025-03-03", 60, revision=2) | {"event_id": "longer", "occurred_at": "2025-03-04T20:00:00Z"},
        void("gone", "s-v-2025-03-10"),
        start,
        *(note(f"2025-03-{day:02d}") for day in (3, 7, 12)),
        note("2025-03-12", elements=ELEMENTS[:4], event_id="n-later", occurred_at="2025-03-20T20:00:00Z"),
        note("2025-03-14", progress_report=True),
        plan("2025-03-03", "2025-05-31"),
        plan("2025-03-03", "2025-03-30", revision=2, event_id="p-2"),
        coverage(visit_limit=12, visits_used=4, verified_at="2025-03-04T08:00:00Z"),
        coverage("c-2", revision=2, visit_limit=9, authorization=authorization, verified_at="2025-03-20T08:00:00Z"),
        coverage("c-3", coverage_id="cover-2", payer_id="cigna", visit_limit=3, verified_at=None),
        appointment("2025-05-05"),
        appointment("2026-01-05"),
        appointment("2025-05-05", cancelled=True),
        appointment("2025-05-12"),
    ]


_TREATED = [
    *((3, day, "medicare-b") for day in (3, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)),
    *((4, day, "uhc") for day in (1, 3, 8, 10, 15, 22)),
    *((4, day, "cigna") for day in (2, 4)),
]
TICKS = ["2025-03-04", "2025-03-09", "2025-04-01", "2025-05-03", "2025-05-10"]


def last_of(alerts: Sequence[dict[str, Any]]) -> Last:
    """Give how each matter stands by its last alert: what it says, or that it is settled."""
    found: Last = {}
    for alert in alerts:
        data = alert["data"]
        standing = None if alert["type"].endswith("settled") else (data["kind"], data["sentence"], data["left"])
        found[_matter(alert["subject"], data)] = standing
    return {matter: standing for matter, standing in found.items() if standing is not None}


def _matter(subject: str, data: dict[str, Any]) -> tuple[str, ...]:
    kind = data["kind"]
    if kind.startswith("certification"):
        return subject, "plan", data["discipline"]
    if kind.startswith("progress"):
        return subject, kind, data["discipline"], data["payer_id"]
    if kind in {"authorization_expiring", "authorization_expired"}:
        return subject, "authorization days", data["payer_id"]
    if kind in {"note_missing", "documentation_missing"}:
        return subject, kind, data["service_date"], data["discipline"]
    return subject, kind, str(data["payer_id"] if kind != "timer_open" else data["about"])


def by_rate(events: Sequence[Event]) -> list[dict[str, Any]]:
    rater = Rater(Settings())
    lines = [json.dumps(event).encode() for event in events]
    return [
        json.loads(json.dumps(_plain(output.value)))
        for output in rater.lines("events", lines)
        if output.topic == "care-alerts"
    ]


def _plain(value: Any) -> Any:
    from pipeline.events.codec import encode  # noqa: PLC0415 -- beside its only use.

    return json.loads(encode(value))


def by_stream(events: Sequence[Event], chance: Random) -> list[dict[str, Any]]:
    """Let both stages take batches of chance; days reach care at once, or a batch later."""
    tables: dict[str, dict[str, bytes]] = {name: {} for name in (*days.TABLES, *care.TABLES)}
    sent: list[Message] = []
    waiting: list[Message] = []
    number = partition_of("p-1", 12)

    def refuse(_: Record, refusal: Rejected) -> Message:
        raise AssertionError(refusal)

    def record(offset: int, event: Event) -> Record:
        own = event["event_type"] == "day.ticked"
        at = 1_780_000_000_000
        headers = {"event_type": event["event_type"].encode(), "appended": b"" if own else str(at).encode()}
        value = write(taken(event)[0])
        return Record("session-events", number, offset, at, b"p-1", value, headers)

    records = [record(offset, event) for offset, event in enumerate(events)]
    while records or waiting:
        size = chance.randint(1, 9)
        batch, records = records[:size], records[size:]
        made: list[Message] = []
        if batch:
            made = days.fold(terms(), refuse, tables, batch).messages
            sent += made
            sent += care.fold(terms(), 12, refuse, tables, batch).messages
        waiting += [message for message in made if message.topic == "billable-days"]
        if waiting and (chance.random() < 0.7 or not records):
            changes = [Record(one.topic, number, 0, 0, one.key, one.value, one.headers) for one in waiting]
            sent += care.fold(terms(), 12, refuse, tables, changes).messages
            waiting = []
    return [json.loads(message.value or b"") for message in sent if message.topic == "care-alerts"]


def test_a_story_told_in_order_ends_in_what_anybody_would_say() -> None:
    last = last_of(by_rate([*story(), *(tick(day) for day in TICKS)]))
    kinds = sorted(standing[0] for standing in last.values())
    assert set(kinds) >= {
        *("authorization_expired", "authorization_visits", "certification_expired", "visit_limit"),
        *("documentation_missing", "note_missing", "timer_open"),
    }


@pytest.mark.parametrize("seed", range(12))
def test_order_repetition_and_batches_change_no_last_alert(seed: int) -> None:
    wanted = last_of(by_rate([*story(), *(tick(day) for day in TICKS)]))
    chance = Random(seed)
    events = story() + story()[:20]
    chance.shuffle(events)
    for day in TICKS:
        events.insert(chance.randrange(len(events) + 1), tick(day))
    # The newest day may have come at any time, but it has come.
    assert last_of(by_rate(events)) == wanted
    assert last_of(by_stream(events, chance)) == wanted


def test_no_alert_comes_twice() -> None:
    chance = Random(3)
    events = [*story(), *(tick(day) for day in TICKS), *story()]
    for alerts in (by_rate(events), by_stream(events, chance)):
        ids = [alert["id"] for alert in alerts]
        assert len(ids) == len(set(ids))


def test_what_is_old_leaves_and_who_comes_no_more_is_forgotten() -> None:
    events = [*story(), base("plan.certified", "odd") | plan("2025-03-03", "9999-12-31", plan_id="odd")]
    tables = _held([*events, tick("2025-05-10")])
    assert len(tables["care"]) == 1
    tables = _held([*events, tick("2025-05-10"), *(tick(f"202{year}-12-31") for year in (6, 7))])
    assert tables["care"] == {}
    assert set(tables["due"]) <= {"today", "dates"}


def _held(events: Sequence[Event]) -> dict[str, dict[str, bytes]]:
    rater = Rater(Settings())
    list(rater.lines("events", [json.dumps(event).encode() for event in events]))
    patients, ticks = rater._care_tables.patients, rater._care_tables.ticks
    return {
        "care": {key: value for key, value in patients._table.items() if key != "-"},
        "due": dict(ticks._day._table),
    }
