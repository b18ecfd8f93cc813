"""The visit with which a total will go over a threshold: a planned one, else one at the average and pace of six."""

from collections.abc import Iterator
from datetime import date as Date  # noqa: N812 - a date of a visit is a text here.
from datetime import timedelta
from fractions import Fraction
from math import floor

from reference.day import day
from reference.facts import Event, Segment, instant
from reference.figures import BUCKET
from reference.payers import rule

LAST_VISITS = 6
NOTHING = {"visits_left": None, "crosses_on": None, "basis": None}


def planned_visits(
    bucket: str, visits: dict[str, int], payers: list[str], appointments: list[Event], sites: dict[str, dict]
) -> list[tuple[str, Fraction | None]]:
    """Give the dates after the last visit on which the bucket has an appointment, with what each is worth.

    None stands for a date that nothing prices. `payers` are those of the last visit.
    """
    today = max(visits)
    kept = [a for a in appointments if a["event_type"] == "visit.scheduled"]
    dates = {a["starts_at"][:10] for a in kept if BUCKET[a["discipline"]] == bucket}
    payer = min(payer for payer in payers if rule(payer, "thresholds", today))
    found = []
    for date in sorted(date for date in dates if date > today and date[:4] == today[:4]):
        lines, _, _ = day(date, segments(date, payer, kept), sites)
        cents = [line.allowed for line in lines if BUCKET[line.count.discipline] == bucket]
        found.append((date, Fraction(sum(cents)) if cents and None not in cents else None))
    return found


def segments(date: str, payer: str, appointments: list[Event]) -> list[Segment]:
    of_date = [a for a in appointments if a["starts_at"][:10] == date]
    in_order = sorted(of_date, key=lambda a: (instant(a["starts_at"]), a["appointment_id"]))
    return [
        Segment(
            segment_id=f"{number:03d} {place:03d}",
            site_id=appointment["site_id"],
            payer_id=payer,
            discipline=appointment["discipline"],
            code=service["code"],
            date=date,
            started=None,
            seconds=Fraction(service["minutes"] * 60),
            fits=True,
        )
        for number, appointment in enumerate(in_order)
        for place, service in enumerate(appointment["planned"])
    ]


def projection(total: int, threshold: int, visits: dict[str, int], planned: list[tuple[str, Fraction | None]]) -> dict:
    """Go visit by visit until the total is over the threshold, or the year is."""
    if total > threshold:
        return NOTHING | {"visits_left": 0}
    last = sorted(visits)[-LAST_VISITS:]
    average = Fraction(sum(visits[date] for date in last), max(len(last), 1))
    running = Fraction(total)
    for left, (date, cents) in enumerate(planned):
        running += average if cents is None else cents
        if running > threshold:
            return {"visits_left": left, "crosses_on": date, "basis": "planned"}
    if len(last) > 1 and average > 0:
        begin = planned[-1][0] if planned else last[-1]
        for more, date in enumerate(at_the_pace_of(last, begin), start=1):
            running += average
            if running > threshold:
                return {"visits_left": len(planned) + more - 1, "crosses_on": date, "basis": "average"}
    return NOTHING


def at_the_pace_of(last: list[str], begin: str) -> Iterator[str]:
    """Give the dates of further visits to the end of the year."""
    pace = Fraction((Date.fromisoformat(last[-1]) - Date.fromisoformat(last[0])).days, len(last) - 1)
    more = 1
    while (days := floor(more * pace + Fraction(1, 2))) <= (
        Date(int(begin[:4]), 12, 31) - Date.fromisoformat(begin)
    ).days:
        yield (Date.fromisoformat(begin) + timedelta(days)).isoformat()
        more += 1
