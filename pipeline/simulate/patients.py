"""Who is treated: patients with a payer, and a plan of care for each of their disciplines."""

from collections import Counter
from dataclasses import dataclass, field

from pipeline.events.fields import BUCKET, Bucket, Discipline
from pipeline.simulate.chance import Chance
from pipeline.simulate.sites import Site, Therapist, employ
from pipeline.simulate.treatments import DIAGNOSES, favourites

MEDICARE = "medicare-b"
PAYERS = ((MEDICARE, 62), ("uhc", 14), ("cigna", 11), ("aetna-ppo", 7), ("bcbs-ppo", 6))
"""The last two have no profile: their days carry a finding."""

DISCIPLINES: tuple[tuple[Discipline, int], ...] = (("OT", 45), ("PT", 41), ("SLP", 14))
SECOND_DISCIPLINE = 0.12
EPISODE_VISITS = (10, 33)
"""Fewest and most visits of a plan, the evaluation among them; a short run ends before."""

WEEKS_OF_PLAN = 10
ARRIVALS = 0.9
"""The part of the run through which new patients come."""

_PATTERNS: tuple[tuple[tuple[int, ...], int], ...] = (
    *(((0, 2, 4), 20), ((0, 1, 3), 8), ((1, 3, 5), 2)),
    *(((0, 2), 12), ((0, 3), 12), ((1, 3), 15), ((1, 4), 8), ((2, 4), 5)),
    *(((0,), 3), ((1,), 4), ((2,), 5), ((3,), 3), ((4,), 3)),
)


@dataclass(slots=True)
class Patient:
    """A patient, and what the clinic believes that this year has come to for each threshold."""

    number: int
    site: Site
    payer_id: str
    first_day: int
    disciplines: list[Discipline]
    believed_cents: dict[Bucket, int] = field(default_factory=dict)
    attested: dict[Bucket, bool] = field(default_factory=dict)
    visits: int = 0
    free_at: int = 0

    @property
    def patient_id(self) -> str:
        return f"p-{self.number:05d}"


@dataclass(slots=True)
class Plan:
    """A course of treatment in one discipline: its weekdays, its place in the day, the visits to come."""

    number: int
    patient: Patient
    discipline: Discipline
    therapist: Therapist
    weekdays: tuple[int, ...]
    hour: int
    visits_left: int
    codes: tuple[tuple[str, int], ...]
    diagnosis: str
    done: int = 0
    certified_through: int = 0

    @property
    def bucket(self) -> Bucket:
        return BUCKET[self.discipline]


def come(count: int, sites: list[Site], first_day: int, days: int, chance: Chance) -> list[Plan]:
    """Give the plans of so many patients, who come through the run, each with a therapist of the site in turn."""
    patients = [
        Patient(
            number=number,
            site=chance.one(sites),
            payer_id=chance.weighted(PAYERS),
            first_day=first_day + int(chance.between(0, 9_999) * days * ARRIVALS) // 10_000,
            disciplines=chance.several(DISCIPLINES, 2 if chance.happens(SECOND_DISCIPLINE) else 1),
        )
        for number in range(1, count + 1)
    ]
    _employ(patients, sites, days, chance)
    turn: Counter[tuple[str, Discipline]] = Counter()
    plans: list[Plan] = []
    for patient in patients:
        # Both disciplines of a patient meet on the same days.
        weekdays, hour = chance.weighted(_PATTERNS), chance.between(0, 9)
        for nth, discipline in enumerate(patient.disciplines, start=1):
            staff = patient.site.staff[discipline]
            key = patient.site.site_id, discipline
            plans.append(
                Plan(
                    number=nth,
                    patient=patient,
                    discipline=discipline,
                    therapist=staff[turn[key] % len(staff)],
                    weekdays=weekdays,
                    hour=hour,
                    visits_left=chance.between(*EPISODE_VISITS),
                    codes=favourites(discipline, chance),
                    diagnosis=chance.one(DIAGNOSES[discipline]),
                )
            )
            turn[key] += 1
    return plans


def _employ(patients: list[Patient], sites: list[Site], days: int, chance: Chance) -> None:
    """Let each site employ for those who are in treatment at one time."""
    everybody = Counter((patient.site.site_id, name) for patient in patients for name in patient.disciplines)
    at_once = min(days, WEEKS_OF_PLAN * 7)
    employ(sites, {key: -(-number * at_once // days) for key, number in everybody.items()}, chance)
