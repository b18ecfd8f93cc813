"""Days, notes, plans, coverage and appointments to care alerts: facts replaced, and what they touch looked at again."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct, field

from pipeline.events.base import Event
from pipeline.events.coverage import CoverageReported, PlanCertified
from pipeline.events.patients import DayTicked, PatientMerged
from pipeline.events.visits import VisitCancelled, VisitDocumented, VisitScheduled
from pipeline.ledger.care import matters
from pipeline.ledger.care.alerts import NETWORK, Matter, care_alerts
from pipeline.ledger.care.coverage import coverage
from pipeline.ledger.care.facts import CareFacts, Family, take_day, take_fact
from pipeline.ledger.care.left import is_past, leave, newest
from pipeline.ledger.care.matters import Book
from pipeline.ledger.care.together import care_together, events_of, families_of
from pipeline.ledger.forwarding import Forwarding
from pipeline.ledger.households import Households
from pipeline.ledger.segments import Result
from pipeline.ledger.tables import Cause, Effect, Facts
from pipeline.ledger.terms import Terms
from pipeline.ledger.ticks import Ticks
from pipeline.ledger.total_tables import DayChange
from pipeline.rules.care import figures_missing, later, years_to_look_at

FACT_EVENTS = (VisitDocumented, VisitScheduled, VisitCancelled, PlanCertified, CoverageReported)
CARE_EVENTS = (*FACT_EVENTS, DayTicked, PatientMerged)


class CareTables(Struct, frozen=True):
    """The tables of `care`: what is known by patient, and an index of who is to be looked at when.

    `network` tells whether this partition number is the one that what concerns no patient is told of by.
    """

    patients: Facts[CareFacts]
    ticks: Ticks
    network: bool = True
    households: Households = field(default_factory=lambda: Households({}))
    forwarding: Forwarding = field(default_factory=lambda: Forwarding("care"))

    def view(self, patient_id: str) -> CareFacts:
        """Give what is known of a patient and of all who are one with the patient; nothing of one who is another."""
        facts = self.patients.get(patient_id) or CareFacts()
        households = self.households
        if households.alone(patient_id):
            return facts
        if not households.here(patient_id) or households.home(patient_id) != patient_id:
            return CareFacts()
        others = [self.patients.get(one) for one in households.members(patient_id) if one != patient_id]
        return care_together(facts, [other for other in others if other is not None])

    def flush(self) -> None:
        """Write what changed."""
        self.ticks.flush()
        self.patients.flush()
        self.forwarding.changes.clear()
        # What a replay of a merge goes by comes last.
        self.households.flush()


Touched = dict[str, dict[Family, Cause]]
"""By patient the families of matters that a batch touches, each with the last event that did."""


def take_care(
    tables: CareTables, change: DayChange | Event, cause: Cause, terms: Terms, touched: Touched
) -> Result | None:
    """Replace a fact by what a day or an event says; gives what became of an event, None for one that is not care's."""
    if isinstance(change, DayTicked):
        return _begin_day(tables, change, cause, touched)
    line = _line(tables, terms)
    if isinstance(change, DayChange):
        if change.date > line:
            _take_visits(tables, change, cause, terms, touched)
        return "applied"
    if not isinstance(change, FACT_EVENTS):
        return None
    if line and is_past(line, change):
        return "superseded"
    facts = tables.patients.get(change.patient_id) or CareFacts()
    of_fact, result = take_fact(facts, change, terms.directory)
    if of_fact:
        tables.patients.put(change.patient_id, facts)
        if not tables.households.alone(change.patient_id):
            tables.forwarding.changes.append((change, cause))
            if not tables.households.here(change.patient_id):
                # Who is told of elsewhere is not looked at; what is kept of it must leave all the same.
                _list(tables, change.patient_id, facts, set(), terms)
        _touch(tables, change.patient_id, of_fact, cause, touched)
    return result


def _take_visits(tables: CareTables, change: DayChange, cause: Cause, terms: Terms, touched: Touched) -> None:
    facts = tables.patients.get(change.patient_id)
    if facts is None and change.day is None:
        return
    facts = facts or CareFacts()
    families = take_day(facts, change.date, change.day, terms.directory)
    if families is not None:
        tables.patients.put(change.patient_id, facts)
    _touch(tables, change.patient_id, families, cause, touched)


def _touch(
    tables: CareTables, patient_id: str, families: Iterable[Family] | None, cause: Cause, touched: Touched
) -> None:
    """Note families of matters under whom they are told of; where several records are one, all that there are."""
    if tables.households.alone(patient_id):
        if families:
            touched.setdefault(patient_id, {}).update(dict.fromkeys(families, cause))
        return
    for output in tables.households.outputs(patient_id):
        every = [*(families or ()), *families_of(tables.view(output))]
        touched.setdefault(output, {}).update(dict.fromkeys(every, cause))


def take_merges(
    tables: CareTables, changes: Iterable[tuple[DayChange | Event, Cause]], touched: Touched
) -> list[Effect]:
    """Learn who lives on as whom, before anything else of a batch is taken; gives what is to be passed on."""
    households, cause = tables.households, None
    for change, why in changes:
        if not isinstance(change, PatientMerged):
            continue
        concerned = sorted(one for one in households.concerned(change) if households.here(one))
        before = {one: families_of(tables.view(one)) for one in concerned}
        if households.take(change) != "applied":
            continue
        cause = why
        for one in concerned:
            every = [*before[one], *families_of(tables.view(one))]
            touched.setdefault(one, {}).update(dict.fromkeys(every, why))
    if cause is None:
        return []
    moved = [(one, tables.patients.get(one)) for one in sorted(households.moved)]
    events = [(one, list(events_of(one, facts))) for one, facts in moved if facts is not None]
    return tables.forwarding.settle(households, events, cause)


def _begin_day(tables: CareTables, tick: DayTicked, cause: Cause, touched: Touched) -> Result:
    due = tables.ticks.tick(tick.date, cause.appended)
    if due is None:
        return "duplicate" if tick.date == tables.ticks.today else "superseded"
    for patient_id in due:
        if tables.patients.get(patient_id) is not None:
            found = matters.families(tables.view(patient_id))
            touched.setdefault(patient_id, {}).update(dict.fromkeys(found, cause))
    if tables.network:
        touched.setdefault(NETWORK, {})[("figures",)] = cause
    return "applied"


def _line(tables: CareTables, terms: Terms) -> str:
    """Give the date through which all has left: what is older says nothing about care that is still to be given."""
    today = tables.ticks.today
    return later(today, -terms.keep_days - 1) if today else ""


def settle_care(tables: CareTables, touched: Touched, terms: Terms) -> list[Effect]:
    """Look at what was touched, and give the alerts for what differs from what was told."""
    effects: list[Effect] = []
    line = _line(tables, terms) if touched else ""
    for patient_id, families in touched.items():
        facts = tables.patients.get(patient_id) or CareFacts()
        if facts.line != line and patient_id != NETWORK:
            leave(facts, line)
            tables.patients.put(patient_id, facts)
        view = facts if tables.households.alone(patient_id) else tables.view(patient_id)
        if view is not facts:
            leave(view, line)
        book = Book(tables.ticks.today, terms.payers)
        for family in families:
            _FINDERS[family[0]](view, *family[1:], book)
        if facts.told or book.matters:
            effects += _told(facts, patient_id, families, book.matters)
        _list(tables, patient_id, facts, book.dates, terms)
    return effects


def _told(
    facts: CareFacts, patient_id: str, families: Mapping[Family, Cause], after: dict[str, Matter]
) -> list[Effect]:
    """Give the alerts that matters are owed, against what was told of their families, and remember what is told."""
    before = {about: found for about, found in facts.told.items() if _family(about) in families}
    if before == after:
        return []
    for about in before.keys() - after.keys():
        del facts.told[about]
    facts.told |= after
    return care_alerts(patient_id, before, after, lambda about: families[_family(about)])


def _family(about: str) -> Family:
    parts = about.split("|")
    return tuple(parts[: _LENGTHS.get(parts[0], 1)])


_LENGTHS = {"plan": 2, "progress": 2, "cover": 2, "note": 3, "elements": 3}


def _list(tables: CareTables, patient_id: str, facts: CareFacts, dates: set[str], terms: Terms) -> None:
    """List a patient under the dates on which there may be something else to say; there is always one."""
    if patient_id == NETWORK:
        tables.patients.put(patient_id, facts if facts.told else None)
        return
    today = tables.ticks.today
    known = [date for date in facts.due if date > today] if today else facts.due
    new = sorted(dates.difference(known)) if dates else []
    if not known and not new and (last := newest(facts)):
        new = [max(later(last, terms.keep_days + 1), later(today, 1) if today else "")]
    for date in new:
        tables.ticks.enter(date, patient_id)
    if new or known is not facts.due:
        facts.due = known + new
    tables.patients.put(patient_id, facts if facts.due else None)


def _figures(_: CareFacts, book: Book) -> None:
    """See whether a year that has begun, or is about to, lacks figures."""
    for year in years_to_look_at(book.today):
        if missing := figures_missing(year):
            text = f"{year} has no {', '.join(missing)}."
            matter = Matter("figures_missing", text, due_on=f"{year:04d}-01-01", about=missing)
            book.matters[f"figures|{year}"] = matter


_FINDERS: dict[str, Callable[..., None]] = {
    "plan": matters.certification,
    "progress": matters.progress,
    "note": matters.noted,
    "elements": matters.documentation,
    "cover": coverage,
    "verify": matters.verified,
    "figures": _figures,
}


def fold_care(
    tables: CareTables, changes: Iterable[tuple[DayChange | Event, Cause]], terms: Terms
) -> tuple[list[Effect], Sequence[Result | None]]:
    """Take a batch of changes of one partition; gives the alerts that it owes, and what became of each change.

    The caller flushes the tables once the messages are delivered.
    """
    changes = list(changes)
    touched: Touched = {}
    forwarded = take_merges(tables, changes, touched)
    results = [take_care(tables, change, cause, terms, touched) for change, cause in changes]
    effects = settle_care(tables, touched, terms)
    if tables.forwarding.changes:
        forwarded += tables.forwarding.settle(tables.households, (), None)
    return effects + forwarded, results
