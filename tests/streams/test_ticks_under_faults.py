"""Workers killed while a day begins: what the day makes due is told once, and the stream ends as `rate` does."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from commands.commandline import held
from ledger.care import appointment, tick, visit
from ledger.emr import Event, segment
from properties.stream import run
from streams.stream import apply, compacted, publish, rated, until, working

from pipeline.settings import Settings

PATIENTS = 36
Told = Counter[tuple[str, str, str]]


def days_ago(number: int) -> str:
    return (datetime.now(UTC).date() - timedelta(number)).isoformat()


def of_patients() -> list[Event]:
    """Give for each patient a timer left open, visits without note and certificate, and one that nobody verified."""
    begun = segment("begun", days_ago(5)) | {"event_type": "segment.started"}
    del begun["stopped_at"]
    told = begun, visit(days_ago(40)), visit(days_ago(38), 45, discipline="PT"), appointment(days_ago(-1))
    return [
        event | {"patient_id": f"p-{number}", "event_id": f"p-{number}-{event['event_id']}"}
        for number in range(PATIENTS)
        for event in told
    ]


def ticks(settings: Settings) -> set[str]:
    events = [json.loads(value or b"") for _, value in held(settings, "session-events")]
    return {event["event_id"] for event in events if event["event_type"] == "day.ticked"}


def alerts(settings: Settings) -> Told:
    return Counter(said(json.loads(value or b"")) for _, value in held(settings, "care-alerts"))


def said(alert: dict[str, Any]) -> tuple[str, str, str]:
    return alert["type"], alert["subject"], alert["data"]["sentence"]


def by_rate(events: list[Event]) -> Told:
    found = run([*events, tick(days_ago(0))])[1]
    return Counter((alert.type, alert.subject, alert.data.sentence) for alert in found if "care" in alert.type)


def test_two_workers_killed_while_a_day_begins_tell_what_is_due_once_and_end_as_rate_does(
    make_settings: Callable[..., Settings], tmp_path: Path
) -> None:
    # Work is committed some time after it is done, so that a death takes some of it away.
    settings = make_settings(ticks=True, batch_events=5, batch_seconds=0.5)
    apply(settings)
    events = of_patients()
    lines = [json.dumps(event).encode() for event in events]
    wanted = by_rate(events)
    assert min(wanted.values()) == max(wanted.values()) == 1
    assert len(wanted) >= PATIENTS * 6
    begun = {f"day.ticked:{days_ago(0)}:{number}" for number in range(12)}
    publish(settings, lines)
    with working(settings, tmp_path / "first") as first, working(settings, tmp_path / "second") as second:
        until(lambda: ticks(settings) != set())
        first.kill()
        with working(settings, tmp_path / "third") as third:
            until(lambda: len(alerts(settings)) > len(wanted) // 3)
            second.kill()
            with working(settings, tmp_path / "fourth") as fourth:
                until(lambda: begun <= ticks(settings))
                until(lambda: alerts(settings).keys() == wanted.keys())
                until(lambda: compacted(settings) == rated(settings, lines))
                assert (third.stop(), fourth.stop()) == (0, 0)
    assert alerts(settings) == wanted
    assert held(settings, "rejected-events") == []
