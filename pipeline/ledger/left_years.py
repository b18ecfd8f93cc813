"""Years that have left: what is too late for them, and how they leave."""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from pipeline.events.base import Event
from pipeline.events.claims import ClaimSubmitted, RemittancePosted
from pipeline.events.coverage import AccrualReported, CoverageReported, NecessityAttested
from pipeline.events.rejected import Rejected
from pipeline.events.visits import VisitCancelled, VisitScheduled
from pipeline.ledger.calendar import Calendar, last_day
from pipeline.ledger.left_days import OF_A_YEAR
from pipeline.ledger.segments import Result
from pipeline.ledger.tables import Cause, Effect
from pipeline.ledger.total_tables import DayChange, TotalTables
from pipeline.ledger.totals import fold_totals

_Change = tuple[DayChange | Event, Cause]


def fold_totals_in_time(
    tables: TotalTables, calendar: Calendar, changes: Iterable[_Change]
) -> tuple[list[Effect], Sequence[Result | Rejected | None]]:
    """Take a batch of changes as `fold_totals` does, but for those that are too late; then let leave what is due.

    What became of a change that is too late is why.
    """
    taken: list[_Change] = []
    refusals: list[Rejected | None] = []
    for change, cause in changes:
        if isinstance(change, DayChange):
            calendar.see(change.date, cause.appended)
        refusal = _too_late(calendar.line, change) if calendar.line else None
        refusals.append(refusal)
        if refusal is None:
            taken.append((change, cause))
    effects, results = fold_totals(tables, taken)
    _let_leave(tables, calendar)
    became = iter(results)
    return effects, [refusal or next(became) for refusal in refusals]


def _too_late(line: str, change: DayChange | Event) -> Rejected | None:
    """Tell why a change is too late: its year has left."""
    if isinstance(change, DayChange):
        return Rejected("too_late", OF_A_YEAR, "service_date") if change.date <= line else None
    if isinstance(change, AccrualReported):
        date, field = last_day(change.year), "year"
    elif isinstance(change, ClaimSubmitted | RemittancePosted):
        date, field = change.service_date, "service_date"
    elif isinstance(change, NecessityAttested):
        date, field = change.through, "through"
    elif isinstance(change, CoverageReported):
        date, field = change.effective_through, "effective_through"
    elif isinstance(change, VisitScheduled | VisitCancelled):
        date, field = change.starts_at[:10], "starts_at"
    else:
        return None
    if date > line:
        return None
    return Rejected("too_late", OF_A_YEAR, field, event_id=change.event_id, source=change.source)


def _let_leave(tables: TotalTables, calendar: Calendar) -> None:
    """Take out the years that are due with their facts, and of each patient what held in no later year."""
    for entry in calendar.due():
        patient_id, _, name = entry.rpartition("|")
        facts = tables.years.get(entry)
        if facts is not None:
            tables.years.put(entry, None)
            claims = {claim_id for of_date in facts.claims.values() for claim_id in of_date}
            _forget(tables, patient_id, "claim", claims)
            _forget(tables, patient_id, "accrual", facts.accruals)
            posted = {one.remittance_id for of_date in facts.remittances.values() for one in of_date}
            _forget(tables, patient_id, "remittance", posted)
            _forget(tables, patient_id, "appointment", {made for of_date in facts.planned.values() for made in of_date})
        patient = tables.patients.get(patient_id)
        if patient is None:
            continue
        years = [year for year in patient.years if year != int(name)]
        over = {key for key, attestation in patient.attestations.items() if attestation.through[:4] <= name}
        _forget(tables, patient_id, "attestation", over)
        attestations = {key: found for key, found in patient.attestations.items() if key not in over}
        ended = {key for key, coverage in patient.coverages.items() if coverage.through[:4] <= name}
        _forget(tables, patient_id, "coverage", ended)
        coverages = {key: found for key, found in patient.coverages.items() if key not in ended}
        # What reversed a remittance of a later year reverses it still.
        reversals = {
            key: named
            for key, named in patient.reversals.items()
            if named[1][:4] > name or tables.facts.get(f"{patient_id}|remittance|{named[0]}") is not None
        }
        left = replace(patient, years=years, attestations=attestations, coverages=coverages, reversals=reversals)
        tables.patients.put(patient_id, left if years or attestations or coverages or reversals else None)


def _forget(tables: TotalTables, patient_id: str, kind: str, names: Iterable[str]) -> None:
    for name in names:
        tables.facts.put(f"{patient_id}|{kind}|{name}", None)
