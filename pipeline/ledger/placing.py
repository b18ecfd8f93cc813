"""Facts of a year in their places: a newer version replaces an older one, wherever that stood."""

import msgspec
from msgspec.structs import replace

from pipeline.events.claims import ClaimSubmitted, RemittancePosted
from pipeline.events.codec import write
from pipeline.events.coverage import AccrualReported, CoverageReported, NecessityAttested
from pipeline.events.days import SentClaim, SentLine
from pipeline.events.fields import BUCKET
from pipeline.events.visits import VisitScheduled
from pipeline.ledger.calendar import last_day
from pipeline.ledger.coverage import Coverage, coverage_of
from pipeline.ledger.posted import answer, remittance_of, reversal_of, take_back
from pipeline.ledger.segments import Result
from pipeline.ledger.settle import YearTouch
from pipeline.ledger.tables import Cause
from pipeline.ledger.total_tables import NO_PATIENT, TotalTables, enter, is_alone, year_of
from pipeline.ledger.touches import Touches
from pipeline.ledger.year import Attestation, Claim, Planned
from pipeline.ledger.year_events import Appointment, YearEvent, decode, order_of, place_of
from pipeline.rules.accruals import Accrual


def take_fact(tables: TotalTables, touches: Touches, event: YearEvent, cause: Cause) -> Result:
    """Replace an older version of the same fact, wherever in the patient's years it stood."""
    kind, name = place_of(event)
    key = f"{event.patient_id}|{kind}|{name}"
    stored = tables.facts.get(key)
    was = None if stored is None else decode.decode(stored)
    if was is not None and order_of(event) <= order_of(was):
        if not _holds(tables, was):
            # A worker died when it had written the fact and not yet the year that it belongs to.
            _add(tables, touches, was, cause)
        return "duplicate" if write(event) == stored else "superseded"
    tables.facts.put(key, write(event))
    if not is_alone(tables, event.patient_id):
        tables.forwarding.changes.append((event, cause))
    if was is not None:
        _remove(tables, touches, was, cause)
    _add(tables, touches, event, cause)
    return "applied"


def _holds(tables: TotalTables, event: YearEvent) -> bool:
    """Tell whether a fact is where it belongs."""
    if isinstance(event, AccrualReported):
        return event.accrual_id in year_of(tables, event.patient_id, event.year).accruals
    if isinstance(event, ClaimSubmitted):
        claims = year_of(tables, event.patient_id, int(event.service_date[:4])).claims
        return event.claim_id in claims.get(event.service_date, {})
    if isinstance(event, Appointment):
        planned = year_of(tables, event.patient_id, int(event.starts_at[:4])).planned
        return event.appointment_id in planned.get(event.starts_at[:10], {})
    patient = tables.patients.get(event.patient_id) or NO_PATIENT
    if isinstance(event, CoverageReported):
        return patient.coverages.get(event.coverage_id) == coverage_of(event)
    if isinstance(event, RemittancePosted):
        posted = year_of(tables, event.patient_id, int(event.service_date[:4])).remittances.get(event.service_date, ())
        reversal = patient.reversals.get(event.remittance_id)
        return remittance_of(event) in posted and reversal == reversal_of(event)
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
        take_back(tables, touches, event, cause)
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
        answer(tables, touches, event, cause)
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
    patient = tables.patients.get(event.patient_id) or NO_PATIENT
    attestation = _attestation(event)
    was = patient.attestations.get(event.attestation_id)
    ranges = [attestation] if was is None else [attestation, was]
    closed = "" if tables.calendar is None else tables.calendar.line
    for year in patient.years:
        if last_day(year) <= closed:
            continue
        covered = [
            date
            for date in year_of(tables, event.patient_id, year).days
            if any(found.first <= date <= found.through for found in ranges)
        ]
        if covered:
            touches.year(event.patient_id, year, cause).dates |= dict.fromkeys(covered, cause)
    enter(tables, event.patient_id, int(event.through[:4]))
    attestations = {**patient.attestations, event.attestation_id: attestation}
    tables.patients.put(event.patient_id, replace(patient, attestations=attestations))


def _cover(tables: TotalTables, touches: Touches, event: CoverageReported, cause: Cause) -> None:
    """Put a coverage in its place, and look again at the days that it tells of or told of."""
    patient = tables.patients.get(event.patient_id) or NO_PATIENT
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
    patient = tables.patients.get(patient_id) or NO_PATIENT
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
