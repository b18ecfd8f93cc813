"""The therapists: what each does one-on-one with any patient in, alerts for the patients whose time overlaps out."""

from collections import Counter
from collections.abc import Sequence

import msgspec

from pipeline.engine.record import Count, Output, Record, Tables
from pipeline.events.therapists import TherapistSegments
from pipeline.ledger.calendar import Calendar, day_schedule
from pipeline.ledger.rosters import Roster, RosterChange, RosterTables, fold_rosters, roster_change
from pipeline.ledger.tables import Facts
from pipeline.ledger.terms import Terms
from pipeline.streams.reading import cause_of, count_alerts, messages

TABLES = ("endings", "rosters")
_decode = msgspec.json.Decoder(TherapistSegments).decode


def fold(terms: Terms, tables: Tables, records: Sequence[Record]) -> Output:
    """Take records of `therapist-segments`; give the messages of `claim-alerts`, for patients of any partition."""
    calendar = Calendar(tables["endings"], day_schedule(terms.keep_days))
    rosters = RosterTables(Facts(tables["rosters"], Roster), calendar)
    effects = fold_rosters(rosters, [(_change(record), cause_of(record)) for record in records])
    rosters.flush()
    counts: Counter[Count] = Counter()
    count_alerts(counts, effects)
    return Output(messages(effects, records[0].partition), counts)


def _change(record: Record) -> RosterChange:
    return roster_change((record.key or b"").decode(), None if record.value is None else _decode(record.value))
