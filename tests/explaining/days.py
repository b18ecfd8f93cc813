"""A patient's day with most of what can be explained: an assistant, an overlap, an edit pair, KX."""

import json
from pathlib import Path

from ledger.emr import accrual, segment

PATIENT, DATE = "p-1", "2026-03-02"


def timed(name: str, code: str, start: str, stop: str, **said: object) -> dict:
    clock = {"started_at": f"{DATE}T{start}-05:00", "stopped_at": f"{DATE}T{stop}-05:00"}
    return segment(f"e-{name}", segment_id=name, code=code, discipline="PT", **clock, **said)


EVENTS = [
    accrual("e-0", 241_000, year=2026, bucket="PT-SLP", as_of="2026-03-01"),
    timed("s-1", "97110", "09:00:00", "09:26:00", assistant_seconds=600),
    timed("s-2", "97140", "09:26:00", "09:42:00"),
    timed("s-3", "97530", "09:40:00", "10:00:30"),
]


def written(folder: Path, events: list[dict] = EVENTS) -> Path:
    path = folder / "events.jsonl"
    path.write_text("".join(json.dumps(event) + "\n" for event in events))
    return path
