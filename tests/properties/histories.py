"""Patient histories as an EMR may send them: realistic facts, told in every nasty way that the contract allows.

Ids, dates, times and versions come from small pools, so that facts meet: versions of one segment, segments of one day,
equal instants in different offsets, ties that only the text of the JSON decides.
"""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from properties.network import SITES, UNLISTED_SITE

Event = dict[str, Any]

PATIENTS = ("p-1", "p-1", "p-1", "p-2")
PAYERS = ("medicare-b", "medicare-b", "medicare-b", "medicare-b", "uhc", "cigna", "acme-health")
USUAL_CODES = ("97110", "97112", "97140", "97530", "97535", "97165")
CODES = (
    *(*USUAL_CODES, "97116", "97129", "97130", "97550", "97551", "97035"),
    *("97166", "92507", "97150", "G0283", "97010", "97014", "97552", "99999", "97597", "97163", "97168"),
)
USUAL_DATES = ("2025-03-03", "2025-12-31", "2026-01-01")
DATES = (
    *(*USUAL_DATES, "2025-03-04", "2025-03-09", "2025-11-02", "2025-12-30"),
    *("2026-01-02", "2024-03-08", "2024-12-31", "2027-01-01"),
)
LIMITS = {2024: 233_000, 2025: 241_000, 2026: 248_000, 2027: 250_000}
OFFSETS = ("-05:00", "-04:00", "Z", "z", "+00:00", "+05:45", "-00:00", "+14:00")
FRACTIONS = ("", "", "", "", ".5", ".50", ".000001", ".999999")
OCCURRED = (
    *("2025-03-03T20:00:00Z", "2025-03-03T15:00:00-05:00", "2025-03-03t20:00:00.000z"),
    *("2025-03-03T20:00:00.0000000001Z", "2025-03-03T16:00:00.00000000010-04:00"),
    *("2025-03-04T08:00:00+05:45", "2026-01-01T00:00:00Z"),
)
MODIFIERS = ("GO", "GP", "CO", "CQ", "59", "XS", "XE", "KX", "GA", "LT")
REGIONS = ("shoulder", "hand", "left shoulder", "Knee, right", "both knees", "lumbar spine", "left arm", "ear")
DIAGNOSES = ("M25.511", "M17.0", "M17.12", "S52.501D", "S80.01XA", "M54.50", "I69.351", "S62.600A", "a sore knee")
SAID: dict[str, st.SearchStrategy[Any]] = {
    "diagnoses": st.lists(st.sampled_from(DIAGNOSES), max_size=2),
    "supervision": st.sampled_from(["direct", "general"]),
    "telehealth": st.booleans(),
    "place_of_service": st.sampled_from(["11", "02", "10"]),
    "deficits": st.integers(0, 7),
    "history": st.sampled_from(["brief", " Expanded", "extensive", "long"]),
    "decision_making": st.sampled_from(["low", "moderate", "high"]),
    "modification": st.sampled_from(["none", "minimal", "significant"]),
}
ELEMENTS = [
    *("services_provided", "medical_necessity", "functional_goals", "patient_response", "progress"),
    *("plan_of_care", "treatment_time"),
]
BUCKETS = ("OT", "OT", "PT-SLP")

REVISIONS = st.integers(0, 3)
PATIENT = st.sampled_from(PATIENTS)


def at(date: str, seconds: int, fraction: str, offset: str) -> str:
    """Give a time of a date, by the seconds of its clock."""
    clock = datetime.fromisoformat(date) + timedelta(seconds=seconds)
    return f"{clock.isoformat()}{fraction}{offset}"


def moved(time: str, offset: str) -> str:
    """Give the same instant in another offset; whole seconds and up to six digits."""
    instant = datetime.fromisoformat(time.upper())
    there = datetime.fromisoformat(f"2000-01-01T00:00:00{offset.upper()}").tzinfo
    text = instant.astimezone(there).isoformat()
    return text.replace("+00:00", "Z") if offset in "Zz" else text


@st.composite
def _base(draw: st.DrawFn, event_type: str, side: str) -> Event:
    """Give what every event says. Event ids tie, but never between a half and what replaces it: `side` tells them."""
    return {
        "event_id": f"e-{draw(st.integers(0, 4))}{side}",
        "event_type": event_type,
        "occurred_at": draw(st.sampled_from(OCCURRED)),
        "patient_id": draw(PATIENT),
        "site_id": UNLISTED_SITE,
        "source": "emr-1",
    }


class Setting:
    """What one history draws from: a few dates, codes and segments, so that they meet."""

    def __init__(self, draw: st.DrawFn, payers: tuple[str, ...] = PAYERS) -> None:
        dates, codes = draw(st.sampled_from([(USUAL_DATES, USUAL_CODES), (USUAL_DATES, CODES), (DATES, CODES)]))
        self.dates = st.sampled_from(draw(st.lists(st.sampled_from(dates), min_size=1, max_size=3, unique=True)))
        self.codes = st.sampled_from(draw(st.lists(st.sampled_from(codes), min_size=1, max_size=5, unique=True)))
        disciplines = draw(st.sampled_from([("OT",), ("OT", "PT"), ("OT", "PT", "SLP")]))
        self.disciplines = st.sampled_from(disciplines)
        self.sites = st.sampled_from(draw(st.sampled_from([("site-a",), ("site-a", "site-c"), tuple(SITES)])))
        self.segments = st.sampled_from([f"s-{number}" for number in range(draw(st.integers(1, 5)))])
        self.payers = st.sampled_from(payers)


@st.composite
def _treatment(draw: st.DrawFn, setting: Setting, event_type: str, side: str) -> Event:
    said = {
        "segment_id": draw(setting.segments),
        "revision": draw(REVISIONS),
        "therapist_id": "t-1",
        "payer_id": draw(setting.payers),
        "discipline": draw(setting.disciplines),
        "code": draw(setting.codes),
    }
    if draw(st.integers(0, 3)) == 3:
        said["modifiers"] = draw(st.lists(st.sampled_from(MODIFIERS), max_size=3))
    if draw(st.integers(0, 3)) == 3:
        said["body_regions"] = draw(st.lists(st.sampled_from(REGIONS), max_size=2))
    for name, values in SAID.items():
        if draw(st.integers(0, 5)) == 5:
            said[name] = draw(values)
    return draw(_base(event_type, side)) | said | {"site_id": draw(setting.sites)}


@st.composite
def wholes(draw: st.DrawFn, setting: Setting) -> Event:
    """A segment recorded or amended, its stop perhaps in another offset."""
    event_type = draw(st.sampled_from(["segment.recorded", "segment.recorded", "segment.amended"]))
    said = draw(_treatment(setting, event_type, "w"))
    begin = draw(st.sampled_from([0, 9 * 3600, 9 * 3600 + 60, 10 * 3600, 23 * 3600 + 59 * 60]))
    date, fraction = draw(setting.dates), draw(st.sampled_from(FRACTIONS))
    offset = draw(st.sampled_from(OFFSETS))
    spent = draw(st.one_of(st.sampled_from([900, 479, 480, 0, 14_400]), st.integers(0, 5_000)))
    said["started_at"] = at(date, begin, fraction, offset)
    said["stopped_at"] = at(date, begin + spent, fraction, offset)
    if draw(st.booleans()):
        said["stopped_at"] = moved(said["stopped_at"], draw(st.sampled_from(OFFSETS)))
    if draw(st.integers(0, 3)) == 3:
        said["paused_seconds"] = draw(st.integers(0, spent))
    if draw(st.integers(0, 2)) == 2:
        left = spent - said.get("paused_seconds", 0)
        said["assistant_seconds"] = draw(st.one_of(st.integers(0, left), st.just(left)))
    return said


@st.composite
def starts(draw: st.DrawFn, setting: Setting) -> Event:
    """A live timer's start."""
    said = draw(_treatment(setting, "segment.started", "h"))
    said["started_at"] = at(
        draw(setting.dates), draw(st.sampled_from([32_400, 36_000, 86_000])), "", draw(st.sampled_from(OFFSETS))
    )
    if draw(st.booleans()):
        said["paused_seconds"] = draw(st.sampled_from([0, 60, 20_000]))
    return said


@st.composite
def stops(draw: st.DrawFn, setting: Setting) -> Event:
    """A live timer's stop, which may fit no start at all."""
    said = draw(_base("segment.stopped", "h"))
    said |= {
        "segment_id": draw(setting.segments),
        "revision": draw(REVISIONS),
        "stopped_at": at(
            draw(setting.dates),
            draw(st.sampled_from([32_000, 33_300, 36_900, 50_399, 50_400, 86_399])),
            draw(st.sampled_from(FRACTIONS)),
            draw(st.sampled_from(OFFSETS)),
        ),
    }
    if draw(st.booleans()):
        said["paused_seconds"] = draw(st.sampled_from([0, 60, 20_000]))
    return said


@st.composite
def services(draw: st.DrawFn, setting: Setting) -> Event:
    """Minutes without a clock."""
    said = draw(_treatment(setting, "service.recorded", "w"))
    minutes = draw(st.sampled_from([0, 7, 8, 15, 22, 23, 240]))
    if draw(st.booleans()):
        said["assistant_minutes"] = draw(st.integers(0, minutes))
    return said | {"service_date": draw(setting.dates), "minutes": minutes}


@st.composite
def voids(draw: st.DrawFn, setting: Setting) -> Event:
    """A segment taken back, perhaps before it came."""
    said = draw(_base("segment.voided", "w"))
    return said | {"segment_id": draw(setting.segments), "revision": draw(REVISIONS)}


@st.composite
def accruals(draw: st.DrawFn, setting: Setting) -> Event:
    """What others accrued: often just under a level, so that a line crosses it."""
    said = draw(_base("accrual.reported", "w"))
    date = draw(setting.dates)
    year = draw(st.sampled_from([int(date[:4]), int(date[:4]), 2025, 2026]))
    near = draw(st.sampled_from([LIMITS[year], LIMITS[year], LIMITS[year] * 4 // 5, 270_000, 300_000, 10_000]))
    return said | {
        "accrual_id": draw(st.sampled_from(["a-1", "a-2"])),
        "revision": draw(REVISIONS),
        "year": year,
        "bucket": draw(st.sampled_from(BUCKETS)),
        "amount_cents": near - draw(st.integers(0, 9_000)),
        "as_of": date,
        "basis": draw(st.sampled_from(["other_providers", "all_providers"])),
    }


@st.composite
def attestations(draw: st.DrawFn, setting: Setting) -> Event:
    """An attestation; a later version may cover other dates, or another bucket."""
    said = draw(_base("necessity.attested", "w"))
    first, through = sorted([draw(setting.dates), draw(setting.dates)])
    return said | {
        "attestation_id": draw(st.sampled_from(["n-1", "n-2"])),
        "revision": draw(REVISIONS),
        "bucket": draw(st.sampled_from(BUCKETS)),
        "from": first,
        "through": through,
        "therapist_id": "t-1",
    }


@st.composite
def claims(draw: st.DrawFn, setting: Setting) -> Event:
    """A claim as it was sent; a later version may be of another date or payer."""
    said = draw(_base("claim.submitted", "w"))
    line = {"code": draw(setting.codes), "modifiers": draw(st.sampled_from([["GO"], ["GO", "KX"], ["KX", "GO"]]))}
    return said | {
        "claim_id": draw(st.sampled_from(["c-1", "c-2"])),
        "revision": draw(REVISIONS),
        "payer_id": draw(setting.payers),
        "service_date": draw(setting.dates),
        "submitted_at": draw(st.sampled_from(OCCURRED)),
        "lines": [line | {"units": 1, "charge_cents": 9_000, "control_number": "k-1"}],
    }


@st.composite
def coverages(draw: st.DrawFn, setting: Setting) -> Event:
    """What a payer said of a coverage; a later version may be of another payer, or tell less."""
    said = draw(_base("coverage.reported", "w"))
    first, through = sorted([draw(setting.dates), draw(setting.dates)])
    said |= {
        "coverage_id": draw(st.sampled_from(["v-1", "v-2"])),
        "revision": draw(REVISIONS),
        "payer_id": draw(setting.payers),
        "effective_from": draw(st.sampled_from([first, f"{first[:4]}-01-01"])),
        "effective_through": draw(st.sampled_from([through, f"{through[:4]}-12-31"])),
    }
    optional = {
        "verified_at": st.sampled_from(OCCURRED),
        "copay_cents": st.sampled_from([0, 2_500, 20_000]),
        "deductible_remaining_cents": st.sampled_from([0, 3_000, 20_000]),
    }
    return said | {name: draw(values) for name, values in optional.items() if draw(st.booleans())}


@st.composite
def remittances(draw: st.DrawFn, setting: Setting) -> Event:
    """A payer's answer to a line, or to none; a later version may be of another line, and one may reverse another."""
    said = draw(_base("remittance.posted", "w"))
    said |= {
        "remittance_id": draw(st.sampled_from(["r-1", "r-2", "r-3"])),
        "revision": draw(REVISIONS),
        "payer_id": draw(setting.payers),
        "service_date": draw(setting.dates),
        "code": draw(setting.codes),
        "modifiers": draw(st.sampled_from([["GO"], ["GO"], ["KX", "GO"], ["CO", "GO"], ["GP"], []])),
        "units": 1,
        "allowed_cents": draw(st.sampled_from([0, 3_000, 8_000, 200_000, -3_000])),
        "paid_cents": 0,
        "adjudicated_on": draw(st.sampled_from(["2025-03-20", "2025-03-20", "2025-04-02", "2026-01-02"])),
        "adjustments": draw(st.sampled_from([[], [{"group": "CO", "reason": "50", "amount_cents": 9_000}]])),
    }
    if draw(st.integers(0, 3)) == 3:
        said["reverses"] = draw(st.sampled_from(["r-1", "r-2", "r-9"]))
    return said


@st.composite
def appointments(draw: st.DrawFn, setting: Setting) -> Event:
    """An appointment, or its cancelling; a later version may be on another date."""
    said = draw(_base(draw(st.sampled_from(["visit.scheduled", "visit.scheduled", "visit.cancelled"])), "w"))
    date = draw(st.one_of(setting.dates, st.sampled_from(["2025-03-05", "2025-03-20", "2025-04-09", "2026-01-02"])))
    services = st.builds(lambda code, minutes: {"code": code, "minutes": minutes}, setting.codes, st.integers(0, 60))
    return said | {
        "appointment_id": draw(st.sampled_from(["p-1", "p-2", "p-3"])),
        "revision": draw(REVISIONS),
        "site_id": draw(setting.sites),
        "starts_at": at(date, draw(st.sampled_from([32_400, 36_000])), "", draw(st.sampled_from(OFFSETS))),
        "discipline": draw(setting.disciplines),
        "planned": draw(st.lists(services, max_size=3)),
    }


@st.composite
def notes(draw: st.DrawFn, setting: Setting) -> Event:
    """A visit's note, which may come again, complete or not, and be of nobody's visit."""
    return draw(_base("visit.documented", "n")) | {
        "service_date": draw(setting.dates),
        "discipline": draw(setting.disciplines),
        "therapist_id": draw(st.sampled_from(["t-1", "t-1", "t-1", "t-2"])),
        "elements": draw(st.sampled_from([ELEMENTS, ELEMENTS[:6], ELEMENTS[1:], []])),
        "progress_report": draw(st.booleans()),
    }


def anything(setting: Setting, *, answered: bool = True) -> st.SearchStrategy[Event]:
    """Any event that the ledger goes by, whole segments most of all; `answered` with what payers answered."""
    return st.one_of(
        *([remittances(setting)] if answered else []),
        appointments(setting),
        wholes(setting),
        wholes(setting),
        wholes(setting),
        accruals(setting),
        starts(setting),
        stops(setting),
        voids(setting),
        services(setting),
        attestations(setting),
        claims(setting),
        coverages(setting),
        notes(setting),
    )


@st.composite
def histories(
    draw: st.DrawFn, *, most: int = 14, payers: tuple[str, ...] = PAYERS, answered: bool = True
) -> list[Event]:
    """What an EMR sends of two patients."""
    events = anything(Setting(draw, payers), answered=answered)
    return draw(st.lists(events, min_size=draw(st.integers(1, most)), max_size=most))


@st.composite
def with_own_ids(draw: st.DrawFn, *, most: int = 14) -> list[Event]:
    """A history in which every event has an id of its own."""
    return [
        event | {"event_id": f"{event['event_id']}-{number}"} for number, event in enumerate(draw(histories(most=most)))
    ]


@st.composite
def days(draw: st.DrawFn, *, payers: tuple[str, ...] = PAYERS, in_turn: bool = False) -> list[Event]:
    """Whole segments of one patient's one day, each a fact of its own; `in_turn` begins one every four hours."""
    setting = Setting(draw, payers)
    date = draw(setting.dates)
    found = draw(st.lists(wholes(setting), min_size=1, max_size=6))
    for number, event in enumerate(found):
        event |= {"segment_id": f"s-{number}", "event_id": f"e-{number}", "patient_id": "p-1"}
        shift = datetime.fromisoformat(date) - datetime.fromisoformat(event["started_at"][:10])
        for name in ("started_at", "stopped_at"):
            event[name] = (datetime.fromisoformat(event[name].upper()) + shift).isoformat()
        if in_turn:
            start, stop = (datetime.fromisoformat(event[name]) for name in ("started_at", "stopped_at"))
            begin = datetime.fromisoformat(f"{date}T00:00:00Z") + timedelta(hours=4 * number)
            event |= {"started_at": begin.isoformat(), "stopped_at": (begin + (stop - start)).isoformat()}
    return found


@st.composite
def in_one_year(draw: st.DrawFn, *, answered: bool = False) -> list[Event]:
    """One patient's Medicare year in which totals run near a threshold; `answered` with answers and appointments."""
    setting = Setting(draw, ("medicare-b",))
    setting.dates = st.sampled_from(["2025-03-03", "2025-03-04", "2025-12-31"])
    setting.disciplines = st.sampled_from(["OT", "OT", "PT"])
    events = draw(st.lists(st.one_of(wholes(setting), services(setting)), min_size=3, max_size=10))
    others = draw(st.lists(st.one_of(accruals(setting), attestations(setting), claims(setting)), max_size=3))
    if answered:
        others += draw(st.lists(st.one_of(remittances(setting), appointments(setting)), min_size=1, max_size=4))
    for number, event in enumerate([*events, *others]):
        event |= {"patient_id": "p-1", "event_id": f"e-{number}"}
    near = {
        "event_id": "e-near",
        "event_type": "accrual.reported",
        "occurred_at": "2025-03-03T20:00:00Z",
        "patient_id": "p-1",
        "site_id": "site-a",
        "source": "emr-1",
        "accrual_id": "a-near",
        "revision": 1,
        "year": 2025,
        "bucket": "OT",
        "amount_cents": draw(st.sampled_from([241_000, 300_000, 192_800])) - draw(st.integers(0, 12_000)),
        "as_of": "2025-01-02",
        "basis": "other_providers",
    }
    return draw(st.permutations([near, *events, *others]))
