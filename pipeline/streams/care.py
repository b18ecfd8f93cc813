"""Care: days, notes, plans, coverage, appointments and the beginning of days in; care alerts out."""

from collections import Counter
from collections.abc import Iterable, Sequence

from pipeline.connection import partition_of
from pipeline.engine.record import Count, Output, Record, Tables
from pipeline.events.alerts import CareAlert
from pipeline.ledger.care.alerts import NETWORK
from pipeline.ledger.care.facts import CareFacts
from pipeline.ledger.care.fold import CARE_EVENTS, CareTables, fold_care
from pipeline.ledger.tables import Effect, Facts
from pipeline.ledger.terms import Terms
from pipeline.ledger.ticks import Ticks
from pipeline.streams.reading import Reader, Refuse, cause_of, day_change, households_of, messages

TABLES = ("due", "care", "kin")
"""In the order that they are written: a replay goes by the facts, and one of a merge by the kin."""


def fold(terms: Terms, partitions: int, refuse: Refuse, tables: Tables, records: Sequence[Record]) -> Output:
    """Take records of `session-events` and `billable-days`; give the messages of `care-alerts`.

    `partitions` is how many `session-events` has.
    """
    # What no header names and nobody can read, the agent days sets aside.
    reader = Reader(CARE_EVENTS, terms.max_segment_minutes, refuse, unnamed=False, stage="care")
    number = records[0].partition
    households = households_of(tables["kin"], number)
    facts = CareTables(
        Facts(tables["care"], CareFacts),
        Ticks(tables["due"]),
        network=number == partition_of(NETWORK, partitions),
        households=households,
    )
    days = [(day_change(record), cause_of(record)) for record in records if record.topic == "billable-days"]
    events = list(reader.events(record for record in records if record.topic == "session-events"))
    households.welcome(reader.guests)
    effects, results = fold_care(facts, [*days, *events], terms)
    facts.flush()
    reader.count([event for event, _ in events], results[len(days) :])
    count_care(reader.counts, effects)
    return Output([*reader.letters, *messages(effects, number)], reader.counts)


def count_care(counts: Counter[Count], effects: Iterable[Effect]) -> None:
    """Count the care alerts among effects by kind; those that settle something as settled."""
    for effect in effects:
        if isinstance(effect.value, CareAlert):
            counts["alerts", "care", effect.value.type.rpartition(".")[2]] += 1
