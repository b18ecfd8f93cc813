"""The years that a batch touches, and from which date on each of their buckets may count otherwise."""

from collections.abc import Iterable

from msgspec.structs import replace

from pipeline.events.fields import Bucket
from pipeline.ledger.settle import YearTouch
from pipeline.ledger.tables import Cause
from pipeline.ledger.together import Together, together
from pipeline.ledger.total_tables import NO_PATIENT, NO_YEAR, TotalTables, enter
from pipeline.ledger.year import YearFacts


class Touches:
    """The years that a batch touches, each as it was before the batch."""

    def __init__(self, tables: TotalTables) -> None:
        self._tables = tables
        self.years: dict[tuple[str, int], YearTouch] = {}
        self.together: dict[str, Together] = {}
        self.causes: dict[str, Cause] = {}

    def see(self, patient_id: str, cause: Cause) -> None:
        """Keep what is known of all who are one with a patient as it is before the batch; nothing of who is alone."""
        households = self._tables.households
        if households is None or households.alone(patient_id):
            return
        for output in households.outputs(patient_id):
            self.causes[output] = cause
            if output not in self.together:
                self.together[output] = together(self._tables, output)

    def year(self, patient_id: str, year: int, cause: Cause) -> YearTouch:
        """Note that a change touches a year, before it does."""
        touch = self.years.get((patient_id, year))
        if touch is None:
            key = f"{patient_id}|{year:04d}"
            facts = self._tables.years.get(key) or NO_YEAR
            touch = YearTouch(key, facts, facts, self._tables.patients.get(patient_id) or NO_PATIENT, cause)
            self.years[patient_id, year] = touch
        touch.cause = cause
        return touch

    def put(self, patient_id: str, year: int, facts: YearFacts) -> None:
        """Replace the facts of a year that is touched."""
        touch = self.years[patient_id, year]
        touch.facts = facts
        self._tables.years.put(touch.key, facts)
        if year not in touch.patient.years:
            patient = self._tables.patients.get(patient_id) or NO_PATIENT
            if year not in patient.years:
                years = sorted([*patient.years, year])
                self._tables.patients.put(patient_id, replace(patient, years=years))
                enter(self._tables, patient_id, year)


def count_from(touch: YearTouch, facts: YearFacts, buckets: Iterable[Bucket], date: str, cause: Cause) -> None:
    """Note that buckets count otherwise from a date on.

    Where a report over all providers has our own lines in it, what others accrued hangs on each of them.
    """
    for bucket in buckets:
        hangs = facts.remittances and any(
            accrual.basis == "all_providers" and accrual.bucket == bucket for accrual in facts.accruals.values()
        )
        touch.count(bucket, "" if hangs else date, cause)
