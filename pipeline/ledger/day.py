"""A patient's day, whole: minutes, units, prices, reductions and findings from its segments."""

from collections.abc import Sequence
from datetime import UTC, datetime

from pipeline.events.days import BillableDay, Finding, Measure
from pipeline.events.fields import moment
from pipeline.ledger.counts import counts_of, shares, units_of
from pipeline.ledger.explanation import price_step, units_step
from pipeline.ledger.findings import in_order, no_unit, of_price, of_segments
from pipeline.ledger.lines import Draft, lines_of
from pipeline.ledger.segments import Segment
from pipeline.ledger.terms import Terms
from pipeline.rules.codes import table
from pipeline.rules.fees import NATIONAL, UnitPrice, unit_price
from pipeline.rules.parameters import Unpriced
from pipeline.rules.payers import Payer, payer

_LAST = datetime.max.replace(tzinfo=UTC)


def clock_order(started_at: str | None) -> datetime:
    """Give what orders by the clock; what has none comes last."""
    return _LAST if started_at is None else moment(started_at)


def rate_day(patient_id: str, service_date: str, segments: Sequence[Segment], terms: Terms) -> BillableDay:
    """Compute what a patient's day bills, from all of its complete segments.

    Gives whole minutes, units and cents; the order of `segments` does not matter. `terms` are the network's own.
    """
    ordered = sorted(segments, key=lambda segment: (clock_order(segment.started_at), segment.segment_id))
    codes = table()
    groups: dict[tuple[str, str], list[Segment]] = {}
    for segment in ordered:
        if segment.fits and segment.code in codes:
            groups.setdefault((segment.payer_id, segment.discipline), []).append(segment)
    findings = of_segments(ordered)
    explanation: list[str] = []
    drafts: list[Draft] = []
    minutes = {True: 0, False: 0}
    for (payer_id, discipline), members in sorted(groups.items()):
        drafts += _drafts(payer_id, discipline, members, service_date, terms, findings, explanation, minutes)
    lines = lines_of(drafts)
    units = {True: 0, False: 0}
    prices = {(draft.payer_id, draft.discipline, draft.code): draft.price for draft in drafts}
    for line in lines:
        units[codes[line.code].timed] += line.units
        price = prices[line.payer_id, line.discipline, line.code]
        if found := of_price(line.payer_id, line.discipline, line.code, price, line.segment_ids):
            findings.append(found)
        elif isinstance(price, UnitPrice):
            explanation.append(price_step(line, price))
    return BillableDay(
        patient_id=patient_id,
        service_date=service_date,
        site_ids=sorted({segment.site_id for segment in ordered}),
        payers=sorted({segment.payer_id for segment in ordered}),
        lines=lines,
        findings=in_order(findings),
        explanation=explanation,
        minutes=Measure(timed=minutes[True], untimed=minutes[False]),
        units=Measure(timed=units[True], untimed=units[False]),
    )


def _drafts(  # noqa: PLR0917 -- one group's share of the day, which gathers in the three lists and the count.
    payer_id: str,
    discipline: str,
    segments: Sequence[Segment],
    service_date: str,
    terms: Terms,
    findings: list[Finding],
    explanation: list[str],
    minutes: dict[bool, int],
) -> list[Draft]:
    """Give the lines of one payer and discipline before the day's reduction."""
    rules = payer(payer_id)
    codes = table()
    counts = counts_of(segments)
    prices = {count.code: _price(count.code, service_date, count.site_id, rules, terms) for count in counts}
    full = {code: price.full_cents for code, price in prices.items() if isinstance(price, UnitPrice)}
    units = units_of(counts, rules.unit_rule, full)
    explanation.append(units_step(payer_id, discipline, counts, units, rules.unit_rule))
    drafts = []
    for count in counts:
        minutes[codes[count.code].timed] += count.minutes
        billed = shares(count, units[count.code])
        if not billed:
            findings.append(no_unit(payer_id, discipline, count))
        for share in billed:
            price = prices.get(share.code) or _price(share.code, service_date, count.site_id, rules, terms)
            tin = terms.directory.site(count.site_id).tin
            drafts.append(
                Draft(
                    payer_id,
                    rules,
                    discipline,
                    share.code,
                    share.units,
                    share.minutes,
                    price,
                    tin,
                    count.started_at,
                    count.segment_ids,
                )
            )
    return drafts


def _price(code: str, service_date: str, site_id: str, rules: Payer, terms: Terms) -> UnitPrice | Unpriced:
    """Price a unit: by the site's schedule and locality where the payer goes by them, else CMS's national amount."""
    if not rules.site_schedule:
        return unit_price(code, service_date, "cms", NATIONAL)
    site = terms.directory.site(site_id)
    return unit_price(code, service_date, site.schedule, site.locality)
