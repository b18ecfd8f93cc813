"""Days and accruals to years: each change replaces a fact, and the year is computed whole again."""

from collections.abc import Iterable, Sequence
from functools import partial
from operator import itemgetter
from typing import Any, get_args

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from pipeline.directory import Directory
from pipeline.events.base import Event
from pipeline.events.claims import ClaimSubmitted, RemittancePosted
from pipeline.events.codec import write
from pipeline.events.coverage import AccrualReported, CoverageReported, NecessityAttested
from pipeline.events.days import BillableDay, SentClaim, SentLine
from pipeline.events.fields import BUCKET, Bucket, instant
from pipeline.events.patients import PatientMerged
from pipeline.events.visits import VisitCancelled, VisitScheduled
from pipeline.ledger.calendar import Calendar, last_day
from pipeline.ledger.coverage import Coverage, coverage_of
from pipeline.ledger.forwarding import Forwarding
from pipeline.ledger.households import Households, keys_of
from pipeline.ledger.segments import Result
from pipeline.ledger.settle import View, YearTouch, nothing_to_tell, settle_year
from pipeline.ledger.standing import Standing, assess
from pipeline.ledger.tables import Cause, Effect, Facts
from pipeline.ledger.terms import Terms
from pipeline.ledger.year import (
    BUCKETS,
    GONE,
    Attestation,
    Claim,
    PatientFacts,
    Planned,
    YearFacts,
    answered,
    answers,
    day_entry,
    put_day,
)
from pipeline.rules.accruals import Accrual
from pipeline.rules.payers import Payers
from pipeline.rules.remittances import Remittance, denial, key_of

Appointment = VisitScheduled | VisitCancelled
YearEvent = AccrualReported | NecessityAttested | ClaimSubmitted | CoverageReported | RemittancePosted | Appointment
YEAR_EVENTS = get_args(YearEvent)
_decode: msgspec.json.Decoder[YearEvent] = msgspec.json.Decoder(YearEvent)
_NO_YEAR = YearFacts()
_NO_PATIENT = PatientFacts()


class DayChange(Struct, frozen=True):
    """A day as it is now; None when it stands no more."""

    patient_id: str
    date: str
    day: BillableDay | None


class TotalTables(Struct, frozen=True):
    """The tables of `totals`, and the terms that they are reckoned by.

    Years by `patient|year`, patients by patient, and the newest version of each other fact, as sorted JSON, by
    `patient|kind|id`. With a calendar they know when to leave.
    """

    years: Facts[YearFacts]
    patients: Facts[PatientFacts]
    facts: Facts[bytes]
    assessed: dict[tuple[str, int], tuple[YearFacts, Standing]] = {}
    calendar: Calendar | None = None
    terms: Terms = field(default_factory=partial(Terms, Directory()))
    households: Households | None = None
    forwarding: Forwarding = field(default_factory=lambda: Forwarding("totals"))

    @property
    def payers(self) -> Payers:
        """Give the payers whose lines are counted."""
        return self.terms.payers

    def standing(self, patient_id: str, year: int, facts: YearFacts) -> Standing:
        """Assess a year's facts; those that were assessed last are not assessed again."""
        known = self.assessed.get((patient_id, year))
        if known is not None and known[0] is facts:
            return known[1]
        standing = assess(year, facts, self.terms)
        self.assessed[patient_id, year] = facts, standing
        return standing

    def flush(self) -> None:
        """Write what changed."""
        self.assessed.clear()
        if self.calendar is not None:
            self.calendar.flush()
        self.years.flush()
        self.patients.flush()
        self.facts.flush()
        self.forwarding.changes.clear()
        # What a replay of a merge goes by comes last.
        if self.households is not None:
            self.households.flush()


class Touches:
    """The years that a batch touches, each as it was before the batch."""

    def __init__(self, tables: TotalTables) -> None:
        self._tables = tables
        self.years: dict[tuple[str, int], YearTouch] = {}
        self.together: dict[str, Together] = {}
        self.causes: dict[str, Cause] = {}

    def see(self, patient_id: str, cause: Cause) -> None:
        """Keep what is known of all who are one with a patient as it is before the batch; nothing of who is alone."""
        households = self._tables.households
        if households is None or households.alone(patient_id):
            return
        for output in households.outputs(patient_id):
            self.causes[output] = cause
            if output not in self.together:
                self.together[output] = together(self._tables, output)

    def year(self, patient_id: str, year: int, cause: Cause) -> YearTouch:
        """Note that a change touches a year, before it does."""
        touch = self.years.get((patient_id, year))
        if touch is None:
            key = f"{patient_id}|{year:04d}"
            facts = self._tables.years.get(key) or _NO_YEAR
            touch = YearTouch(key, facts, facts, self._tables.patients.get(patient_id) or _NO_PATIENT, cause)
            self.years[patient_id, year] = touch
        touch.cause = cause
        return touch

    def put(self, patient_id: str, year: int, facts: YearFacts) -> None:
        """Replace the facts of a year that is touched."""
        touch = self.years[patient_id, year]
        touch.facts = facts
        self._tables.years.put(touch.key, facts)
        if year not in touch.patient.years:
            patient = self._tables.patients.get(patient_id) or _NO_PATIENT
            if year not in patient.years:
                years = sorted([*patient.years, year])
                self._tables.patients.put(patient_id, replace(patient, years=years))
                enter(self._tables, patient_id, year)


def take_change(tables: TotalTables, touches: Touches, change: DayChange | Event, cause: Cause) -> Result | None:
    """Replace a fact by what a day or an event says; gives what became of an event, None for one that is no year's."""
    touches.see(change.patient_id, cause)
    if isinstance(change, DayChange):
        _take_day(tables, touches, change, cause)
        return "applied"
    return _take_fact(tables, touches, change, cause) if isinstance(change, YEAR_EVENTS) else None


def _take_day(tables: TotalTables, touches: Touches, change: DayChange, cause: Cause) -> None:
    year = int(change.date[:4])
    touch = touches.year(change.patient_id, year, cause)
    was = touch.facts.days.get(change.date)
    touch.dates[change.date] = cause
    if change.day is None and was is None:
        # A day that came and went: a worker that died may have sent its claim day and its totals.
        touch.spend("", change.date)
        for bucket in BUCKETS:
            touch.count(bucket, change.date, cause)
        return
    entry = GONE
    if change.day is not None:
        posted = change.date in touch.facts.remittances
        found = answers(touch.facts, change.date, _patient(tables, change.patient_id)) if posted else {}
        entry = day_entry(change.day, tables.payers, found)
    facts, buckets = put_day(touch.facts, change.date, entry)
    _count(touch, facts, buckets, change.date, cause)
    for payer_id in entry.allowed if was is None else {**was.allowed, **entry.allowed}:
        touch.spend(payer_id, change.date)
    touches.put(change.patient_id, year, facts)


def _count(touch: YearTouch, facts: YearFacts, buckets: Iterable[Bucket], date: str, cause: Cause) -> None:
    """Note that buckets count otherwise from a date on.

    Where a report over all providers has our own lines in it, what others accrued hangs on each of them.
    """
    for bucket in buckets:
        hangs = facts.remittances and any(
            accrual.basis == "all_providers" and accrual.bucket == bucket for accrual in facts.accruals.values()
        )
        touch.count(bucket, "" if hangs else date, cause)


def _patient(tables: TotalTables, patient_id: str) -> PatientFacts:
    return tables.patients.get(patient_id) or _NO_PATIENT


def _year(tables: TotalTables, patient_id: str, year: int) -> YearFacts:
    return tables.years.get(f"{patient_id}|{year:04d}") or _NO_YEAR


def _place(event: YearEvent) -> tuple[str, str]:
    if isinstance(event, AccrualReported):
        return "accrual", event.accrual_id
    if isinstance(event, NecessityAttested):
        return "attestation", event.attestation_id
    if isinstance(event, CoverageReported):
        return "coverage", event.coverage_id
    if isinstance(event, RemittancePosted):
        return "remittance", event.remittance_id
    return ("claim", event.claim_id) if isinstance(event, ClaimSubmitted) else ("appointment", event.appointment_id)


def _order(event: YearEvent) -> tuple[int, tuple[object, str], str, bytes]:
    return event.revision, instant(event.occurred_at), event.event_id, write(event)


def _take_fact(tables: TotalTables, touches: Touches, event: YearEvent, cause: Cause) -> Result:
    """Replace an older version of the same fact, wherever in the patient's years it stood."""
    kind, name = _place(event)
    key = f"{event.patient_id}|{kind}|{name}"
    stored = tables.facts.get(key)
    was = None if stored is None else _decode.decode(stored)
    if was is not None and _order(event) <= _order(was):
        if not _holds(tables, was):
            # A worker died when it had written the fact and not yet the year that it belongs to.
            _add(tables, touches, was, cause)
        return "duplicate" if write(event) == stored else "superseded"
    tables.facts.put(key, write(event))
    if not _is_alone(tables, event.patient_id):
        tables.forwarding.changes.append((event, cause))
    if was is not None:
        _remove(tables, touches, was, cause)
    _add(tables, touches, event, cause)
    return "applied"


def _holds(tables: TotalTables, event: YearEvent) -> bool:
    """Tell whether a fact is where it belongs."""
    if isinstance(event, AccrualReported):
        return event.accrual_id in _year(tables, event.patient_id, event.year).accruals
    if isinstance(event, ClaimSubmitted):
        claims = _year(tables, event.patient_id, int(event.service_date[:4])).claims
        return event.claim_id in claims.get(event.service_date, {})
    if isinstance(event, Appointment):
        planned = _year(tables, event.patient_id, int(event.starts_at[:4])).planned
        return event.appointment_id in planned.get(event.starts_at[:10], {})
    patient = tables.patients.get(event.patient_id) or _NO_PATIENT
    if isinstance(event, CoverageReported):
        return patient.coverages.get(event.coverage_id) == coverage_of(event)
    if isinstance(event, RemittancePosted):
        posted = _year(tables, event.patient_id, int(event.service_date[:4])).remittances.get(event.service_date, ())
        reversal = patient.reversals.get(event.remittance_id)
        return remittance_of(event) in posted and reversal == _reversal(event)
    return patient.attestations.get(event.attestation_id) == _attestation(event)


def _remove(tables: TotalTables, touches: Touches, event: YearEvent, cause: Cause) -> None:
    if isinstance(event, AccrualReported):
        touch = _touch_bucket(touches, event, cause)
        kept = {name: found for name, found in touch.facts.accruals.items() if name != event.accrual_id}
        touches.put(event.patient_id, event.year, replace(touch.facts, accruals=kept))
    elif isinstance(event, ClaimSubmitted):
        year = int(event.service_date[:4])
        touch = touches.year(event.patient_id, year, cause)
        touch.dates[event.service_date] = cause
        claims = {**touch.facts.claims.get(event.service_date, {})}
        claims.pop(event.claim_id, None)
        claims_of_year = {**touch.facts.claims, event.service_date: claims}
        touches.put(event.patient_id, year, replace(touch.facts, claims=claims_of_year))
    elif isinstance(event, CoverageReported):
        _look_again(tables, touches, event.patient_id, coverage_of(event), cause)
    elif isinstance(event, RemittancePosted):
        _take_back(tables, touches, event, cause)
    elif isinstance(event, Appointment):
        _plan(touches, event, None, cause)


def _add(tables: TotalTables, touches: Touches, event: YearEvent, cause: Cause) -> None:
    if isinstance(event, AccrualReported):
        touch = _touch_bucket(touches, event, cause)
        accruals = {**touch.facts.accruals, event.accrual_id: _accrual(event)}
        touches.put(event.patient_id, event.year, replace(touch.facts, accruals=accruals))
    elif isinstance(event, ClaimSubmitted):
        year = int(event.service_date[:4])
        touch = touches.year(event.patient_id, year, cause)
        touch.dates[event.service_date] = cause
        of_date = {**touch.facts.claims.get(event.service_date, {}), event.claim_id: _claim(event)}
        claims = {**touch.facts.claims, event.service_date: of_date}
        touches.put(event.patient_id, year, replace(touch.facts, claims=claims))
    elif isinstance(event, CoverageReported):
        _cover(tables, touches, event, cause)
    elif isinstance(event, RemittancePosted):
        _answer(tables, touches, event, cause)
    elif isinstance(event, Appointment):
        services = [(service.code, service.minutes) for service in event.planned]
        kept = isinstance(event, VisitScheduled)
        _plan(touches, event, Planned(event.starts_at, event.discipline, event.site_id, services, kept), cause)
    else:
        _attest(tables, touches, event, cause)


def _touch_bucket(touches: Touches, event: AccrualReported, cause: Cause) -> YearTouch:
    touch = touches.year(event.patient_id, event.year, cause)
    touch.count(event.bucket, "", cause)
    return touch


def _accrual(event: AccrualReported) -> Accrual:
    version = event.revision, event.occurred_at, event.event_id, write(event)
    return Accrual(event.bucket, event.amount_cents, event.as_of, event.basis, version)


def _claim(event: ClaimSubmitted) -> Claim:
    lines = [SentLine(**msgspec.structs.asdict(line)) for line in event.lines]
    sent = SentClaim(claim_id=event.claim_id, payer_id=event.payer_id, submitted_at=event.submitted_at, lines=lines)
    return Claim(sent, (event.revision, event.occurred_at, event.event_id))


def _attestation(event: NecessityAttested) -> Attestation:
    return Attestation(event.bucket, event.first, event.through)


def _attest(tables: TotalTables, touches: Touches, event: NecessityAttested, cause: Cause) -> None:
    """Put an attestation in its place, and look again at the days that it covers or covered."""
    patient = tables.patients.get(event.patient_id) or _NO_PATIENT
    attestation = _attestation(event)
    was = patient.attestations.get(event.attestation_id)
    ranges = [attestation] if was is None else [attestation, was]
    closed = "" if tables.calendar is None else tables.calendar.line
    for year in patient.years:
        if last_day(year) <= closed:
            continue
        covered = [
            date
            for date in _year(tables, event.patient_id, year).days
            if any(found.first <= date <= found.through for found in ranges)
        ]
        if covered:
            touches.year(event.patient_id, year, cause).dates |= dict.fromkeys(covered, cause)
    enter(tables, event.patient_id, int(event.through[:4]))
    attestations = {**patient.attestations, event.attestation_id: attestation}
    tables.patients.put(event.patient_id, replace(patient, attestations=attestations))


def _cover(tables: TotalTables, touches: Touches, event: CoverageReported, cause: Cause) -> None:
    """Put a coverage in its place, and look again at the days that it tells of or told of."""
    patient = tables.patients.get(event.patient_id) or _NO_PATIENT
    coverage = coverage_of(event)
    was = patient.coverages.get(event.coverage_id)
    for told in (coverage,) if was is None or was == coverage else (coverage, was):
        _look_again(tables, touches, event.patient_id, told, cause)
    enter(tables, event.patient_id, int(event.effective_through[:4]))
    coverages = {**patient.coverages, event.coverage_id: coverage}
    tables.patients.put(event.patient_id, replace(patient, coverages=coverages))


def _look_again(tables: TotalTables, touches: Touches, patient_id: str, told: Coverage, cause: Cause) -> None:
    """Note the years in which a coverage tells who pays what; in each, it does from its first date on.

    What it leaves of the deductible may be used up otherwise after its last date, too.
    """
    patient = tables.patients.get(patient_id) or _NO_PATIENT
    closed = "" if tables.calendar is None else tables.calendar.line
    for year in patient.years:
        if last_day(year) > closed and told.first[:4] <= f"{year:04d}" <= told.through[:4]:
            touches.year(patient_id, year, cause).cover(told.payer_id, told.first)


def _plan(touches: Touches, event: Appointment, planned: Planned | None, cause: Cause) -> None:
    """Put an appointment under its date, or with None take it from there."""
    year, date = int(event.starts_at[:4]), event.starts_at[:10]
    touch = touches.year(event.patient_id, year, cause)
    touch.plan(BUCKET[event.discipline], cause)
    of_date = {name: made for name, made in touch.facts.planned.get(date, {}).items() if name != event.appointment_id}
    if planned is not None:
        of_date[event.appointment_id] = planned
    others = {day: made for day, made in touch.facts.planned.items() if day != date}
    touches.put(event.patient_id, year, replace(touch.facts, planned={**others, date: of_date} if of_date else others))


def remittance_of(event: RemittancePosted) -> Remittance:
    """Give what is kept of a remittance."""
    return Remittance(
        event.remittance_id,
        *key_of(event.payer_id, event.code, event.modifiers),
        event.allowed_cents,
        event.adjudicated_on,
        (event.revision, event.occurred_at, event.event_id),
        event.reverses,
        denial(event.allowed_cents, [(one.group, one.reason, one.amount_cents) for one in event.adjustments]),
    )


def _reversal(event: RemittancePosted) -> tuple[str, str] | None:
    return None if event.reverses is None else (event.reverses, event.service_date)


def _take_back(tables: TotalTables, touches: Touches, event: RemittancePosted, cause: Cause) -> None:
    """Take an older version of a remittance from its date, and what it reversed is reversed no more."""
    year, date = int(event.service_date[:4]), event.service_date
    touch = touches.year(event.patient_id, year, cause)
    kept = [one for one in touch.facts.remittances.get(date, ()) if one.remittance_id != event.remittance_id]
    touches.put(event.patient_id, year, _with_remittances(touch.facts, date, kept))
    _reverse(tables, touches, event, None, cause)
    _recount(tables, touches, event.patient_id, date, cause)


def _answer(tables: TotalTables, touches: Touches, event: RemittancePosted, cause: Cause) -> None:
    """Put a remittance in its place among those of its date, in the order in which they stand."""
    year, date = int(event.service_date[:4]), event.service_date
    touch = touches.year(event.patient_id, year, cause)
    posted = [one for one in touch.facts.remittances.get(date, ()) if one.remittance_id != event.remittance_id]
    order = event.adjudicated_on, _order(event)
    place = len(posted)
    while place and _stands_over(tables, event.patient_id, posted[place - 1], order):
        place -= 1
    posted.insert(place, remittance_of(event))
    touches.put(event.patient_id, year, _with_remittances(touch.facts, date, posted))
    _reverse(tables, touches, event, _reversal(event), cause)
    _recount(tables, touches, event.patient_id, date, cause)


def _stands_over(
    tables: TotalTables, patient_id: str, one: Remittance, order: tuple[str, tuple[int, tuple[object, str], str, bytes]]
) -> bool:
    """Tell whether a remittance is later than an order; only the last tie is broken by its text."""
    adjudicated_on, (revision, occurred_at, event_id, text) = order
    mine: tuple[object, ...] = (one.adjudicated_on, one.version[0], instant(one.version[1]), one.version[2])
    theirs: tuple[object, ...] = (adjudicated_on, revision, occurred_at, event_id)
    if mine != theirs:
        return mine > theirs
    return (tables.facts.get(f"{patient_id}|remittance|{one.remittance_id}") or b"") > text


def all_posted(facts: Facts[bytes], posted: dict[str, dict[str, list[Remittance]]]) -> dict[str, list[Remittance]]:
    """Put the remittances of several patients who are one in the order in which they stand, by date."""
    found: dict[str, list[tuple[tuple[object, ...], Remittance]]] = {}
    for member, dates in posted.items():
        for date, of_date in dates.items():
            for one in of_date:
                text = facts.get(f"{member}|remittance|{one.remittance_id}") or b""
                order = one.adjudicated_on, one.version[0], instant(one.version[1]), one.version[2], text
                found.setdefault(date, []).append((order, one))
    return {date: [one for _, one in sorted(ordered, key=itemgetter(0))] for date, ordered in found.items()}


def _with_remittances(facts: YearFacts, date: str, posted: list[Remittance]) -> YearFacts:
    others = {day: found for day, found in facts.remittances.items() if day != date}
    return replace(facts, remittances={**others, date: posted} if posted else others)


def _reverse(
    tables: TotalTables, touches: Touches, event: RemittancePosted, reversal: tuple[str, str] | None, cause: Cause
) -> None:
    """Note which remittance one reverses, or with None that it reverses none, and count its date again."""
    patient = _patient(tables, event.patient_id)
    was = patient.reversals.get(event.remittance_id)
    if was == reversal:
        return
    dates = [found for named in (was, reversal) if named and (found := _date_of(tables, event.patient_id, named[0]))]
    for date in dates:
        # Before the patient is another, so that the year is known as it was.
        touches.year(event.patient_id, int(date[:4]), cause)
    reversals = {name: named for name, named in patient.reversals.items() if name != event.remittance_id}
    if reversal is not None:
        reversals[event.remittance_id] = reversal
    tables.patients.put(event.patient_id, replace(_patient(tables, event.patient_id), reversals=reversals))
    for date in dates:
        _recount(tables, touches, event.patient_id, date, cause)


def _date_of(tables: TotalTables, patient_id: str, remittance_id: str) -> str | None:
    stored = tables.facts.get(f"{patient_id}|remittance|{remittance_id}")
    named = None if stored is None else _decode.decode(stored)
    return named.service_date if isinstance(named, RemittancePosted) else None


def _recount(tables: TotalTables, touches: Touches, patient_id: str, date: str, cause: Cause) -> None:
    """Count a date again by the remittances that stand for it now."""
    year = int(date[:4])
    touch = touches.year(patient_id, year, cause)
    touch.dates[date] = cause
    entry = touch.facts.days.get(date)
    if entry is None or not entry.counted:
        return
    entry = answered(entry, date, answers(touch.facts, date, _patient(tables, patient_id)))
    facts, buckets = put_day(touch.facts, date, entry)
    _count(touch, facts, buckets, date, cause)
    touches.put(patient_id, year, facts)


def enter(tables: TotalTables, patient_id: str, year: int) -> None:
    """Enter in the calendar that something is known of a patient's year."""
    if tables.calendar is not None:
        tables.calendar.enter(last_day(year), f"{patient_id}|{year:04d}")


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
        if patient_id in touches.together or not _is_alone(tables, patient_id):
            continue
        patient = tables.patients.get(patient_id) or _NO_PATIENT
        was = tables.standing(patient_id, year, touch.before)
        # Where no bucket was touched, what counts is what counted.
        now = tables.standing(patient_id, year, touch.facts) if touch.buckets or touch.planned else was
        if not compacted and nothing_to_tell(was, now, touch):
            continue
        before = View(patient_id, year, touch.before, touch.patient, was, tables.payers)
        after = View(patient_id, year, touch.facts, patient, now, tables.payers)
        effects += settle_year(before, after, touch, compacted=compacted)
    if touches.together:
        effects += settle_together(tables, touches, compacted=compacted)
    if tables.households is not None and tables.forwarding.changes:
        forwarded += tables.forwarding.settle(tables.households, (), None)
    return effects + forwarded, results


def _is_alone(tables: TotalTables, patient_id: str) -> bool:
    return tables.households is None or tables.households.alone(patient_id)


class Together(Struct, frozen=True):
    """What is known of all who are one patient: years, and what holds in every year."""

    years: dict[int, YearFacts] = {}
    patient: PatientFacts = PatientFacts()


_OF_A_YEAR = {"accruals": "accrual"}
_OF_A_DATE = {"claims": "claim", "planned": "appointment"}
_OF_A_PATIENT = {"attestations": "attestation", "coverages": "coverage", "reversals": "remittance"}
"""The fields of facts by id, and the kind that each is stored as; where several patients' ids are equal, one stands."""


def together(tables: TotalTables, home: str) -> Together:
    """Put together what is known of all who are known as a patient; nothing of one who is known as another."""
    members = [] if tables.households is None else tables.households.members(home)
    patients = {member: tables.patients.get(member) or _NO_PATIENT for member in members}
    years = sorted({year for patient in patients.values() for year in patient.years})

    def stands(member: str, kind: str, name: str) -> bool:
        held = [(one, stored) for one in members if (stored := tables.facts.get(f"{one}|{kind}|{name}")) is not None]
        return len(held) < 2 or max(held, key=lambda one: _order(_decode.decode(one[1])))[0] == member  # noqa: PLR2004

    def standing(member: str, kind: str, found: dict[str, Any]) -> dict[str, Any]:
        return {name: fact for name, fact in found.items() if stands(member, kind, name)}

    of_patient: dict[str, Any] = {name: {} for name in _OF_A_PATIENT}
    for member, patient in patients.items():
        for name, kind in _OF_A_PATIENT.items():
            of_patient[name] |= standing(member, kind, getattr(patient, name))
    found: dict[int, YearFacts] = {}
    for year in years:
        of_year: dict[str, Any] = {name: {} for name in (*_OF_A_YEAR, *_OF_A_DATE)}
        for member in members:
            facts = _year(tables, member, year)
            for name, kind in _OF_A_YEAR.items():
                of_year[name] |= standing(member, kind, getattr(facts, name))
            for name, kind in _OF_A_DATE.items():
                for date, of_date in getattr(facts, name).items():
                    of_year[name][date] = of_year[name].get(date, {}) | standing(member, kind, of_date)
        posted = {
            member: {
                date: [one for one in of_date if stands(member, "remittance", one.remittance_id)]
                for date, of_date in _year(tables, member, year).remittances.items()
            }
            for member in members
        }
        of_year["remittances"] = all_posted(tables.facts, posted)
        # Days come of a patient's own topic: they are of all who are one already.
        found[year] = replace(_year(tables, home, year), **of_year)
    patient = PatientFacts(years, **of_patient)
    return Together({year: _counted_together(facts, patient) for year, facts in found.items()}, patient)


def _counted_together(facts: YearFacts, patient: PatientFacts) -> YearFacts:
    """Count each answered date again: what one patient was answered is of the days of all who are one."""
    for date, entry in facts.days.items():
        if date in facts.remittances or any(line.adjudicated_on is not None for line in entry.counted):
            facts, _ = put_day(facts, date, answered(entry, date, answers(facts, date, patient)))
    return facts


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
        events.append((patient_id, [_decode.decode(one) for one in stored if one is not None]))
    return tables.forwarding.settle(households, events, cause)


def known_of(tables: TotalTables, patient_id: str) -> Together:
    """Give what is known of a patient, with all who are one with the patient."""
    if not _is_alone(tables, patient_id):
        return together(tables, patient_id)
    patient = tables.patients.get(patient_id) or _NO_PATIENT
    return Together({year: _year(tables, patient_id, year) for year in patient.years}, patient)


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
            before, after = was.years.get(year, _NO_YEAR), now.years.get(year, _NO_YEAR)
            if cause is None or (not touched and before == after and was.patient == now.patient):
                continue
            touch = YearTouch(f"{patient_id}|{year:04d}", before, after, was.patient, cause)
            dates = {*before.days, *after.days, *before.claims, *after.claims}
            touch.dates = dict.fromkeys(sorted(dates), cause)
            for bucket in BUCKETS:
                touch.count(bucket, "", cause)
            views = [
                View(patient_id, year, facts, patient, assess(year, facts, tables.terms), tables.payers)
                for facts, patient in ((before, was.patient), (after, now.patient))
            ]
            effects += settle_year(views[0], views[1], touch, compacted=compacted)
    return effects
