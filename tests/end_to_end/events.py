"""What is sent: a simulated network, and patients of whom everything nasty is told that the contract allows."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from random import Random
from typing import Any

from pipeline.events.base import Event
from pipeline.events.codec import read
from pipeline.events.rejected import Rejected
from pipeline.simulate import network
from pipeline.topics.catalog import FOLDER

STRANGE = (
    *("nasty-1", "nasty-2", "nasty-3", "nasty-4", "nasty-5", "nasty-6", "nasty 7 'x' \"y\" \\z", "näßtý-病-🦉"),
    *("%7C:;,/", "n" * 128, "-", "NASTY-1"),
)
"""Patients' ids at the edge of what an id may be; two differ in capitals alone."""
TIMES = ("2026-03-02T20:00:00Z", "2026-03-02T15:00:00-05:00", "2026-03-02T20:00:00.000000001Z", "2026-03-03T08:00:00Z")
"""Of these, two are the same instant, and one a billionth of a second later."""
STARTS = (
    *("2026-03-02T09:00:00-05:00", "2026-03-02T23:50:00-05:00", "2026-03-03T00:10:00+05:45"),
    *("2025-12-31T23:40:00Z", "2026-01-01T00:00:00Z", "2026-03-02T09:20:30.250-05:00"),
)
CODES = (("PT", "97110"), ("PT", "97140"), ("OT", "97530"), ("OT", "97165"), ("SLP", "92507"), ("PT", "99999"))
KINDS = (
    *("segment.recorded", "segment.recorded", "segment.amended", "segment.started", "segment.stopped"),
    *("segment.voided", "service.recorded", "accrual.reported", "necessity.attested", "claim.submitted"),
    *("patient.merged", "remittance.posted", "coverage.reported", "visit.documented"),
)


@cache
def simulated(sites: int, patients: int, days: int, seed: int = 3) -> tuple[bytes, ...]:
    """Give a simulated network's lines, in the order in which they arrive."""
    return tuple(network(sites=sites, patients=patients, days=days, seed=seed))


@cache
def nasty(seed: int = 5, each: int = 50) -> tuple[bytes, ...]:
    """Give lines of strange patients: versions that tie, halves without the other, ids told twice, years that turn."""
    chance = Random(seed)
    return tuple(_told(chance, patient) for patient in STRANGE for _ in range(each))


def sent(lines: Sequence[bytes], seed: int, most: int = 3) -> list[bytes]:
    """Give each line once to `most` times, in any order at all."""
    chance = Random(seed)
    several = [line for line in lines for _ in range(chance.randint(1, most))]
    chance.shuffle(several)
    return several


def taken(line: bytes) -> Event | None:
    """Give the event that the intake takes a line for; None for a dead letter."""
    try:
        return read(line, max_bytes=262_144, max_segment_minutes=240)[0]
    except Rejected:
        return None


def _told(chance: Random, patient: str) -> bytes:
    kind = chance.choice(KINDS)
    event = _example(kind) | {"patient_id": patient, "event_id": f"e-{chance.randrange(8)}"}
    event |= {"occurred_at": chance.choice(TIMES)} | _rest(chance, kind)
    if "revision" in event:
        event["revision"] = chance.randrange(3)
    if chance.random() < 0.2:
        event["mood"] = {"unknown": ["to", "every", "reader"]}
    names = list(event)
    chance.shuffle(names)
    return json.dumps({name: event[name] for name in names}, ensure_ascii=chance.random() < 0.5).encode()


def _rest(chance: Random, kind: str) -> dict[str, Any]:
    """Give what an event of a kind says of its own, from pools so small that facts meet."""
    segment, start = {"segment_id": f"g-{chance.randrange(4)}"}, chance.choice(STARTS)
    discipline, code = chance.choice(CODES)
    treatment = segment | {"discipline": discipline, "code": code, "payer_id": chance.choice(("medicare-b", "uhc"))}
    whole = {"started_at": start, "stopped_at": _later(start, chance.choice((0, 7 * 60, 8 * 60, 38 * 60, 3_599)))}
    whole |= treatment | {"paused_seconds": 0, "assistant_seconds": 0}
    stop = {"stopped_at": _later(start, 45 * 60), "paused_seconds": chance.choice((0, 300, 9_000))}
    service = {"service_date": start[:10], "minutes": chance.choice((0, 7, 8, 53, 240))}
    accrual = {"accrual_id": f"x-{chance.randrange(2)}", "bucket": chance.choice(("OT", "PT-SLP"))}
    accrual |= {"amount_cents": chance.choice((0, 1, 198_399, 248_000, 248_001, 300_000, 10**9))}
    rest: dict[str, dict[str, Any]] = {
        "segment.recorded": whole,
        "segment.amended": whole,
        "segment.started": treatment | {"started_at": start},
        "segment.stopped": segment | stop,
        "segment.voided": segment,
        "service.recorded": treatment | service,
        "accrual.reported": accrual | {"basis": chance.choice(("other_providers", "all_providers"))},
        "patient.merged": {"into_patient_id": chance.choice(STRANGE)},
        "claim.submitted": {"claim_id": f"c-{chance.randrange(2)}", "service_date": start[:10]},
    }
    return rest.get(kind, {})


@cache
def _example(kind: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((FOLDER / "examples/good" / f"{kind}.json").read_text("utf-8"))["value"]
    return event


def _later(time: str, seconds: int) -> str:
    return (datetime.fromisoformat(time) + timedelta(seconds=seconds)).isoformat()
