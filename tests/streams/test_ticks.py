"""The beginning of a day: told once to each partition number, and what is due by it raised, by real workers."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from commands.commandline import held
from ledger.care import appointment, note, visit
from ledger.emr import Event, segment
from streams.stream import apply, publish, until, working

from pipeline.ledger.ticks import Ticks, ticked
from pipeline.settings import Settings
from pipeline.streams.ticks import tick_of

MakeSettings = Callable[..., Settings]


def events(settings: Settings) -> list[dict[str, Any]]:
    return [json.loads(value or b"") for _, value in held(settings, "session-events")]


def told(settings: Settings) -> list[str]:
    return sorted(event["event_id"] for event in events(settings) if event["event_type"] == "day.ticked")


def alerts(settings: Settings) -> list[tuple[str, str]]:
    found = [json.loads(value or b"") for _, value in held(settings, "care-alerts")]
    return sorted((alert["type"].removeprefix("kxwatch.care."), alert["subject"]) for alert in found)


def send(settings: Settings, *sent: Event) -> None:
    publish(settings, [json.dumps(event).encode() for event in sent])


def open_timer(patient: str) -> Event:
    start = segment(f"e-{patient}", "2026-01-05", patient_id=patient)
    del start["stopped_at"]
    return start | {"event_type": "segment.started"}


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


@pytest.mark.parametrize("engine", ["exactly-once", "stock"])
def test_workers_tell_each_partition_once_of_the_day_and_what_is_due_is_raised_once(
    make_settings: MakeSettings, tmp_path: Path, engine: str
) -> None:
    settings = make_settings(engine=engine, ticks=True)
    apply(settings)
    send(settings, *(open_timer(f"p-{number}") for number in range(24)))
    wanted = sorted(f"day.ticked:{_today()}:{number}" for number in range(12))
    with working(settings, tmp_path / "log") as first:
        until(lambda: told(settings) == wanted)
        until(lambda: len([one for one in alerts(settings) if one[0] == "timer_open"]) == 24)
        assert first.stop() == 0
    # The next worker knows from its tables what was told; and so does what comes after.
    with working(settings, tmp_path / "next") as second:
        until(second.at_work)
        send(settings, open_timer("p-late"))
        until(lambda: ("timer_open", "p-late") in alerts(settings))
        assert second.stop() == 0
    assert told(settings) == wanted
    assert held(settings, "rejected-events") == []
    assert len([one for one in alerts(settings) if one[0] == "timer_open"]) == 25


def test_what_concerns_the_network_is_told_by_one_partition_alone(make_settings: MakeSettings, tmp_path: Path) -> None:
    settings = make_settings(ticks=True)
    apply(settings)
    with working(settings, tmp_path / "log") as worker:
        until(lambda: len(told(settings)) == 12)
        until(lambda: alerts(settings) != [])
        assert worker.stop() == 0
    assert set(alerts(settings)) == {("figures_missing", "-")}
    assert len(alerts(settings)) == 1


def test_a_patients_visit_note_and_appointment_are_reckoned_with_across_topics(
    make_settings: MakeSettings, tmp_path: Path
) -> None:
    settings = make_settings(ticks=True)
    apply(settings)
    day = _today()
    noted = visit("2026-06-01", patient_id="p-noted"), note("2026-06-01", patient_id="p-noted")
    send(settings, visit("2026-06-01"), *noted, appointment(day))
    with working(settings, tmp_path / "log") as worker:
        until(lambda: {"note_missing", "coverage_not_verified"} <= {kind for kind, _ in alerts(settings)})
        assert worker.stop() == 0
    assert ("note_missing", "p-noted") not in alerts(settings)


def test_a_tick_is_the_same_whoever_makes_it_and_begins_where_the_network_is() -> None:
    tick = tick_of("2026-07-01", 4, ZoneInfo("America/New_York"))
    assert tick == tick_of("2026-07-01", 4, ZoneInfo("America/New_York"))
    assert (tick.event_id, tick.occurred_at) == ("day.ticked:2026-07-01:4", "2026-07-01T00:00:00-04:00")


def test_a_day_that_is_nowhere_on_earth_yet_is_a_wrong_clocks_and_not_taken() -> None:
    table: dict[str, bytes] = {}
    ticks = Ticks(table)
    ticks.enter("2026-07-02", "p-1")
    appended = str(int(datetime(2026, 7, 1, 12, tzinfo=UTC).timestamp() * 1000))
    assert ticks.tick("2062-07-01", appended) is None
    assert ticks.tick("2026-07-02", appended) == ["p-1"]
    ticks.flush()
    assert ticked(table) == "2026-07-02"
    assert set(table) == {"today", "dates"}
