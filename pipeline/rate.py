"""The same rules on a file: events in as lines, final values and alerts out, without a Kafka."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from msgspec import Struct

from pipeline import profiles
from pipeline.directory import load
from pipeline.events.base import Event
from pipeline.events.codec import read
from pipeline.events.days import BillableDay
from pipeline.events.patients import PatientMerged
from pipeline.events.rejected import Place, Rejected, letter
from pipeline.events.visits import VisitDocumented
from pipeline.figures import folder
from pipeline.identity import Identity
from pipeline.ledger.answers import with_strays
from pipeline.ledger.attended import Attendance, one_on_one
from pipeline.ledger.care.facts import CareFacts
from pipeline.ledger.care.fold import CARE_EVENTS, CareTables, fold_care
from pipeline.ledger.claim_day import Sides, claim_day, last_sent
from pipeline.ledger.day import outline_day
from pipeline.ledger.day_tables import DayIndex, DayTables, Touched
from pipeline.ledger.days import SEGMENT_EVENTS, compute_day, segments_of, take_event
from pipeline.ledger.days_together import take_merges
from pipeline.ledger.households import Households, keys_of
from pipeline.ledger.payment import Payments
from pipeline.ledger.rosters import Roster, RosterChange, RosterTables, fold_rosters
from pipeline.ledger.segments import SegmentFacts
from pipeline.ledger.settle import CLAIMS, TOTALS
from pipeline.ledger.standing import assess, total_of
from pipeline.ledger.tables import Cause, Effect, Facts
from pipeline.ledger.terms import Terms
from pipeline.ledger.ticks import Ticks
from pipeline.ledger.timers import Timers
from pipeline.ledger.together import known_of
from pipeline.ledger.total_tables import DayChange, TotalTables
from pipeline.ledger.totals import fold_day, fold_totals, take_change
from pipeline.ledger.totals import take_merges as take_union
from pipeline.ledger.touches import Touches
from pipeline.ledger.year import BUCKETS, PatientFacts, YearFacts, answers, day_entry, put_day
from pipeline.ledger.year_events import YEAR_EVENTS
from pipeline.settings import Settings

_LINES_BETWEEN_FLUSHES = 12_000
"""What is held decoded meanwhile is less than a fifth of what a year holds encoded."""
_ALERTS = frozenset({"threshold-alerts", "care-alerts", "claim-alerts"})


class Output(Struct, frozen=True, gc=False):
    """A message that the stream would send: its topic, its key, its value."""

    topic: str
    key: str | None
    value: Struct


class Rater:
    """Rates events line by line, each as a batch of its own, and at the end gives every compacted key's final value.

    With `final` the alerts between are left out, and no day is computed before the end.
    """

    def __init__(self, settings: Settings, *, final: bool = False) -> None:
        self._settings = settings
        folder.use(settings.figures)
        self._terms = Terms(
            load(settings.directory),
            settings.max_segment_minutes,
            settings.keep_days,
            profiles.load(settings.payers),
            settings.evaluation_bands,
            settings.telehealth_rule,
        )
        self._identity = Identity(settings)
        self._final = final
        self._timers = Timers({}, self._terms.directory.zone())
        self._households = Households({})
        self._attendance: Attendance = {}
        self._day_tables = DayTables(
            Facts({}, SegmentFacts),
            Facts({}, DayIndex),
            # Alerts alone are made of who attended and of what was left open.
            attendance=None if final else self._attendance,
            timers=None if final else self._timers,
            households=self._households,
        )
        self._total_tables = TotalTables(
            Facts({}, YearFacts),
            Facts({}, PatientFacts),
            Facts({}, bytes),
            terms=self._terms,
            households=Households({}),
        )
        self._care_tables = CareTables(Facts({}, CareFacts), Ticks({}))
        self._rosters = RosterTables(Facts({}, Roster))
        self.events = 0
        self.rejected = 0

    def lines(self, name: str, lines: Iterable[bytes]) -> Iterator[Output]:
        """Take the lines of a file, less their line ends; gives the dead letters and the alerts as they come.

        Empty lines are no events, here as when they are published.
        """
        most_bytes, most_minutes = self._settings.max_event_bytes, self._settings.max_segment_minutes
        for offset, line in enumerate(lines):
            if not line.strip():
                continue
            self.events += 1
            try:
                event, _ = read(line, max_bytes=most_bytes, max_segment_minutes=most_minutes)
                event = self._identity.replace(event)
            except Rejected as refusal:
                self.rejected += 1
                yield Output("rejected-events", None, letter(refusal, Place(name, 0, offset), None, line, None))
                continue
            for effect in self._take(event):
                if effect.topic in _ALERTS and effect.value is not None:
                    yield Output(effect.topic, effect.key, effect.value)
            if offset % _LINES_BETWEEN_FLUSHES == 0:
                self._flush()
        self._flush()

    def _take(self, event: Event) -> Sequence[Effect]:
        cause = Cause(event.event_id, event.occurred_at)
        if isinstance(event, SEGMENT_EVENTS):
            # Nearly all that comes.
            return self._treat(event, cause, [])
        if isinstance(event, PatientMerged):
            return self._merge(event, cause)
        if isinstance(event, YEAR_EVENTS):
            if self._final:
                take_change(self._total_tables, Touches(self._total_tables), event, cause)
                return ()
            effects = fold_totals(self._total_tables, [(event, cause)], compacted=False)[0]
            if isinstance(event, CARE_EVENTS):
                effects += fold_care(self._care_tables, [(event, cause)], self._terms)[0]
            return effects
        if self._final and not isinstance(event, VisitDocumented):
            return ()
        return self._treat(event, cause, [(event, cause)])

    def _treat(self, event: Event, cause: Cause, said: list[tuple[DayChange | Event, Cause]]) -> Sequence[Effect]:
        """Take an event of a day; `said` is what care hears of it beside the day."""
        touched: Touched = {}
        take_event(self._day_tables, event, cause, touched)
        if self._final:
            return ()
        changes, attended = self._days(touched)
        if len(changes) == 1:
            effects = fold_day(self._total_tables, *changes[0])
        else:
            effects = fold_totals(self._total_tables, changes, compacted=False)[0] if changes else []
        if attended:
            effects += fold_rosters(self._rosters, attended)
        effects += self._timers.settle(self._day_tables.segments)
        if said or changes:
            effects += fold_care(self._care_tables, [*said, *changes], self._terms)[0]
        return effects

    def _merge(self, event: PatientMerged, cause: Cause) -> Sequence[Effect]:
        """Learn who lives on as whom; the tables must be walked, so they are written first."""
        self._flush()
        touched: Touched = {}
        take_merges(self._day_tables, [(event, cause)], touched)
        if self._final:
            take_union(self._total_tables, Touches(self._total_tables), [(event, cause)])
            self._flush()
            return ()
        changes, attended = self._days(touched)
        effects = fold_totals(self._total_tables, [(event, cause), *changes], compacted=False)[0]
        effects += fold_rosters(self._rosters, attended)
        effects += fold_care(self._care_tables, [(event, cause), *changes], self._terms)[0]
        self._flush()
        return effects

    def _days(self, touched: Touched) -> tuple[list[tuple[DayChange, Cause]], list[tuple[RosterChange, Cause]]]:
        """Give the days that an event touched as they are now, and what therapists do one-on-one on them."""
        tables, terms = self._day_tables, self._terms
        changes: list[tuple[DayChange, Cause]] = []
        attended: list[tuple[RosterChange, Cause]] = []
        for (patient_id, date), cause in touched.items():
            segments = segments_of(tables, patient_id, date, terms)
            day = outline_day(date, segments, terms) if segments else None
            changes.append((DayChange(patient_id, date, day), cause))
            for therapist_id in sorted(self._attendance.get((patient_id, date), ())):
                of = RosterChange(therapist_id, date, patient_id, one_on_one(therapist_id, segments))
                attended.append((of, cause))
        self._attendance.clear()
        return changes, attended

    def _flush(self) -> None:
        self._day_tables.flush()
        self._total_tables.flush()
        self._care_tables.flush()
        self._rosters.flush()

    def results(self) -> Iterator[Output]:
        """Give the final value of every compacted key, patient by patient; what does not stand is left out."""
        # A year's days are many: what is sorted are the tables' own keys, no copies of them.
        days = groupby(sorted(self._day_tables.days), key=lambda key: key.rpartition("|")[0])
        guests = self._guests()
        waiting = sorted({*self._total_tables.patients, *guests}, key=_before_dates, reverse=True)
        for patient_id, keys in days:
            while waiting and _before_dates(waiting[-1]) < _before_dates(patient_id):
                yield from self._known(waiting.pop(), [], guests)
            if waiting and waiting[-1] == patient_id:
                waiting.pop()
            yield from self._known(patient_id, [key.rpartition("|")[2] for key in keys], guests)
            self._flush()
        while waiting:
            yield from self._known(waiting.pop(), [], guests)

    def _guests(self) -> dict[str, set[str]]:
        """Give by survivor the dates of those who were merged."""
        merged = keys_of(self._day_tables.days, self._households)
        found: dict[str, set[str]] = {}
        for patient_id, dates in merged.items():
            found.setdefault(self._households.home(patient_id), set()).update(dates)
        return found

    def _known(self, patient_id: str, dates: list[str], guests: dict[str, set[str]]) -> Iterator[Output]:
        if self._households.home(patient_id) == patient_id:
            yield from self._patient(patient_id, sorted({*dates, *guests.get(patient_id, ())}))

    def _patient(self, patient_id: str, dates: list[str]) -> Iterator[Output]:
        known = known_of(self._total_tables, patient_id)
        patient = known.patient
        years: dict[int, dict[str, BillableDay]] = {year: {} for year in patient.years}
        for date in dates:
            day = compute_day(self._day_tables, patient_id, date, self._terms)
            if day is not None:
                yield Output("billable-days", f"{patient_id}|{date}", day)
                years.setdefault(int(date[:4]), {})[date] = day
        for year, days in sorted(years.items()):
            facts = known.years.get(year) or YearFacts()
            if self._final:
                for date, day in days.items():
                    posted = answers(facts, date, patient)
                    facts, _ = put_day(facts, date, day_entry(day, self._terms.payers, posted, packed=False))
            standing = assess(year, facts, self._terms)
            for bucket in BUCKETS:
                if total := total_of(patient_id, year, facts, standing, bucket):
                    yield Output(TOTALS, f"{patient_id}|{year:04d}|{bucket}", total)
            payments = Payments(year, facts, patient, self._terms.payers)
            for date, day in days.items():
                paid = payments.of(date, day.lines)
                sides = Sides(last_sent(facts, date), standing.due.get(date, []), paid)
                claim = claim_day((patient_id, date), day.lines, sides, patient)
                if date in facts.remittances:
                    claim = with_strays(claim, answers(facts, date, patient))
                yield Output(CLAIMS, f"{patient_id}|{date}", claim)


def _before_dates(patient_id: str) -> str:
    """Give what sorts a patient as the keys of its days sort."""
    return f"{patient_id}|"
