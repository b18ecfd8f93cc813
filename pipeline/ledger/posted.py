"""Remittances in their places: each among those of its date, in the order in which they stand."""

from msgspec.structs import replace

from pipeline.events.claims import RemittancePosted
from pipeline.events.fields import instant
from pipeline.ledger.tables import Cause
from pipeline.ledger.total_tables import TotalTables, patient_of
from pipeline.ledger.touches import Touches, count_from
from pipeline.ledger.year import YearFacts, answered, answers, put_day
from pipeline.ledger.year_events import decode, order_of
from pipeline.rules.remittances import Remittance, denial, key_of


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


def reversal_of(event: RemittancePosted) -> tuple[str, str] | None:
    """Give what a remittance reverses and its own service date; None where it reverses nothing."""
    return None if event.reverses is None else (event.reverses, event.service_date)


def take_back(tables: TotalTables, touches: Touches, event: RemittancePosted, cause: Cause) -> None:
    """Take an older version of a remittance from its date, and what it reversed is reversed no more."""
    year, date = int(event.service_date[:4]), event.service_date
    touch = touches.year(event.patient_id, year, cause)
    kept = [one for one in touch.facts.remittances.get(date, ()) if one.remittance_id != event.remittance_id]
    touches.put(event.patient_id, year, _with_remittances(touch.facts, date, kept))
    _reverse(tables, touches, event, None, cause)
    _recount(tables, touches, event.patient_id, date, cause)


def answer(tables: TotalTables, touches: Touches, event: RemittancePosted, cause: Cause) -> None:
    """Put a remittance in its place among those of its date, in the order in which they stand."""
    year, date = int(event.service_date[:4]), event.service_date
    touch = touches.year(event.patient_id, year, cause)
    posted = [one for one in touch.facts.remittances.get(date, ()) if one.remittance_id != event.remittance_id]
    order = event.adjudicated_on, order_of(event)
    place = len(posted)
    while place and _stands_over(tables, event.patient_id, posted[place - 1], order):
        place -= 1
    posted.insert(place, remittance_of(event))
    touches.put(event.patient_id, year, _with_remittances(touch.facts, date, posted))
    _reverse(tables, touches, event, reversal_of(event), cause)
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


def _with_remittances(facts: YearFacts, date: str, posted: list[Remittance]) -> YearFacts:
    others = {day: found for day, found in facts.remittances.items() if day != date}
    return replace(facts, remittances={**others, date: posted} if posted else others)


def _reverse(
    tables: TotalTables, touches: Touches, event: RemittancePosted, reversal: tuple[str, str] | None, cause: Cause
) -> None:
    """Note which remittance one reverses, or with None that it reverses none, and count its date again."""
    patient = patient_of(tables, event.patient_id)
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
    tables.patients.put(event.patient_id, replace(patient_of(tables, event.patient_id), reversals=reversals))
    for date in dates:
        _recount(tables, touches, event.patient_id, date, cause)


def _date_of(tables: TotalTables, patient_id: str, remittance_id: str) -> str | None:
    stored = tables.facts.get(f"{patient_id}|remittance|{remittance_id}")
    named = None if stored is None else decode.decode(stored)
    return named.service_date if isinstance(named, RemittancePosted) else None


def _recount(tables: TotalTables, touches: Touches, patient_id: str, date: str, cause: Cause) -> None:
    """Count a date again by the remittances that stand for it now."""
    year = int(date[:4])
    touch = touches.year(patient_id, year, cause)
    touch.dates[date] = cause
    entry = touch.facts.days.get(date)
    if entry is None or not entry.counted:
        return
    entry = answered(entry, date, answers(touch.facts, date, patient_of(tables, patient_id)))
    facts, buckets = put_day(touch.facts, date, entry)
    count_from(touch, facts, buckets, date, cause)
    touches.put(patient_id, year, facts)
