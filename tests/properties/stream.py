"""The stream in memory: the production folds on tables of encoded facts, with outputs that arrive before state does."""

import json
from collections.abc import Callable, Iterable, Sequence
from random import Random
from typing import Any

import msgspec
from properties.network import settings, terms

from pipeline.events.base import Event
from pipeline.events.codec import encode, read
from pipeline.events.days import BillableDay
from pipeline.ledger.day_tables import DayIndex, DayTables
from pipeline.ledger.days import fold_days
from pipeline.ledger.segments import SegmentFacts
from pipeline.ledger.tables import Cause, Effect, Facts
from pipeline.ledger.total_tables import DayChange, TotalTables
from pipeline.ledger.totals import fold_totals
from pipeline.ledger.year import PatientFacts, YearFacts
from pipeline.ledger.year_events import YEAR_EVENTS
from pipeline.rate import Rater
from pipeline.streams.days import TABLES as DAY_TABLES
from pipeline.streams.totals import TABLES as TOTAL_TABLES

COMPACTED = ("billable-days", "threshold-totals", "claim-days")
_WRITTEN = (*DAY_TABLES, *TOTAL_TABLES)

Values = dict[str, dict[str, bytes]]
_day = msgspec.json.Decoder(BillableDay).decode


def taken(event: dict[str, Any]) -> tuple[Event, Cause]:
    """Give an event as the intake passes it on."""
    line = json.dumps(event).encode()
    found, _ = read(line, max_bytes=262_144, max_segment_minutes=240)
    return found, Cause(found.event_id, found.occurred_at)


class Stream:
    """Both stages. `log` is `session-events`, `day_log` is `billable-days` with its causes; positions are offsets."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[str, bytes]] = {name: {} for name in _WRITTEN}
        self.log: list[tuple[Event, Cause]] = []
        self.day_log: list[tuple[str, bytes | None, Cause]] = []
        self.days_at = self.totals_at = self.changes_at = 0
        self.values: Values = {topic: {} for topic in COMPACTED}
        self.alerts: list[Any] = []

    def deliver(self, events: Iterable[dict[str, Any]]) -> None:
        self.log += [taken(event) for event in events]

    def day_tables(self) -> DayTables:
        return DayTables(Facts(self.tables["segments"], SegmentFacts), Facts(self.tables["days"], DayIndex))

    def total_tables(self) -> TotalTables:
        years, patients, facts = (self.tables[name] for name in ("years", "patients", "facts"))
        return TotalTables(Facts(years, YearFacts), Facts(patients, PatientFacts), Facts(facts, bytes), terms=terms())

    def fold_days(self, most: int = 10_000, *, dies: str | None = None) -> list[Effect]:
        """Process a batch of `session-events`; `dies` after `fold`, `outputs` or `state`: what follows is lost."""
        tables = self.day_tables()
        batch = self.log[self.days_at : self.days_at + most]
        effects = fold_days(tables, batch, terms())[0]
        if dies != "fold":
            self._send(effects)
            if dies != "outputs":
                tables.flush()
                if dies != "state":
                    self.days_at += len(batch)
        return effects

    def fold_totals(self, most: int = 10_000, *, changes_first: bool = True, dies: str | None = None) -> list[Effect]:
        """Process a batch of the year's events and the days that changed, in either order of the two topics."""
        events = self.log[self.totals_at : self.totals_at + most]
        days = self.day_log[self.changes_at : self.changes_at + most]
        changes = [(_change(key, value), cause) for key, value, cause in days]
        others = [(event, cause) for event, cause in events if isinstance(event, YEAR_EVENTS)]
        tables = self.total_tables()
        effects = fold_totals(tables, [*changes, *others] if changes_first else [*others, *changes])[0]
        if dies != "fold":
            self._send(effects)
            if dies != "outputs":
                tables.flush()
                if dies != "state":
                    self.totals_at += len(events)
                    self.changes_at += len(days)
        return effects

    def tear(self, fold: Callable[[], object], chance: Random) -> None:
        """Process a batch whose state is written in part: table by table as the runner does, then of one table a part.

        Of that table each key arrives or is lost; of those behind it nothing arrives.
        """
        before = {name: dict(table) for name, table in self.tables.items()}
        fold()
        last = chance.randrange(len(_WRITTEN))
        for name in _WRITTEN[last + 1 :]:
            self.tables[name] = before[name]
        torn, was = self.tables[_WRITTEN[last]], before[_WRITTEN[last]]
        for key in sorted(was.keys() | torn.keys()):
            if was.get(key) != torn.get(key) and chance.random() < 0.5:
                torn.pop(key, None)
                if key in was:
                    torn[key] = was[key]

    def finish(self) -> None:
        """Process what is left."""
        while self.days_at < len(self.log):
            self.fold_days()
        while self.totals_at < len(self.log) or self.changes_at < len(self.day_log):
            self.fold_totals()

    def replay(self) -> None:
        """Begin anew: empty state, and the log from its start."""
        self.tables = {name: {} for name in _WRITTEN}
        self.values = {topic: {} for topic in COMPACTED}
        self.day_log, self.alerts = [], []
        self.days_at = self.totals_at = self.changes_at = 0

    def _send(self, effects: Sequence[Effect]) -> None:
        for effect in effects:
            value = None if effect.value is None else encode(effect.value)
            if effect.topic == "billable-days":
                self.day_log.append((effect.key, value, effect.cause))
            if effect.topic not in COMPACTED:
                if effect.topic.endswith("-alerts"):
                    self.alerts.append(effect.value)
            elif value is None:
                self.values[effect.topic].pop(effect.key, None)
            else:
                self.values[effect.topic][effect.key] = value


def _change(key: str, value: bytes | None) -> DayChange:
    patient_id, _, date = key.rpartition("|")
    return DayChange(patient_id, date, None if value is None else _day(value))


def streamed(events: Iterable[dict[str, Any]], sizes: Sequence[int] = (10_000,)) -> Stream:
    """Give the stream after events in batches of the sizes, over and over."""
    stream = Stream()
    stream.deliver(events)
    turn = 0
    while stream.days_at < len(stream.log):
        stream.fold_days(sizes[turn % len(sizes)])
        stream.fold_totals(sizes[(turn + 1) % len(sizes)], changes_first=bool(turn % 2))
        turn += 1
    stream.finish()
    return stream


def rated(events: Iterable[dict[str, Any]], *, final: bool = False) -> Values:
    """Give what the rater of files ends in, as bytes by topic and key."""
    return run(events, final=final)[0]


def run(events: Iterable[dict[str, Any]], *, final: bool = False) -> tuple[Values, list[Any]]:
    """Give what the rater of files ends in, and the alerts in order."""
    rater = Rater(settings(), final=final)
    alerts = [output.value for output in rater.lines("events", [json.dumps(event).encode() for event in events])]
    assert rater.rejected == 0
    values: Values = {topic: {} for topic in COMPACTED}
    for output in rater.results():
        assert output.key is not None
        values[output.topic][output.key] = encode(output.value)
    return values, alerts


def plain(values: Values) -> dict[str, dict[str, Any]]:
    """Give values as JSON says them."""
    return {topic: {key: json.loads(value) for key, value in found.items()} for topic, found in values.items()}
