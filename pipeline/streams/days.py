"""The days: session events in, each day that they touch out, whole."""

from collections.abc import Sequence

from pipeline.engine.record import Output, Record, Tables
from pipeline.ledger.days import SEGMENT_EVENTS, DayIndex, DayTables, fold_days
from pipeline.ledger.segments import SegmentFacts
from pipeline.ledger.tables import Facts
from pipeline.ledger.terms import Terms
from pipeline.streams.reading import Reader, Refuse, messages

TABLES = ("days", "segments")
"""In the order that they are written: a replay goes by the segments."""


def fold(terms: Terms, refuse: Refuse, tables: Tables, records: Sequence[Record]) -> Output:
    """Take records of `session-events`; give the messages of `billable-days`."""
    reader = Reader(SEGMENT_EVENTS, terms.max_segment_minutes, refuse)
    facts = DayTables(Facts(tables["segments"], SegmentFacts), Facts(tables["days"], DayIndex))
    events = list(reader.events(records))
    effects, results = fold_days(facts, events, terms)
    facts.flush()
    reader.count([event for event, _ in events], results)
    return Output([*reader.letters, *messages(effects, records[0].partition)], reader.counts)
