"""What is planned for a patient, priced as if it had been done, beside what the last visits came to."""

from heapq import nlargest
from operator import itemgetter

from pipeline.directory import Directory, Site
from pipeline.events.fields import BUCKET, Bucket, clock_order
from pipeline.ledger.day import outline_day
from pipeline.ledger.segments import MICROSECONDS, Segment
from pipeline.ledger.terms import Terms, Worth
from pipeline.ledger.versions import SERVICE, Version
from pipeline.ledger.year import BUCKETS, Planned, YearFacts, accrues
from pipeline.rules.accrual_basis import accrual_basis
from pipeline.rules.projection import VISITS, Course

_MANY = 200
"""Fewer dates than that, which came nearly in their order, are sorted faster than searched."""
_MOST_KNOWN = 65_536


def course_of(facts: YearFacts, bucket: Bucket, terms: Terms) -> Course:
    """Give a bucket's last visits, and the dates after them that have an appointment, each with its whole cents.

    The bucket has a visit. What is planned is priced for the payer of the last one that has thresholds.
    """
    own_cents = facts.own_cents[bucket]
    last = sorted(own_cents)[-VISITS:] if len(own_cents) < _MANY else nlargest(VISITS, own_cents)[::-1]
    today = last[-1]
    planned: list[tuple[str, int | None]] = []
    carried: set[str] = set()
    if facts.planned and (ahead := [date for date in facts.planned if date > today]):
        payers = [name for name in facts.days[today].allowed if terms.payers.at(name, today).thresholds]
        for date in sorted(ahead):
            appointments = _kept(facts.planned[date])
            if any(BUCKET[made.discipline] == bucket for made in appointments):
                worth, names = _worth(date, min(payers), appointments, terms)
                planned.append((date, worth[BUCKETS.index(bucket)]))
                carried.update(names)
    return Course([(date, own_cents[date]) for date in last], planned, sorted(carried) if carried else ())


def _kept(planned: dict[str, Planned]) -> list[Planned]:
    """Give the appointments that were not cancelled, by the clock, then by their ids."""
    found = [(clock_order(made.starts_at), name, made) for name, made in planned.items() if made.kept]
    return [made for _, _, made in sorted(found, key=itemgetter(0, 1))]


def _worth(date: str, payer_id: str, appointments: list[Planned], terms: Terms) -> Worth:
    """Give what a date's appointments add to each bucket, whole cents; what was priced once is known.

    None where a line is without a price, or where there is no line. With them the figures carried that price it.
    """
    sites = [terms.directory.site(made.site_id) for made in appointments]
    of = date, payer_id, tuple((made.discipline, *made.services) for made in appointments), tuple(sites)
    known = terms.worths.get(of)
    if known is None:
        if len(terms.worths) >= _MOST_KNOWN:
            terms.worths.clear()
        known = terms.worths[of] = _price(date, payer_id, appointments, sites, terms)
    return known


def _price(date: str, payer_id: str, appointments: list[Planned], sites: list[Site], terms: Terms) -> Worth:
    """Price a date's appointments together, by the rules of a day: reductions run over all of them."""
    segments = [
        _segment(date, payer_id, made.discipline, service, (f"{number:04d}", f"{number:04d}-{place:04d}"))
        for number, made in enumerate(appointments)
        for place, service in enumerate(made.services)
    ]
    of_sites = Directory(sites={f"{number:04d}": site for number, site in enumerate(sites)})
    day = outline_day(date, segments, Terms(of_sites, payers=terms.payers))
    basis = accrual_basis(date)
    worth: list[int | None] = []
    for bucket in BUCKETS:
        cents = [accrues(line, basis) for line in day.lines if BUCKET[line.discipline] == bucket]
        known = [found for found in cents if found is not None]
        worth.append(sum(known) if cents and len(known) == len(cents) else None)
    carried = {name for found in day.findings if found.kind == "provisional" for name in found.parameters}
    return tuple(worth), tuple(sorted(carried))


def _segment(date: str, payer_id: str, discipline: str, service: tuple[str, int], ids: tuple[str, str]) -> Segment:
    """Make a planned service a segment: minutes without a clock, so that none overlaps another."""
    (code, minutes), (site_id, segment_id) = service, ids
    said = Version(
        SERVICE,
        revision=0,
        occurred_at="",
        event_id="",
        site_id=site_id,
        source="",
        segment_id=segment_id,
        payer_id=payer_id,
        discipline=discipline,
        code=code,
        service_date=date,
        minutes=minutes,
    )
    counted = minutes * 60 * MICROSECONDS
    return Segment(segment_id, site_id, payer_id, discipline, code, None, None, counted, 0, fits=True, said=said)
