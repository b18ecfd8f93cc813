"""A clinic network, day by day: who is due is treated, and what is told of it arrives."""

from collections.abc import Iterator
from datetime import date

from pipeline.simulate.chance import Chance
from pipeline.simulate.claims import submit
from pipeline.simulate.clock import DAY, day_number, weekday
from pipeline.simulate.corrections import correct
from pipeline.simulate.outbox import Outbox
from pipeline.simulate.patients import Plan, come
from pipeline.simulate.sites import Site, clinics
from pipeline.simulate.standing import believe, certify, register
from pipeline.simulate.telling import document, schedule, tell
from pipeline.simulate.visits import Visit, begins, treat

START = date(2026, 1, 5)
"""The first day unless another is asked for: fixed, so that a run is the same tomorrow."""

Agenda = dict[int, list[Plan]]


def network(*, sites: int, patients: int, days: int, seed: int, start: date = START) -> Iterator[bytes]:
    """Give the events of a network as lines, in the order in which they arrive, to the byte the same for the same seed.

    The demo: 20 sites, 2,000 patients, 11 days; some 25,000 lines. A year of a network: 40 sites, 2,100 patients, 360
    days; some 200,000 lines, 44,000 patient-days of four segments. What follows from the days asked for (claims,
    corrections, remittances) still arrives after the last one.
    """
    for lines in arrivals(sites=sites, patients=patients, days=days, seed=seed, start=start):
        yield from lines


def arrivals(*, sites: int, patients: int, days: int, seed: int, start: date = START) -> Iterator[list[bytes]]:
    """Give the same lines in lists: one for each day of the run, then those of the days after."""
    chance = Chance(seed)
    outbox = Outbox(chance)
    first = day_number(start)
    houses = clinics(sites, chance)
    agendas: dict[str, Agenda] = {site.site_id: {} for site in houses}
    for plan in come(patients, houses, first, days, chance):
        site = plan.patient.site
        agendas[site.site_id].setdefault(_open_day(site, plan.patient.first_day), []).append(plan)
    for day in range(first, first + days):
        for site in houses:
            _open(site, day, agendas[site.site_id], outbox, chance, days=days)
        yield outbox.arrived(day)
    day = first + days
    while outbox.last_day is not None:
        yield outbox.arrived(day)
        day += 1


def _open_day(site: Site, day: int) -> int:
    while not site.is_open(day):
        day += 1
    return day


def _next_day(plan: Plan, day: int) -> int:
    """Give the plan's next day: on its weekdays, when the site is open."""
    while True:
        day += 1
        if weekday(day) in plan.weekdays:
            return _open_day(plan.patient.site, day)


def _open(site: Site, day: int, agenda: Agenda, outbox: Outbox, chance: Chance, *, days: int) -> None:
    treated: dict[int, list[Visit]] = {}
    for plan in sorted(agenda.pop(day, ()), key=lambda plan: (plan.hour, plan.patient.number, plan.number)):
        start = begins(plan, day, chance)
        if start % DAY > site.closes or start // DAY != day:
            # Nobody has time left: the patient is sent to the next day.
            agenda.setdefault(_open_day(site, day + 1), []).append(plan)
            continue
        if plan.done == 0:
            register(outbox, plan, day, days, chance)
        visit = treat(plan, start, chance)
        treated.setdefault(plan.patient.number, []).append(visit)
        tell(outbox, visit, chance)
        document(outbox, visit, chance)
        certify(outbox, visit, chance)
        correct(outbox, visit, chance, at_a_threshold=believe(outbox, visit, chance))
        _appoint(plan, visit, agenda, outbox, chance)
    for visits in treated.values():
        submit(outbox, visits, chance)


def _appoint(plan: Plan, visit: Visit, agenda: Agenda, outbox: Outbox, chance: Chance) -> None:
    """Put the plan's next visit on the agenda; a cancelled one costs the days to the one after."""
    if not plan.visits_left:
        return
    day = _next_day(plan, visit.day)
    if not schedule(outbox, plan, visit.ends, day, chance):
        day = _next_day(plan, day)
    agenda.setdefault(day, []).append(plan)
