"""Care of patients who are one: what their records tell put together, and what of one is passed on."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

import msgspec

from pipeline.events.base import Event
from pipeline.events.coverage import CoverageReported, PlanCertified
from pipeline.events.visits import VisitCancelled, VisitDocumented, VisitScheduled
from pipeline.ledger.care.facts import CareFacts, Family, Visit
from pipeline.ledger.care.matters import families
from pipeline.ledger.care.said import ELEMENTS, Note, Said, newer

_coverage = msgspec.json.Decoder(CoverageReported).decode
_appointment = msgspec.json.Decoder(VisitScheduled | VisitCancelled).decode
_LONG_AGO = "0001-01-01T00:00:00Z"

T = TypeVar("T", bound=Said)


def care_together(own: CareFacts, guests: Iterable[CareFacts]) -> CareFacts:
    """Give what is known of a patient's care with what other records of the same patient tell; of equal ids the newest.

    Visits are the patient's own: days come of all who are one already.
    """
    view = CareFacts(
        dict[str, list[Visit]](own.visits),
        {date: dict(notes) for date, notes in own.notes.items()},
        dict(own.plans),
        dict(own.coverages),
        dict(own.appointments),
        dict(own.granted),
        line=own.line,
    )
    for guest in guests:
        for date, notes in guest.notes.items():
            _join(view.notes.setdefault(date, {}), notes)
        _join(view.plans, guest.plans)
        _join(view.coverages, guest.coverages)
        _join(view.appointments, guest.appointments)
        for name, since in guest.granted.items():
            view.granted[name] = min(since, view.granted.get(name, since))
    return view


def _join(of: dict[str, T], further: Mapping[str, T]) -> None:
    for name, fact in further.items():
        if name not in of or newer(fact, of[name]):
            of[name] = fact


def families_of(facts: CareFacts) -> list[Family]:
    """Give every family of matters that there may be about what is known."""
    found = dict.fromkeys(families(facts))
    for date, visits in facts.visits.items():
        found |= dict.fromkeys([("note", date, visit.discipline) for visit in visits])
    found |= dict.fromkeys([("elements", *key.split("|")) for key in facts.notes])
    found |= dict.fromkeys([("plan", plan.discipline) for plan in facts.plans.values()])
    return list(found)


def events_of(patient_id: str, facts: CareFacts) -> Iterator[Event]:
    """Give events that tell what is known of a patient's care, but for the visits."""
    for key, notes in sorted(facts.notes.items()):
        for therapist_id, note in sorted(notes.items()):
            yield _note(patient_id, key, therapist_id, note)
    for plan_id, plan in sorted(facts.plans.items()):
        yield PlanCertified(
            event_id=plan.event_id,
            occurred_at=plan.occurred_at,
            patient_id=patient_id,
            site_id="-",
            source="-",
            plan_id=plan_id,
            revision=plan.revision,
            discipline=plan.discipline,  # type: ignore[arg-type]
            certified_from=plan.first,
            certified_through=plan.through,
        )
    for _, coverage in sorted(facts.coverages.items()):
        told = _coverage(coverage.text.encode())
        if coverage.authorization is not None:
            since = facts.granted.get(f"{coverage.payer_id}|{coverage.authorization.number}", coverage.as_of)
            if since < coverage.as_of:
                # An older report that is not kept is all that the date is known by.
                yield msgspec.structs.replace(told, revision=0, occurred_at=_LONG_AGO, verified_at=f"{since}T00:00:00Z")
        yield told
    for _, appointment in sorted(facts.appointments.items()):
        yield _appointment(appointment.text.encode())


def _note(patient_id: str, key: str, therapist_id: str, note: Note) -> VisitDocumented:
    date, _, discipline = key.partition("|")
    return VisitDocumented(
        event_id=note.event_id,
        occurred_at=note.occurred_at,
        patient_id=patient_id,
        site_id="-",
        source="-",
        service_date=date,
        discipline=discipline,  # type: ignore[arg-type]
        therapist_id=therapist_id,
        elements=[name for name in ELEMENTS if name not in note.missing],  # type: ignore[misc]
        progress_report=note.reports,
    )
