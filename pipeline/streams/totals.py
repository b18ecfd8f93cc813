"""The totals: days and what is said of a year in; totals, claim days and alerts out."""

from collections import Counter
from collections.abc import Iterable, Sequence

from pipeline.engine.record import Count, Output, Record, Tables
from pipeline.events.base import Event
from pipeline.events.days import Line, Measure
from pipeline.events.patients import PatientMerged
from pipeline.ledger.calendar import Calendar, year_schedule
from pipeline.ledger.left_years import fold_totals_in_time
from pipeline.ledger.tables import Cause, Facts
from pipeline.ledger.terms import Terms
from pipeline.ledger.total_tables import DayChange, TotalTables
from pipeline.ledger.year import PatientFacts, YearFacts
from pipeline.ledger.year_events import YEAR_EVENTS
from pipeline.rules.codes import table
from pipeline.streams.reading import MOVED, Reader, Refuse, cause_of, count_alerts, day_change, households_of, messages

TABLES = ("closings", "years", "patients", "facts", "unions")
"""In the order that they are written: a replay goes by the facts, and one of a merge by the unions."""


def fold(terms: Terms, refuse: Refuse, tables: Tables, records: Sequence[Record]) -> Output:
    """Take records of `session-events` and `billable-days`; give the messages of all that totals owe."""
    # What no header names and nobody can read, the agent days sets aside.
    reader = Reader((*YEAR_EVENTS, PatientMerged), terms.max_segment_minutes, refuse, unnamed=False, stage="totals")
    households = households_of(tables["unions"], records[0].partition)
    calendar = Calendar(tables["closings"], year_schedule(terms.keep_days))
    facts = TotalTables(
        Facts(tables["years"], YearFacts),
        Facts(tables["patients"], PatientFacts),
        Facts(tables["facts"], bytes),
        calendar=calendar,
        terms=terms,
        households=households,
    )
    # What is told under another patient now is that one's: what a merge does to the year, the merge itself tells.
    computed = [record for record in records if record.topic == "billable-days" and MOVED not in record.headers]
    days = [(day_change(record), cause_of(record)) for record in computed]
    events = list(reader.events(record for record in records if record.topic == "session-events"))
    households.welcome(reader.guests)
    _count_units(reader.counts, facts.years, [change for change, _ in days])
    changes: list[tuple[DayChange | Event, Cause]] = [*days, *events]
    effects, results = fold_totals_in_time(facts, calendar, changes)
    facts.flush()
    # The days' own letters first, as their changes come first.
    reader.taken[:0] = computed
    reader.count([change for change, _ in changes], results)
    count_alerts(reader.counts, effects)
    return Output([*reader.letters, *messages(effects, records[0].partition)], reader.counts)


def _count_units(counts: Counter[Count], years: Facts[YearFacts], changes: Iterable[DayChange]) -> None:
    """Count how many units the days bill more, and how many less, than before the batch."""
    for (patient_id, date), day in {(change.patient_id, change.date): change.day for change in changes}.items():
        facts = years.get(f"{patient_id}|{date[:4]}")
        entry = facts.days.get(date) if facts else None
        was = _units(entry.lines()) if entry else Measure(timed=0, untimed=0)
        now = _units(day.lines) if day else Measure(timed=0, untimed=0)
        for kind, more in (("timed", now.timed - was.timed), ("untimed", now.untimed - was.untimed)):
            if more:
                counts["units", kind, "billed" if more > 0 else "taken_back"] += abs(more)


def _units(lines: Iterable[Line]) -> Measure:
    units = {True: 0, False: 0}
    for line in lines:
        code = table().get(line.code)
        units[code is None or code.timed] += line.units
    return Measure(timed=units[True], untimed=units[False])
