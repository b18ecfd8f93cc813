"""A patient's day, whole: minutes, units, prices, reductions and findings from its segments."""

from collections.abc import Mapping, Sequence
from operator import attrgetter

from pipeline.events.days import BillableDay, Finding, Measure
from pipeline.events.fields import alike, clock_order
from pipeline.ledger.checks import checks_of
from pipeline.ledger.counts import Count, counts_of, shares, units_of
from pipeline.ledger.explanation import Work, explain
from pipeline.ledger.findings import in_order, no_standard, no_unit, of_carried, of_payers, of_price, of_segments
from pipeline.ledger.lines import Group, claim_order, draft_of, lines_of
from pipeline.ledger.marks import marks_of
from pipeline.ledger.note_checks import of_notes
from pipeline.ledger.overlaps import count_once
from pipeline.ledger.rates import at_rates
from pipeline.ledger.segments import Segment
from pipeline.ledger.terms import Terms
from pipeline.ledger.versions import Version
from pipeline.rules.assistants import MODIFIER as ASSISTANT
from pipeline.rules.assistants import Standard, standard
from pipeline.rules.codes import table
from pipeline.rules.parameters import NoFigure, Unpriced
from pipeline.rules.payers import Payer
from pipeline.rules.pricing import payer_price


def rate_day(
    patient_id: str,
    service_date: str,
    segments: Sequence[Segment],
    terms: Terms,
    *,
    explained: bool = True,
    notes: Sequence[Version] = (),
) -> BillableDay:
    """Compute what a patient's day bills, from all of its complete segments.

    Gives whole minutes, units and cents; the order of `segments` does not matter. `terms` are the network's own;
    without `explained` the explanation is left empty. `notes` are those of the day's visits.
    """
    ordered, overlapping = count_once(_by_clock(segments))
    groups = _groups(ordered, service_date, terms)
    drafts = groups[0].drafts if len(groups) == 1 else [draft for group in groups for draft in group.drafts]
    if len(drafts) > 1:
        drafts = sorted(drafts, key=claim_order)
    marks = marks_of(drafts, ordered, overlapping.spans if overlapping else None, service_date)
    lines = lines_of(drafts, marks.distinct if marks else _NONE, marks.notice if marks else _NONE)
    lines, rated = at_rates(drafts, lines)
    findings = of_segments(ordered) + of_payers(ordered, service_date, terms.payers)
    findings += rated
    findings += checks_of(ordered, lines, service_date, terms)
    if notes:
        findings += of_notes(notes, ordered, lines)
    if overlapping:
        findings += overlapping.findings
    if marks:
        findings += marks.findings
    for draft in drafts:
        price = draft.price
        if draft.barred or price is None:
            findings.append(of_price(draft, service_date))
        if price is not None and price.provisional:
            findings.append(of_carried(draft, price.provisional))
    minutes, units = _measured(groups, findings)
    return BillableDay(
        patient_id=patient_id,
        service_date=service_date,
        site_ids=sorted({segment.site_id for segment in ordered}),
        payers=sorted({segment.payer_id for segment in ordered}),
        lines=lines,
        findings=in_order(findings) if findings else [],
        explanation=explain(Work(ordered, groups, drafts, lines, overlapping, marks), terms) if explained else [],
        minutes=minutes,
        units=units,
    )


def _measured(groups: Sequence[Group], findings: list[Finding]) -> tuple[Measure, Measure]:
    """Sum minutes and units; note counts that make no unit, and groups without a standard for assistants."""
    timed_minutes = untimed_minutes = timed_units = untimed_units = 0
    for group in groups:
        for count in group.counts:
            made = group.units[count.code]
            if count.kind != "untimed":
                timed_minutes += count.minutes
                timed_units += made
            else:
                untimed_minutes += count.minutes
                untimed_units += made
            if not made:
                findings.append(no_unit(group.payer_id, group.discipline, count))
        if group.lacks is not None:
            findings.append(no_standard(group))
    minutes = Measure(timed=timed_minutes, untimed=untimed_minutes)
    return minutes, Measure(timed=timed_units, untimed=untimed_units)


_NONE: Mapping[int, str] = {}
_by_text = attrgetter("started_at", "segment_id")


def _by_clock(segments: Sequence[Segment]) -> list[Segment]:
    """Order segments by their start, those without a clock last, then by their ids."""
    if len(segments) == 1 or _ordered(segments):
        return list(segments)
    if alike([segment.started_at for segment in segments]):
        return sorted(segments, key=_by_text)
    return sorted(segments, key=lambda segment: (clock_order(segment.started_at), segment.segment_id))


def _ordered(segments: Sequence[Segment]) -> bool:
    """Tell segments that are in order already, as they are when an EMR tells of them one after another."""
    latest = ""
    for segment in segments:
        start = segment.started_at
        # Texts in one form order as the clock does; equal ones would go by their ids.
        if start is None or start <= latest or (latest and (start[10] != latest[10] or start[19:] != latest[19:])):
            return False
        latest = start
    return True


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
    rules = terms.payers.at(payer_id, service_date)
    counts = counts_of(segments)
    of = payer_id, discipline, rules
    site_of = terms.directory.site
    sites, prices = [], []
    for count in counts:
        site = site_of(count.site_id)
        sites.append(site)
        prices.append(payer_price(rules, count.code, service_date, site.schedule, site.locality, apm=site.apm))
    units = units_of(counts, rules.unit_rule, prices)
    by, lacks = _standard(counts, discipline, rules, service_date)
    drafts = []
    for place, count in enumerate(counts):
        site = sites[place]
        for share in shares(count, units[count.code], by):
            found = prices[place]
            if share.code != count.code:
                found = payer_price(rules, share.code, service_date, site.schedule, site.locality, apm=site.apm)
            drafts.append(draft_of(of, share, found, site.tin, count))
    return Group(payer_id, rules, discipline, counts, units, drafts, lacks)


def _standard(
    counts: Sequence[Count], discipline: str, rules: Payer, service_date: str
) -> tuple[Standard | None, Unpriced | None]:
    """Give what assistants' parts are judged by, where lines carry CO or CQ; and what of it no parameter states."""
    for count in counts:
        if count.by_assistant:
            break
    else:
        return None, None
    if discipline not in ASSISTANT or not rules.assistant_modifiers:
        return None, None
    try:
        return standard(service_date), None
    except NoFigure as error:
        return None, error.missing
