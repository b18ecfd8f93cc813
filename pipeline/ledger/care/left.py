"""How what is known of care leaves: by its date, once it is older than facts are kept."""

from pipeline.events.base import Event
from pipeline.events.coverage import CoverageReported, PlanCertified
from pipeline.events.visits import VisitCancelled, VisitDocumented, VisitScheduled
from pipeline.ledger.care.alerts import Matter
from pipeline.ledger.care.facts import CareFacts
from pipeline.ledger.care.said import Coverage, Plan, coverage_of, plan_of
from pipeline.rules.care import later

_YEAR = 366
"""How many days a plan is looked at from its first, a coverage from its answer, and then as long as facts are kept."""


def newest(facts: CareFacts) -> str:
    """Give the newest date that something is known of; "" where nothing is."""
    dates = [*facts.visits, *[key[:10] for key in facts.notes]]
    dates += [found.date for found in facts.appointments.values()]
    dates += [_ends(found) for found in facts.plans.values()] + [_ends(found) for found in facts.coverages.values()]
    return max(dates, default="")


def leave(facts: CareFacts, line: str) -> None:
    """Take out what is dated on a line or before it, with the matters that are about it."""
    facts.line = line
    facts.visits = {date: found for date, found in facts.visits.items() if date > line}
    facts.notes = {key: found for key, found in facts.notes.items() if key[:10] > line}
    facts.plans = {name: found for name, found in facts.plans.items() if _ends(found) > line}
    facts.coverages = {name: found for name, found in facts.coverages.items() if _ends(found) > line}
    facts.appointments = {name: found for name, found in facts.appointments.items() if found.date > line}
    facts.told = {about: found for about, found in facts.told.items() if _matters(facts, found)}
    held = {
        f"{found.payer_id}|{found.authorization.number}" for found in facts.coverages.values() if found.authorization
    }
    facts.granted = {name: date for name, date in facts.granted.items() if date > line or name in held}


def is_past(line: str, event: Event) -> bool:
    """Tell whether an event is about something that has left."""
    if isinstance(event, VisitDocumented):
        return event.service_date <= line
    if isinstance(event, VisitScheduled | VisitCancelled):
        return event.starts_at[:10] <= line
    if isinstance(event, PlanCertified):
        return _ends(plan_of(event)) <= line
    return isinstance(event, CoverageReported) and _ends(coverage_of(event)) <= line


def _ends(fact: Plan | Coverage) -> str:
    """Give the last date that a plan or a coverage is looked at: one without an end is not for ever."""
    return min(fact.through, later(fact.first if isinstance(fact, Plan) else fact.as_of, _YEAR))


def _matters(facts: CareFacts, matter: Matter) -> bool:
    if matter.service_date is not None:
        return matter.service_date > facts.line
    # Of what has no date, a payer's limits leave with their coverage.
    return not matter.about or any(name in facts.coverages for name in matter.about)
