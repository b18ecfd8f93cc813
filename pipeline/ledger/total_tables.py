"""The tables that totals are kept in, and what they hold of a patient."""

from functools import partial

from msgspec import Struct, field

from pipeline.directory import Directory
from pipeline.ledger.calendar import Calendar, last_day
from pipeline.ledger.day import Day
from pipeline.ledger.forwarding import Forwarding
from pipeline.ledger.households import Households
from pipeline.ledger.standing import Standing, assess
from pipeline.ledger.tables import Facts
from pipeline.ledger.terms import Terms
from pipeline.ledger.year import PatientFacts, YearFacts
from pipeline.rules.payers import Payers

NO_YEAR = YearFacts()
NO_PATIENT = PatientFacts()


class DayChange(Struct, frozen=True):
    """A day as it is now; None when it stands no more."""

    patient_id: str
    date: str
    day: Day | None


class TotalTables(Struct, frozen=True):
    """The tables of `totals`, and the terms that they are reckoned by.

    Years by `patient|year`, patients by patient, and the newest version of each other fact, as sorted JSON, by
    `patient|kind|id`. With a calendar they know when to leave.
    """

    years: Facts[YearFacts]
    patients: Facts[PatientFacts]
    facts: Facts[bytes]
    assessed: dict[tuple[str, int], tuple[YearFacts, Standing]] = {}
    calendar: Calendar | None = None
    terms: Terms = field(default_factory=partial(Terms, Directory()))
    households: Households | None = None
    forwarding: Forwarding = field(default_factory=lambda: Forwarding("totals"))

    @property
    def payers(self) -> Payers:
        """Give the payers whose lines are counted."""
        return self.terms.payers

    def standing(self, patient_id: str, year: int, facts: YearFacts) -> Standing:
        """Assess a year's facts; those that were assessed last are not assessed again."""
        known = self.assessed.get((patient_id, year))
        if known is not None and known[0] is facts:
            return known[1]
        standing = assess(year, facts, self.terms)
        self.assessed[patient_id, year] = facts, standing
        return standing

    def flush(self) -> None:
        """Write what changed."""
        self.assessed.clear()
        if self.calendar is not None:
            self.calendar.flush()
        self.years.flush()
        self.patients.flush()
        self.facts.flush()
        self.forwarding.changes.clear()
        # What a replay of a merge goes by comes last.
        if self.households is not None:
            self.households.flush()


def patient_of(tables: TotalTables, patient_id: str) -> PatientFacts:
    """Give what holds in every year of a patient."""
    return tables.patients.get(patient_id) or NO_PATIENT


def year_of(tables: TotalTables, patient_id: str, year: int) -> YearFacts:
    """Give what is known of a patient's year."""
    return tables.years.get(f"{patient_id}|{year:04d}") or NO_YEAR


def is_alone(tables: TotalTables, patient_id: str) -> bool:
    """Tell whether no merge names a patient."""
    return tables.households is None or tables.households.alone(patient_id)


def enter(tables: TotalTables, patient_id: str, year: int) -> None:
    """Enter in the calendar that something is known of a patient's year."""
    if tables.calendar is not None:
        tables.calendar.enter(last_day(year), f"{patient_id}|{year:04d}")
