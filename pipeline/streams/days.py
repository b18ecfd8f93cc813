"""The days: session events in, each day that they touch out, whole."""

from collections.abc import Sequence

from pipeline.engine.record import Output, Record, Tables
from pipeline.events.patients import DayTicked, PatientMerged
from pipeline.events.reopened import DayReopened
from pipeline.ledger.calendar import Calendar, day_schedule
from pipeline.ledger.day_tables import DayIndex, DayTables
from pipeline.ledger.days import DAY_EVENTS
from pipeline.ledger.left_days import fold_days_in_time
from pipeline.ledger.segments import SegmentFacts
from pipeline.ledger.tables import Facts
from pipeline.ledger.terms import Terms
from pipeline.ledger.timers import Timers
from pipeline.streams.care import count_care
from pipeline.streams.reading import Reader, Refuse, households_of, messages

TABLES = ("calendar", "timers", "days", "segments", "merges")
"""In the order that they are written: a replay goes by the segments, and one of a merge by the merges."""
_KINDS = (*DAY_EVENTS, DayReopened, DayTicked, PatientMerged)


def fold(terms: Terms, refuse: Refuse, tables: Tables, records: Sequence[Record]) -> Output:
    """Take records of `session-events`; give the messages of `billable-days`, and the alerts of open timers."""
    reader = Reader(_KINDS, terms.max_segment_minutes, refuse, stage="days")
    households = households_of(tables["merges"], records[0].partition)
    calendar = Calendar(tables["calendar"], day_schedule(terms.keep_days))
    facts = DayTables(
        Facts(tables["segments"], SegmentFacts),
        Facts(tables["days"], DayIndex),
        calendar=calendar,
        timers=Timers(tables["timers"], terms.directory.zone()),
        households=households,
    )
    events = list(reader.events(records))
    households.welcome(reader.guests)
    effects, results = fold_days_in_time(facts, calendar, events, terms)
    facts.flush()
    reader.count([event for event, _ in events], results)
    count_care(reader.counts, effects)
    return Output([*reader.letters, *messages(effects, records[0].partition)], reader.counts)
