"""What stands of all that an EMR said: the newest version of each fact, and halves put together."""

import json
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Any

from reference.figures import LONGEST_SEGMENT_SECONDS

Event = dict

WHOLE = {"segment.recorded", "segment.amended", "service.recorded"}
SEGMENT_TYPES = WHOLE | {"segment.voided", "segment.started", "segment.stopped"}
OWN_ID = {
    "accrual.reported": "accrual_id",
    "necessity.attested": "attestation_id",
    "claim.submitted": "claim_id",
    "coverage.reported": "coverage_id",
    "remittance.posted": "remittance_id",
    "visit.scheduled": "appointment_id",
    "visit.cancelled": "appointment_id",
}


@dataclass(frozen=True)
class Segment:
    """A complete segment; `started` is None where the EMR keeps no clock."""

    segment_id: str
    site_id: str
    payer_id: str
    discipline: str
    code: str
    date: str
    started: Fraction | None
    seconds: Fraction
    fits: bool
    stopped: Fraction | None = None
    assistant: Fraction = Fraction(0)
    modifiers: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    said: Event = field(default_factory=dict, compare=False)


def instant(text: str) -> Fraction:
    """Give the seconds since the year 1 of an RFC 3339 time, exactly."""
    text = text.upper().replace("Z", "+00:00")
    clock, sign, offset = text[:-6], text[-6], text[-5:]
    whole = datetime.fromisoformat(clock[:19])
    seconds = Fraction(whole.toordinal() * 86400 + whole.hour * 3600 + whole.minute * 60 + whole.second)
    if len(clock) > len("2025-01-01T00:00:00."):
        seconds += Fraction("0" + clock[19:])
    east = int(offset[:2]) * 3600 + int(offset[3:]) * 60
    return seconds - east if sign == "+" else seconds + east


def microseconds(text: str) -> int:
    return int(instant(text) * 1_000_000)


def version(event: Event) -> tuple:
    text = json.dumps(event, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return event["revision"], instant(event["occurred_at"]), event["event_id"], text


def newest(events: list[Event]) -> Event | None:
    return max(events, key=version, default=None)


def by_patient(events: list[Event]) -> dict[str, list[Event]]:
    survivors = merged(events)
    found = defaultdict(list)
    for event in events:
        if "patient_id" in event:
            found[survivors.get(event["patient_id"], event["patient_id"])].append(event)
    return found


def merged(events: list[Event]) -> dict[str, str]:
    """Give for each patient with a merge the one as whom it lives on."""
    versions = defaultdict(list)
    for event in events:
        if event["event_type"] == "patient.merged":
            versions[event["patient_id"]].append(event)
    merges = {patient: newest(same) for patient, same in versions.items()}
    merges = {patient: merge for patient, merge in merges.items() if merge["into_patient_id"] != patient}
    while circle := a_circle(merges):
        del merges[min(circle, key=lambda patient: version(merges[patient]))]
    survivors = {}
    for patient in merges:
        last = patient
        while last in merges:
            last = merges[last]["into_patient_id"]
        survivors[patient] = last
    return survivors


def a_circle(merges: dict[str, Event]) -> list[str]:
    for patient in merges:
        path = []
        while patient in merges and patient not in path:
            path.append(patient)
            patient = merges[patient]["into_patient_id"]  # noqa: PLW2901
        if patient in path:
            return path[path.index(patient) :]
    return []


def standing(events: list[Event], *event_types: str) -> list[Event]:
    """Give the newest version of each fact of the types, for the events of one patient."""
    versions = defaultdict(list)
    for event in events:
        if event["event_type"] in event_types:
            versions[event[OWN_ID[event["event_type"]]]].append(event)
    return [newest(same) for same in versions.values()]


def notes(events: list[Event]) -> list[Event]:
    """Give the notes of one patient's visits, the newest of each date, discipline and therapist."""
    said = defaultdict(list)
    for event in events:
        if event["event_type"] == "visit.documented":
            said[event["service_date"], event["discipline"], event["therapist_id"]].append(event | {"revision": 0})
    return [newest(same) for same in said.values()]


def segments(events: list[Event]) -> list[Segment]:
    """Give the complete segments of one patient, those whose halves do not fit among them."""
    said = defaultdict(list)
    for event in events:
        if event["event_type"] in SEGMENT_TYPES:
            said[event["segment_id"]].append(event)
    return [segment for same in said.values() if (segment := resolve(same))]


def resolve(said: list[Event]) -> Segment | None:
    """Put one segment together.

    A whole or a void replaces the halves that are older. A newer start begins anew and needs a stop of its own.
    """
    base = newest([e for e in said if e["event_type"] in WHOLE or e["event_type"] == "segment.voided"])
    halves = [e for e in said if base is None or version(e) > version(base)]
    start = newest([e for e in halves if e["event_type"] == "segment.started"])
    stop = newest([e for e in halves if e["event_type"] == "segment.stopped"])
    if start:
        return clocked(start, stop) if stop else None
    if base is None or base["event_type"] == "segment.voided":
        return None
    if base["event_type"] == "service.recorded":
        return unclocked(base)
    return clocked(base, stop or base)


def clocked(start: Event, stop: Event) -> Segment:
    paused = stop.get("paused_seconds")
    if paused is None:
        paused = start.get("paused_seconds") or 0
    assistant = stop.get("assistant_seconds")
    if assistant is None:
        assistant = start.get("assistant_seconds") or 0
    lasted = Fraction(microseconds(stop["stopped_at"]) - microseconds(start["started_at"]), 1_000_000)
    return Segment(
        **said_of(start),
        date=start["started_at"][:10],
        started=instant(start["started_at"]),
        seconds=lasted - paused,
        fits=0 <= lasted <= LONGEST_SEGMENT_SECONDS and paused + assistant <= lasted,
        stopped=instant(stop["stopped_at"]),
        assistant=Fraction(assistant),
    )


def unclocked(service: Event) -> Segment:
    return Segment(
        **said_of(service),
        date=service["service_date"],
        started=None,
        seconds=Fraction(service["minutes"] * 60),
        fits=True,
        assistant=Fraction((service.get("assistant_minutes") or 0) * 60),
    )


def said_of(event: Event) -> dict[str, Any]:
    said = {name: event[name] for name in ("segment_id", "site_id", "payer_id", "discipline", "code")}
    return said | {
        "modifiers": tuple(event.get("modifiers") or ()),
        "regions": tuple(event.get("body_regions") or ()),
        "said": event,
    }
