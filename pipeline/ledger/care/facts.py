"""What is known of a patient's care: what visits billed, and notes, plans, coverage and appointments as last told."""

from collections.abc import Iterable
from typing import TypeVar

from msgspec import Struct

from pipeline.directory import Directory
from pipeline.events.base import Event
from pipeline.events.coverage import CoverageReported, PlanCertified
from pipeline.events.days import Line
from pipeline.events.visits import VisitCancelled, VisitDocumented, VisitScheduled
from pipeline.ledger.care.alerts import Matter
from pipeline.ledger.care.said import (
    Appointment,
    Coverage,
    Note,
    Plan,
    Said,
    appointment_of,
    coverage_of,
    newer,
    note_of,
    plan_of,
)
from pipeline.ledger.day import Day
from pipeline.ledger.segments import Result
from pipeline.rules.care import EVALUATIONS


class Visit(Struct, frozen=True, array_like=True, gc=False):
    """What a day bills to one payer for one discipline: its units, and whether an evaluation begins an episode.

    `noted` and `planned` tell whether the EMR is one that tells of notes and of plans.
    """

    payer_id: str
    discipline: str
    units: int
    begins: bool
    noted: bool
    planned: bool


class CareFacts(Struct, array_like=True):
    """What is known of a patient's care, changed in place.

    Visits by date; notes by `date|discipline` and therapist; plans, coverages and appointments by id; the date from
    which each authorization (`payer|number`) is known. `told` are the matters that were raised and are not settled,
    `due` the dates under which the patient is listed, `line` the date through which all has left.
    """

    visits: dict[str, list[Visit]] = {}
    notes: dict[str, dict[str, Note]] = {}
    plans: dict[str, Plan] = {}
    coverages: dict[str, Coverage] = {}
    appointments: dict[str, Appointment] = {}
    granted: dict[str, str] = {}
    told: dict[str, Matter] = {}
    due: list[str] = []
    line: str = ""


T = TypeVar("T", bound=Said)
Family = tuple[str, ...]
"""Matters that are found together, as their names in `told` begin: ("plan", "OT")."""


def take_day(facts: CareFacts, date: str, day: Day | None, directory: Directory) -> list[Family] | None:
    """Replace the visits of a date by what the day bills.

    Gives the families of matters that this may touch; None where the visits are what they were.
    """
    before = facts.visits.get(date, _NO_VISITS)
    after = _visits(day, directory) if day is not None else _NO_VISITS
    if before == after:
        return None
    if after:
        facts.visits[date] = after
    else:
        del facts.visits[date]
    if len(before) == len(after) and all(map(_but_for_units, before, after)):
        # Most days: another segment of the same visit. Only units that are authorized are counted.
        return [("cover", visit.payer_id) for visit in after if _counts_units(facts, visit.payer_id)]
    touched: list[Family] = []
    for visit in (*before, *after):
        discipline = visit.discipline
        touched += [("plan", discipline), ("progress", discipline), ("cover", visit.payer_id)]
        if visit.noted:
            touched.append(("note", date, discipline))
    return touched


_NO_VISITS: list[Visit] = []


def _visits(day: Day, directory: Directory) -> list[Visit]:
    found = _by_visit(day.lines)
    noted = planned = True
    if directory.sites or directory.default.untold:
        untold = [directory.site(site_id).untold for site_id in day.site_ids]
        noted = any("notes" not in names for names in untold)
        planned = any("plans" not in names for names in untold)
    visits = [
        Visit(*of, sum([line.units for line in lines]), _begins(lines), noted, planned) for of, lines in found.items()
    ]
    return sorted(visits, key=_named) if len(visits) > 1 else visits


def _by_visit(lines: list[Line]) -> dict[tuple[str, str], list[Line]]:
    """Give a day's lines by payer and discipline; they come in that order."""
    if not lines:
        return {}
    first, last = lines[0], lines[-1]
    if first.discipline == last.discipline and first.payer_id == last.payer_id:
        return {(first.payer_id, first.discipline): lines}
    found: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        found.setdefault((line.payer_id, line.discipline), []).append(line)
    return found


def _named(visit: Visit) -> tuple[str, str]:
    return visit.payer_id, visit.discipline


def _begins(lines: list[Line]) -> bool:
    return not EVALUATIONS.isdisjoint([line.code for line in lines])


def _but_for_units(one: Visit, other: Visit) -> bool:
    return (
        one.payer_id == other.payer_id
        and one.discipline == other.discipline
        and one.begins == other.begins
        and one.noted == other.noted
        and one.planned == other.planned
    )


def _counts_units(facts: CareFacts, payer_id: str) -> bool:
    for found in facts.coverages.values():
        if found.payer_id == payer_id and found.authorization is not None and found.authorization.units is not None:
            return True
    return False


def take_fact(facts: CareFacts, event: Event, directory: Directory) -> tuple[Iterable[Family], Result]:
    """Replace an older version of the same fact; gives the families of matters that this may touch, and the result."""
    if isinstance(event, VisitDocumented):
        date = f"{event.service_date}|{event.discipline}"
        notes = facts.notes.setdefault(date, {})
        note = note_of(event)
        of: list[Family] = [("note", event.service_date, event.discipline), ("progress", event.discipline)]
        return _replace(notes, event.therapist_id, note, [*of, ("elements", event.service_date, event.discipline)])
    if isinstance(event, PlanCertified):
        plan = plan_of(event)
        was = facts.plans.get(event.plan_id, plan)
        return _replace(facts.plans, event.plan_id, plan, [("plan", was.discipline), ("plan", plan.discipline)])
    if isinstance(event, CoverageReported):
        coverage = coverage_of(event)
        if event.authorization is not None:
            _grant(facts, f"{event.payer_id}|{event.authorization.number}", coverage.as_of)
        other = facts.coverages.get(event.coverage_id, coverage).payer_id
        touched: list[Family] = [("cover", other), ("cover", event.payer_id), ("verify",)]
        found, result = _replace(facts.coverages, event.coverage_id, coverage, touched)
        # An older report may still tell since when an authorization is known.
        return (found or [("cover", event.payer_id)]), result
    if isinstance(event, VisitScheduled | VisitCancelled):
        appointment = appointment_of(event, directory)
        was_for = facts.appointments.get(event.appointment_id, appointment).discipline
        touched = [("verify",), ("plan", was_for), ("plan", event.discipline)]
        return _replace(facts.appointments, event.appointment_id, appointment, touched)
    raise TypeError(type(event).__name__)


def _replace(of: dict[str, T], name: str, fact: T, touched: list[Family]) -> tuple[list[Family], Result]:
    was = of.get(name)
    if was is not None and not newer(fact, was):
        return [], "duplicate" if fact == was else "superseded"
    of[name] = fact
    return touched, "applied"


def _grant(facts: CareFacts, authorization: str, as_of: str) -> None:
    facts.granted[authorization] = min(as_of, facts.granted.get(authorization, as_of))
