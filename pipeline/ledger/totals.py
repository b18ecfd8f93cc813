"""Days and accruals to years: each change replaces a fact, and the year is computed whole again."""

from collections.abc import Iterable, Sequence

from pipeline.events.base import Event
from pipeline.events.patients import PatientMerged
from pipeline.ledger.households import keys_of
from pipeline.ledger.placing import take_fact
from pipeline.ledger.segments import Result
from pipeline.ledger.settle import View, YearTouch, nothing_to_tell, settle_year
from pipeline.ledger.standing import assess
from pipeline.ledger.tables import Cause, Effect
from pipeline.ledger.together import known_of
from pipeline.ledger.total_tables import NO_PATIENT, NO_YEAR, DayChange, TotalTables, is_alone, patient_of
from pipeline.ledger.touches import Touches, count_from
from pipeline.ledger.year import BUCKETS, GONE, answers, day_entry, put_day
from pipeline.ledger.year_events import YEAR_EVENTS, decode


def take_change(tables: TotalTables, touches: Touches, change: DayChange | Event, cause: Cause) -> Result | None:
    """Replace a fact by what a day or an event says; gives what became of an event, None for one that is no year's."""
    touches.see(change.patient_id, cause)
    if isinstance(change, DayChange):
        _take_day(tables, touches, change, cause)
        return "applied"
    return take_fact(tables, touches, change, cause) if isinstance(change, YEAR_EVENTS) else None


def _take_day(tables: TotalTables, touches: Touches, change: DayChange, cause: Cause) -> None:
    year = int(change.date[:4])
    touch = touches.year(change.patient_id, year, cause)
    was = touch.facts.days.get(change.date)
    touch.dates[change.date] = cause
    if change.day is None and was is None:
        # A day that came and went is kept as one that stands no more: a claim may have been sent for it, or may yet be.
        # A worker that died may have sent its claim day and its totals.
        touch.spend("", change.date)
        for bucket in BUCKETS:
            touch.count(bucket, change.date, cause)
        touches.put(change.patient_id, year, put_day(touch.facts, change.date, GONE)[0])
        return
    entry = GONE
    if change.day is not None:
        posted = change.date in touch.facts.remittances
        found = answers(touch.facts, change.date, patient_of(tables, change.patient_id)) if posted else {}
        entry = day_entry(change.day, tables.payers, found)
    facts, buckets = put_day(touch.facts, change.date, entry)
    count_from(touch, facts, buckets, change.date, cause)
    for payer_id in entry.allowed if was is None else {**was.allowed, **entry.allowed}:
        touch.spend(payer_id, change.date)
    touches.put(change.patient_id, year, facts)


def fold_totals(
    tables: TotalTables, changes: Iterable[tuple[DayChange | Event, Cause]], *, compacted: bool = True
) -> tuple[list[Effect], Sequence[Result | None]]:
    """Take a batch of changes of one partition and compute the years that they touch.

    Gives the messages owed to `threshold-totals`, `claim-days` and the alerts, and what became of each change, in
    their order. The caller flushes the tables once the messages are delivered. Without `compacted` only the alerts are
    given, for a caller that computes the final values once at the end.
    """
    changes = list(changes)
    touches = Touches(tables)
    forwarded = take_merges(tables, touches, changes)
    results = [take_change(tables, touches, change, cause) for change, cause in changes]
    effects: list[Effect] = []
    for (patient_id, year), touch in touches.years.items():
        if patient_id in touches.together or not is_alone(tables, patient_id):
            continue
        effects += _settle_alone(tables, (patient_id, year), touch, compacted=compacted)
    if touches.together:
        effects += settle_together(tables, touches, compacted=compacted)
    if tables.households is not None and tables.forwarding.changes:
        forwarded += tables.forwarding.settle(tables.households, (), None)
    return effects + forwarded, results


def fold_day(tables: TotalTables, change: DayChange, cause: Cause) -> list[Effect]:
    """Take a day as a batch of its own, as `fold_totals` does without `compacted`; gives the alerts that it owes."""
    if not is_alone(tables, change.patient_id):
        return fold_totals(tables, [(change, cause)], compacted=False)[0]
    touches = Touches(tables)
    _take_day(tables, touches, change, cause)
    effects: list[Effect] = []
    for of, touch in touches.years.items():
        effects += _settle_alone(tables, of, touch, compacted=False)
    return effects


def _settle_alone(tables: TotalTables, of: tuple[str, int], touch: YearTouch, *, compacted: bool) -> list[Effect]:
    """Give what is owed for a year of a patient whom no merge names."""
    patient_id, year = of
    was = tables.standing(patient_id, year, touch.before)
    # Where no bucket was touched, what counts is what counted.
    now = tables.standing(patient_id, year, touch.facts) if touch.buckets or touch.planned else was
    if not compacted and nothing_to_tell(was, now, touch):
        return []
    patient = tables.patients.get(patient_id) or NO_PATIENT
    before = View(patient_id, year, touch.before, touch.patient, was, tables.payers)
    after = View(patient_id, year, touch.facts, patient, now, tables.payers)
    return settle_year(before, after, touch, compacted=compacted)


def take_merges(
    tables: TotalTables, touches: Touches, changes: Sequence[tuple[DayChange | Event, Cause]]
) -> list[Effect]:
    """Learn who lives on as whom, before anything else of a batch is taken; gives what is to be passed on."""
    households = tables.households
    cause: Cause | None = None
    if households is None:
        return []
    for change, why in changes:
        if not isinstance(change, PatientMerged):
            continue
        before = households.concerned(change)
        for one in before:
            if one not in touches.together and households.here(one):
                touches.together[one] = known_of(tables, one)
        if households.take(change) == "applied":
            cause = why
            touches.causes |= dict.fromkeys(before, why)
    moved = households.moved
    if cause is None or not moved:
        return []
    events: list[tuple[str, list[Event]]] = []
    for patient_id, names in keys_of(tables.facts, moved).items():
        stored = [tables.facts.get(f"{patient_id}|{name}") for name in names]
        events.append((patient_id, [decode.decode(one) for one in stored if one is not None]))
    return tables.forwarding.settle(households, events, cause)


def settle_together(tables: TotalTables, touches: Touches, *, compacted: bool) -> list[Effect]:
    """Give what is owed for patients who are, or were, one with others; all of a year, where anything of it changed."""
    households = tables.households
    effects: list[Effect] = []
    if households is None:
        return effects
    for patient_id, was in touches.together.items():
        now = known_of(tables, patient_id)
        members = {patient_id, *households.members(patient_id)}
        cause = touches.causes.get(patient_id)
        for year in sorted(was.years.keys() | now.years.keys()):
            touched = [touches.years[member, year] for member in sorted(members) if (member, year) in touches.years]
            before, after = was.years.get(year, NO_YEAR), now.years.get(year, NO_YEAR)
            if cause is None or (not touched and before == after and was.patient == now.patient):
                continue
            touch = YearTouch(f"{patient_id}|{year:04d}", before, after, was.patient, cause)
            dates = {*before.days, *after.days, *before.claims, *after.claims, *before.remittances, *after.remittances}
            touch.dates = dict.fromkeys(sorted(dates), cause)
            for bucket in BUCKETS:
                touch.count(bucket, "", cause)
            views = [
                View(patient_id, year, facts, patient, assess(year, facts, tables.terms), tables.payers)
                for facts, patient in ((before, was.patient), (after, now.patient))
            ]
            effects += settle_year(views[0], views[1], touch, compacted=compacted)
    return effects
