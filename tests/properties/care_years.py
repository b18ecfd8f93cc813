"""A patient's year of care: visits, notes, plans, what payers allow, appointments, and the days that begin."""

from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st
from properties.histories import ELEMENTS, Event
from properties.years import said

PAYERS = ("medicare-b", "medicare-b", "uhc", "uhc", "self-pay")
CODES = ("97110", "97530", "97530", "97165", "97162", "97010")
MINUTES = (30, 45, 15, 8, 5)
DISCIPLINES = st.sampled_from(["OT", "OT", "PT"])
REVISIONS = st.integers(0, 2)


def on(number: int) -> str:
    """Give a date of 2025, or of the next year's first weeks, by its number."""
    return (date(2025, 1, 6) + timedelta(number)).isoformat()


DATES = st.integers(0, 120).map(on)


@st.composite
def _visits(draw: st.DrawFn) -> list[Event]:
    """Segments at a cadence, some of them taken back or moved."""
    first, every = draw(st.integers(0, 20)), draw(st.sampled_from([1, 2, 3, 7]))
    payers = draw(st.lists(st.sampled_from(PAYERS), min_size=1, max_size=2))
    disciplines = draw(st.sampled_from([["OT"], ["OT"], ["OT", "PT"]]))
    codes, found = draw(st.lists(st.sampled_from(CODES), min_size=1, max_size=3)), []
    for number in range(draw(st.integers(1, 24))):
        for place, discipline in enumerate(disciplines):
            minutes = draw(st.sampled_from(MINUTES))
            fields = {"payer_id": payers[number * len(payers) // 24], "code": codes[number % len(codes)]}
            fields |= {"segment_id": f"s-{number}-{place}", "therapist_id": "t-1", "discipline": discipline}
            day, hour = on(first + every * number), 9 + 2 * place
            found.append(_segment(f"e-{number}-{place}", day, hour, minutes, revision=1, **fields))
    for event in draw(st.lists(st.sampled_from(found), max_size=3, unique_by=lambda event: event["segment_id"])):
        fields = {"segment_id": event["segment_id"], "revision": draw(st.sampled_from([0, 2]))}
        if draw(st.booleans()):
            found.append(said("segment.voided", f"{event['event_id']}-x", event["started_at"][:10], **fields))
        else:
            kept = {name: event[name] for name in ("payer_id", "code", "therapist_id", "discipline")}
            found.append(_segment(f"{event['event_id']}-m", draw(DATES), 14, 30, **kept, **fields))
    return found


def _segment(event_id: str, day: str, hour: int, minutes: int, **fields: Any) -> Event:
    clock = {"started_at": f"{day}T{hour:02}:00:00-05:00", "stopped_at": f"{day}T{hour:02}:{minutes:02}:00-05:00"}
    return said("segment.recorded", event_id, day, **clock, **fields)


@st.composite
def _note(draw: st.DrawFn, dates: list[str]) -> Event:
    day = draw(st.sampled_from(dates))
    fields = {"discipline": draw(DISCIPLINES), "therapist_id": draw(st.sampled_from(["t-1", "t-1", "t-2"]))}
    elements = draw(st.sampled_from([ELEMENTS, ELEMENTS, ELEMENTS[1:], ELEMENTS[:3]]))
    later = draw(st.sampled_from([day, on(130)]))
    told = said("visit.documented", "n", later, service_date=day, elements=elements, **fields)
    return told | {"progress_report": draw(st.integers(0, 3)) == 3}


@st.composite
def _plan(draw: st.DrawFn) -> Event:
    first, length = draw(st.integers(0, 80)), draw(st.sampled_from([29, 59, 89, 200]))
    fields = {"plan_id": draw(st.sampled_from(["plan-1", "plan-2", "plan-3"])), "revision": draw(REVISIONS)}
    fields |= {"discipline": draw(DISCIPLINES), "certified_from": on(first), "certified_through": on(first + length)}
    return said("plan.certified", "p", on(first), **fields)


@st.composite
def _coverage(draw: st.DrawFn) -> Event:
    first, through = sorted([draw(DATES), draw(DATES)])
    first, through = draw(st.sampled_from([(first, through), ("2025-01-01", "2025-12-31")]))
    fields: dict[str, Any] = {
        "coverage_id": draw(st.sampled_from(["v-1", "v-2"])),
        "revision": draw(REVISIONS),
        "payer_id": draw(st.sampled_from(["uhc", "uhc", "medicare-b"])),
        "effective_from": first,
        "effective_through": through,
    }
    verified = f"{draw(DATES)}T08:00:00-05:00"
    leave: dict[str, Any] = {"number": draw(st.sampled_from(["A-1", "A-2"]))}
    leave |= draw(_some({"visits": st.integers(1, 20), "units": st.integers(5, 60), "through": DATES}))
    optional = {"verified_at": st.just(verified), "authorization": st.just(leave)}
    optional |= {"visit_limit": st.integers(1, 24), "visits_used": st.integers(0, 6)}
    return said("coverage.reported", "c", draw(DATES), **fields, **draw(_some(optional)))


@st.composite
def _some(draw: st.DrawFn, of: dict[str, st.SearchStrategy[Any]]) -> dict[str, Any]:
    return {name: draw(values) for name, values in of.items() if draw(st.booleans())}


@st.composite
def _appointment(draw: st.DrawFn) -> Event:
    kind = draw(st.sampled_from(["visit.scheduled", "visit.scheduled", "visit.cancelled"]))
    fields = {"appointment_id": draw(st.sampled_from(["a-1", "a-2", "a-3"])), "revision": draw(REVISIONS)}
    fields |= {"starts_at": f"{draw(DATES)}T09:00:00-05:00", "discipline": draw(DISCIPLINES), "planned": []}
    return said(kind, "a", on(0), **fields)


def tick(day: str) -> Event:
    return {"event_id": f"t-{day}", "event_type": "day.ticked", "occurred_at": f"{day}T00:00:00Z", "date": day}


@st.composite
def care_years(draw: st.DrawFn) -> list[Event]:
    """Everything that is said of one patient's care, and of the days that began; each event has an id of its own."""
    treated = draw(_visits())
    dates = sorted({event["started_at"][:10] for event in treated if "started_at" in event})
    others = [
        *draw(st.lists(_note(dates), max_size=2 * len(dates))),
        *draw(st.lists(_plan(), max_size=4)),
        *draw(st.lists(_coverage(), max_size=4)),
        *draw(st.lists(_appointment(), max_size=4)),
    ]
    named = [event | {"event_id": f"{event['event_id']}-{number}"} for number, event in enumerate(others)]
    return [*treated, *named, *map(tick, draw(st.lists(DATES, max_size=4)))]
