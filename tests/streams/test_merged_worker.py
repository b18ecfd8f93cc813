"""Merged patients on a real Kafka: workers killed in the middle of it leave what `rate` says of the same events."""

import json
from collections.abc import Callable
from pathlib import Path

from streams.stream import apply, compacted, publish, rated, simulated, until, working

from pipeline.settings import Settings


def merged(lines: list[bytes]) -> list[bytes]:
    """Give a simulated network's events and, spread among them, merges of its patients, some of them undone."""
    patients = sorted({json.loads(line)["patient_id"] for line in lines if b'"segment.recorded"' in line})
    found = list(lines)
    for number, (one, other) in enumerate(zip(patients[::3], patients[1::3], strict=False)):
        for revision, into in ((1, other), (2, one)) if number % 3 == 0 else ((1, other),):
            said = {"event_id": f"m-{number}-{revision}", "event_type": "patient.merged", "patient_id": one}
            said |= {"occurred_at": "2026-01-31T09:00:00Z", "site_id": "site-1", "source": "mpi"}
            told = json.dumps(said | {"into_patient_id": into, "revision": revision}).encode()
            found.insert((number * 37 + revision * 11) % len(found), told)
    return found


def test_workers_that_are_killed_amid_merges_leave_what_rate_says(
    make_settings: Callable[..., Settings], tmp_path: Path
) -> None:
    settings = make_settings()
    apply(settings)
    lines = merged(simulated(40)[:500])
    wanted = rated(settings, lines)
    half = len(lines) // 2
    publish(settings, lines[:half])
    with working(settings, tmp_path / "first") as worker:
        until(lambda: any(compacted(settings).values()))
        worker.kill()
    publish(settings, lines[half:])
    with working(settings, tmp_path / "second") as worker:
        until(worker.at_work)
        worker.kill()
    with working(settings, tmp_path / "third") as worker:
        until(lambda: compacted(settings) == wanted, 60)
        assert worker.stop() == 0
