"""What is known of all who are one patient, put together of what each of them was told."""

from operator import itemgetter
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from pipeline.events.fields import instant
from pipeline.ledger.tables import Facts
from pipeline.ledger.total_tables import NO_PATIENT, TotalTables, is_alone, year_of
from pipeline.ledger.year import PatientFacts, YearFacts, answered, answers, put_day
from pipeline.ledger.year_events import decode, order_of
from pipeline.rules.remittances import Remittance


class Together(Struct, frozen=True):
    """What is known of all who are one patient: years, and what holds in every year."""

    years: dict[int, YearFacts] = {}
    patient: PatientFacts = PatientFacts()


_OF_A_YEAR = {"accruals": "accrual"}
_OF_A_DATE = {"claims": "claim", "planned": "appointment"}
_OF_A_PATIENT = {"attestations": "attestation", "coverages": "coverage", "reversals": "remittance"}
"""The fields of facts by id, and the kind that each is stored as; where several patients' ids are equal, one stands."""


def together(tables: TotalTables, home: str) -> Together:
    """Put together what is known of all who are known as a patient; nothing of one who is known as another."""
    members = [] if tables.households is None else tables.households.members(home)
    patients = {member: tables.patients.get(member) or NO_PATIENT for member in members}
    years = sorted({year for patient in patients.values() for year in patient.years})

    def stands(member: str, kind: str, name: str) -> bool:
        held = [(one, stored) for one in members if (stored := tables.facts.get(f"{one}|{kind}|{name}")) is not None]
        return len(held) < 2 or max(held, key=lambda one: order_of(decode.decode(one[1])))[0] == member  # noqa: PLR2004

    def standing(member: str, kind: str, found: dict[str, Any]) -> dict[str, Any]:
        return {name: fact for name, fact in found.items() if stands(member, kind, name)}

    of_patient: dict[str, Any] = {name: {} for name in _OF_A_PATIENT}
    for member, patient in patients.items():
        for name, kind in _OF_A_PATIENT.items():
            of_patient[name] |= standing(member, kind, getattr(patient, name))
    found: dict[int, YearFacts] = {}
    for year in years:
        of_year: dict[str, Any] = {name: {} for name in (*_OF_A_YEAR, *_OF_A_DATE)}
        for member in members:
            facts = year_of(tables, member, year)
            for name, kind in _OF_A_YEAR.items():
                of_year[name] |= standing(member, kind, getattr(facts, name))
            for name, kind in _OF_A_DATE.items():
                for date, of_date in getattr(facts, name).items():
                    of_year[name][date] = of_year[name].get(date, {}) | standing(member, kind, of_date)
        posted = {
            member: {
                date: [one for one in of_date if stands(member, "remittance", one.remittance_id)]
                for date, of_date in year_of(tables, member, year).remittances.items()
            }
            for member in members
        }
        of_year["remittances"] = all_posted(tables.facts, posted)
        # Days come of a patient's own topic: they are of all who are one already.
        found[year] = replace(year_of(tables, home, year), **of_year)
    patient = PatientFacts(years, **of_patient)
    return Together({year: _counted_together(facts, patient) for year, facts in found.items()}, patient)


def all_posted(facts: Facts[bytes], posted: dict[str, dict[str, list[Remittance]]]) -> dict[str, list[Remittance]]:
    """Put the remittances of several patients who are one in the order in which they stand, by date."""
    found: dict[str, list[tuple[tuple[object, ...], Remittance]]] = {}
    for member, dates in posted.items():
        for date, of_date in dates.items():
            for one in of_date:
                text = facts.get(f"{member}|remittance|{one.remittance_id}") or b""
                order = one.adjudicated_on, one.version[0], instant(one.version[1]), one.version[2], text
                found.setdefault(date, []).append((order, one))
    return {date: [one for _, one in sorted(ordered, key=itemgetter(0))] for date, ordered in found.items()}


def _counted_together(facts: YearFacts, patient: PatientFacts) -> YearFacts:
    """Count each answered date again: what one patient was answered is of the days of all who are one."""
    for date, entry in facts.days.items():
        if date in facts.remittances or any(line.adjudicated_on is not None for line in entry.counted):
            facts, _ = put_day(facts, date, answered(entry, date, answers(facts, date, patient)))
    return facts


def known_of(tables: TotalTables, patient_id: str) -> Together:
    """Give what is known of a patient, with all who are one with the patient."""
    if not is_alone(tables, patient_id):
        return together(tables, patient_id)
    patient = tables.patients.get(patient_id) or NO_PATIENT
    return Together({year: year_of(tables, patient_id, year) for year in patient.years}, patient)
