"""A patient's day, whole: minutes, units, prices, reductions and findings from its segments."""

from collections.abc import Sequence

from pipeline.directory import Site
from pipeline.events.days import BillableDay, Measure
from pipeline.events.fields import clock_order
from pipeline.ledger.counts import counts_of, shares, units_of
from pipeline.ledger.explanation import explain
from pipeline.ledger.findings import in_order, no_unit, of_price, of_segments
from pipeline.ledger.lines import Group, claim_order, draft_of, lines_of
from pipeline.ledger.segments import Segment
from pipeline.ledger.terms import Terms
from pipeline.rules.codes import table
from pipeline.rules.fees import NATIONAL, UnitPrice, unit_price
from pipeline.rules.parameters import Unpriced
from pipeline.rules.payers import Payer, payer


def rate_day(
    patient_id: str, service_date: str, segments: Sequence[Segment], terms: Terms, *, explained: bool = True
) -> BillableDay:
    """Compute what a patient's day bills, from all of its complete segments.

    Gives whole minutes, units and cents; the order of `segments` does not matter. `terms` are the network's own;
    without `explained` the explanation is left empty.
    """
    order = clock_order([segment.started_at for segment in segments])
    ordered = sorted(segments, key=lambda segment: (order(segment.started_at), segment.segment_id))
    groups = _groups(ordered, service_date, terms)
    drafts = sorted([draft for group in groups for draft in group.drafts], key=claim_order)
    lines = lines_of(drafts)
    findings = of_segments(ordered)
    findings += [no_unit(group.payer_id, group.discipline, count) for group in groups for count in group.without_unit]
    findings += [of_price(draft) for draft in drafts if draft.barred or draft.full_cents is None]
    timed = [(group, count) for group in groups for count in group.counts if count.kind != "untimed"]
    untimed = [(group, count) for group in groups for count in group.counts if count.kind == "untimed"]
    return BillableDay(
        patient_id=patient_id,
        service_date=service_date,
        site_ids=sorted({segment.site_id for segment in ordered}),
        payers=sorted({segment.payer_id for segment in ordered}),
        lines=lines,
        findings=in_order(findings),
        explanation=explain(groups, drafts, lines) if explained else [],
        minutes=Measure(timed=sum([x.minutes for _, x in timed]), untimed=sum([x.minutes for _, x in untimed])),
        units=Measure(
            timed=sum([g.units[x.code] for g, x in timed]), untimed=sum([g.units[x.code] for g, x in untimed])
        ),
    )


def _groups(segments: Sequence[Segment], service_date: str, terms: Terms) -> list[Group]:
    """Give the day's groups, by payer and discipline; what does not fit or is not listed is in none."""
    codes = table()
    members: dict[tuple[str, str], list[Segment]] = {}
    for segment in segments:
        if segment.fits and segment.code in codes:
            members.setdefault((segment.payer_id, segment.discipline), []).append(segment)
    return [_group(*of, members[of], service_date, terms) for of in sorted(members)]


def _group(payer_id: str, discipline: str, segments: Sequence[Segment], service_date: str, terms: Terms) -> Group:
    """Count, make units and price for one payer and discipline; the day's reduction is yet to come."""
    rules = payer(payer_id)
    counts = counts_of(segments)
    sites = [terms.directory.site(count.site_id) for count in counts]
    prices = {x.code: _price(x.code, service_date, site, rules) for x, site in zip(counts, sites, strict=True)}
    full = {code: price.full_cents for code, price in prices.items() if isinstance(price, UnitPrice)}
    units = units_of(counts, rules.unit_rule, full)
    drafts = []
    for count, site in zip(counts, sites, strict=True):
        for share in shares(count, units[count.code]):
            price = prices.get(share.code) or _price(share.code, service_date, site, rules)
            drafts.append(draft_of((payer_id, discipline, rules), share, price, site.tin, count))
    return Group(payer_id, rules, discipline, counts, units, drafts)


def _price(code: str, service_date: str, site: Site, rules: Payer) -> UnitPrice | Unpriced:
    """Price a unit: by the site's schedule and locality where the payer goes by them, else CMS's national amount."""
    if not rules.site_schedule:
        return unit_price(code, service_date, "cms", NATIONAL)
    return unit_price(code, service_date, site.schedule, site.locality)
