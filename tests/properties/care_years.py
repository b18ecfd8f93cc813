"""A patient's year of care: visits, notes, plans, what payers allow, appointments, and the days that begin.

By chance alone, for a strategy's lists are short, and it is what comes together that makes something due.
"""

from datetime import date, timedelta
from random import Random
from typing import Any

from properties.histories import ELEMENTS, Event
from properties.years import said

PAYERS = ("medicare-b", "uhc", "uhc", "self-pay")
CODES = ("97110", "97530", "97530", "97535", "97165", "97010")
MINUTES = (30, 45, 30, 15, 8, 5)
LAST = 120
"""How many days after the first something may be."""


def on(number: int) -> str:
    """Give a date of 2025, or of the next year's first weeks, by its number."""
    return (date(2025, 1, 6) + timedelta(number)).isoformat()


def visits(chance: Random) -> list[Event]:
    """Give segments at a cadence, some of them taken back or moved."""
    first, every = chance.randrange(20), chance.choice([1, 2, 3, 7])
    payers = [chance.choice(PAYERS) for _ in range(chance.choice([1, 1, 2]))]
    disciplines = chance.choice([["OT"], ["OT"], ["OT", "PT"]])
    codes, found = [chance.choice(CODES) for _ in range(chance.randint(1, 3))], []
    for number in range(chance.randint(1, 24)):
        for place, discipline in enumerate(disciplines):
            fields = {"payer_id": payers[number * len(payers) // 24], "code": codes[number % len(codes)]}
            fields |= {"segment_id": f"s-{number}-{place}", "therapist_id": "t-1", "discipline": discipline}
            clock = on(first + every * number), 9 + 2 * place, chance.choice(MINUTES)
            found.append(_segment(f"e-{number}-{place}", *clock, revision=1, **fields))
    for event in chance.sample(found, min(len(found), chance.randrange(4))):
        fields = {"segment_id": event["segment_id"], "revision": chance.choice([0, 2])}
        if chance.random() < 0.5:
            found.append(said("segment.voided", f"{event['event_id']}-x", event["started_at"][:10], **fields))
        else:
            kept = {name: event[name] for name in ("payer_id", "code", "therapist_id", "discipline")}
            day = on(chance.randrange(LAST))
            found.append(_segment(f"{event['event_id']}-m", day, 14, 30, **kept, **fields))
    return found


def _segment(event_id: str, day: str, hour: int, minutes: int, **fields: Any) -> Event:
    clock = {"started_at": f"{day}T{hour:02}:00:00-05:00", "stopped_at": f"{day}T{hour:02}:{minutes:02}:00-05:00"}
    return said("segment.recorded", event_id, day, **clock, **fields)


def note(chance: Random, day: str) -> Event:
    """Give a note of a visit of a date, perhaps not complete, perhaps another's, perhaps written late."""
    fields = {"discipline": chance.choice(["OT", "OT", "PT"]), "therapist_id": chance.choice(["t-1", "t-1", "t-2"])}
    elements = chance.choice([ELEMENTS, ELEMENTS, ELEMENTS, ELEMENTS[1:], ELEMENTS[:3]])
    reports, written = chance.random() < 0.15, chance.choice([day, on(130)])
    return said(
        "visit.documented", "n", written, service_date=day, elements=elements, progress_report=reports, **fields
    )


def plan(chance: Random) -> Event:
    first, length = chance.choice([0, 0, 0, 10, 40]), chance.choice([19, 29, 59, 89, 200])
    fields = {"plan_id": chance.choice(["plan-1", "plan-2", "plan-3"]), "revision": chance.randrange(3)}
    fields |= {"certified_from": on(first), "certified_through": on(first + length)}
    return said("plan.certified", "p", on(first), discipline=chance.choice(["OT", "OT", "PT"]), **fields)


def coverage(chance: Random) -> Event:
    first, through = sorted([on(chance.randrange(LAST)), on(chance.randrange(LAST))])
    first, through = chance.choice([(first, through), ("2025-01-01", "2025-12-31"), ("2025-01-01", "2025-12-31")])
    answered = on(chance.choice([0, 0, chance.randrange(LAST)]))
    fields: dict[str, Any] = {
        "coverage_id": chance.choice(["v-1", "v-2"]),
        "revision": chance.randrange(3),
        "payer_id": chance.choice(["uhc", "uhc", "uhc", "medicare-b"]),
        "effective_from": first,
        "effective_through": through,
    }
    leave = {"visits": chance.randint(1, 12), "units": chance.randint(4, 40), "through": on(chance.randint(20, 50))}
    leave = {"number": chance.choice(["A-1", "A-2"])} | _some(chance, leave)
    optional = {"verified_at": f"{answered}T08:00:00-05:00", "authorization": leave}
    optional |= {"visit_limit": chance.randint(1, 24), "visits_used": chance.randrange(7)}
    return said("coverage.reported", "c", answered, **fields, **_some(chance, optional))


def _some(chance: Random, of: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in of.items() if chance.random() < 0.6}


def appointment(chance: Random) -> Event:
    kind = chance.choice(["visit.scheduled", "visit.scheduled", "visit.cancelled"])
    fields = {"appointment_id": chance.choice(["a-1", "a-2", "a-3"]), "revision": chance.randrange(3)}
    starts_at = f"{on(chance.randrange(LAST))}T09:00:00-05:00"
    return said(kind, "a", on(0), starts_at=starts_at, discipline=chance.choice(["OT", "PT"]), planned=[], **fields)


def tick(day: str) -> Event:
    return {"event_id": f"t-{day}", "event_type": "day.ticked", "occurred_at": f"{day}T00:00:00Z", "date": day}


def care_year(chance: Random) -> list[Event]:
    """Give all that is said of one patient's care, and the days that begin, in any order; each with its own id."""
    treated = visits(chance)
    dates = sorted({event["started_at"][:10] for event in treated if "started_at" in event})
    others = [note(chance, chance.choice(dates)) for _ in range(chance.randrange(2 * len(dates) + 1))]
    for of in (plan, coverage, appointment):
        others += [of(chance) for _ in range(chance.randrange(4))]
    named = [event | {"event_id": f"{event['event_id']}-{number}"} for number, event in enumerate(others)]
    begun = [
        tick(on(chance.choice([chance.randint(10, 50), chance.randrange(LAST)])))
        for _ in range(chance.choice([0, 1, 1, 3]))
    ]
    return chance.sample(found := [*treated, *named, *begun], len(found))
