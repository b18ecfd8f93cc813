"""A day that has left, an event that comes too late for it, and the replay that takes it, as an operator does it."""

import json
from collections.abc import Callable

import pytest
from end_to_end.deployment import Deployment, Values, unlike, until
from ledger.emr import Event, accrual, segment, void

from pipeline.events.rejected import Reason

OLD = "2025-03-03"
LATER = {"started_at": f"{OLD}T11:00:00-05:00", "stopped_at": f"{OLD}T11:40:00-05:00"}
KNOWN = [
    accrual("e-0", 238_000),
    *(segment("e-1", OLD), segment("e-2", OLD, **LATER), segment("e-3", "2025-03-20")),
    *(
        segment("e-4", OLD, 15, started_at=f"{OLD}T09:30:00-05:00", stopped_at=f"{OLD}T09:45:00-05:00"),
        void("e-5", "s-e-4"),
    ),
]
NEW = [segment("e-6", "2026-06-01"), segment("e-7", "2026-06-02")]
LATE = [
    segment("e-8", OLD, started_at=f"{OLD}T14:00:00-05:00", stopped_at=f"{OLD}T14:53:00-05:00"),
    void("e-9", "s-e-3"),
]


def lines(events: list[Event]) -> list[bytes]:
    return [json.dumps(event).encode() for event in events]


def of(letters: list[dict[str, object]], name: str) -> list[object]:
    return [letter[name] for letter in letters]


@pytest.fixture(scope="module")
def deployment(deploy: Callable[..., Deployment]) -> Deployment:
    """A network with tokens, that keeps a day for 400 days."""
    return deploy(patient_key="sixteen bytes, and more", keep_days=400)


def letters(deployment: Deployment, *flags: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in deployment.run("rejected", "list", "--json", *flags).splitlines()]


def test_a_replay_takes_what_came_too_late_and_the_days_are_whole(deployment: Deployment) -> None:
    late: Reason = "too_late"
    with deployment.working() as worker:
        for events in (KNOWN, NEW, LATE):
            deployment.publish(lines(events))
            until(deployment.finished)
        assert unlike(deployment.values(), rated(deployment, [*KNOWN, *NEW])) == []
        assert of(letters(deployment), "reason") == [late, late]
        assert of(letters(deployment), "event_id") == ["e-8", "e-9"]

        said = json.loads(deployment.run("rejected", "replay", "--reason", late, "--json"))
        assert said["failed"] == {}
        assert len(said["replayed"]) == 2
        until(deployment.finished)
        assert unlike(deployment.values(), rated(deployment, [*KNOWN, *NEW, *LATE])) == []
        assert letters(deployment) == []
        assert worker.stop() == 0


def rated(deployment: Deployment, events: list[Event]) -> Values:
    return deployment.rated(lines(events))
