"""The clinics: where they are, when they are open, what their EMR sends, and who works there."""

from dataclasses import dataclass, field
from typing import Literal

from pipeline.events.fields import Discipline
from pipeline.simulate.chance import Chance
from pipeline.simulate.clock import (
    ARIZONA,
    CENTRAL,
    EASTERN,
    HAWAII,
    HOUR,
    MOUNTAIN,
    PACIFIC,
    Zone,
    is_holiday,
    weekday,
)

DISCIPLINES: tuple[Discipline, ...] = ("OT", "PT", "SLP")
CASELOAD = 18
"""Patients that a therapist has in treatment at one time."""

_ZONES = (EASTERN, CENTRAL, EASTERN, PACIFIC, MOUNTAIN, EASTERN, CENTRAL, ARIZONA, PACIFIC, HAWAII)
_SATURDAY = 5
_NOTES, _DETAILS, _CLAIMS, _LIVE, _APPOINTMENTS, _MINUTES = 0, 1, 2, 3, 4, 6
"""Which places in a row of sites have a feature: most EMRs send their segments whole, and little besides."""


Timing = Literal["whole", "live", "minutes"]


@dataclass(frozen=True, slots=True)
class Feed:
    """What a site's EMR sends: how it times a segment, and what it tells besides."""

    source: str
    timing: Timing
    notes: bool
    appointments: bool
    claims: bool
    details: bool


@dataclass(slots=True)
class Therapist:
    """A therapist, and the local time from which nobody is on the mat."""

    therapist_id: str
    discipline: Discipline
    begins: int
    free_at: int = 0


@dataclass(slots=True)
class Site:
    site_id: str
    zone: Zone
    opens: int
    closes: int
    saturdays: bool
    feed: Feed
    staff: dict[Discipline, list[Therapist]] = field(default_factory=dict)

    def is_open(self, day: int) -> bool:
        last = _SATURDAY if self.saturdays else _SATURDAY - 1
        return weekday(day) <= last and not is_holiday(day)


def feed(index: int) -> Feed:
    """Give the feed of the site at a position: among any twenty sites stand all kinds."""
    source: str = "emr-a"
    timing: Timing = "whole"
    if index % 20 == _LIVE:
        source, timing = "emr-b", "live"
    elif index % 10 == _MINUTES:
        source, timing = "emr-c", "minutes"
    return Feed(
        source=source,
        timing=timing,
        notes=index % 10 == _NOTES,
        appointments=index % 10 == _APPOINTMENTS,
        claims=index % 5 == _CLAIMS,
        details=index % 5 == _DETAILS,
    )


def clinics(count: int, chance: Chance) -> list[Site]:
    return [
        Site(
            site_id=f"site-{index + 1:03d}",
            zone=_ZONES[index % len(_ZONES)],
            opens=7 * HOUR + chance.between(0, 4) * HOUR // 4,
            closes=17 * HOUR + chance.between(0, 4) * HOUR // 2,
            saturdays=chance.happens(0.2),
            feed=feed(index),
        )
        for index in range(count)
    ]


def employ(sites: list[Site], in_treatment: dict[tuple[str, Discipline], int], chance: Chance) -> None:
    """Give each site the therapists that its patients in treatment need."""
    number = 0
    for site in sites:
        for discipline, patients in ((name, in_treatment.get((site.site_id, name), 0)) for name in DISCIPLINES):
            site.staff[discipline] = []
            for _ in range(-(-patients // CASELOAD)):
                number += 1
                begins = site.opens + chance.between(0, 3) * HOUR // 2
                site.staff[discipline].append(Therapist(f"t-{number:03d}", discipline, begins))
