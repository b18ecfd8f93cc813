"""A day worked out up to its lines: its segments in order, counted, made units of, priced, marked and reduced."""

from collections.abc import Mapping, Sequence
from operator import attrgetter

from msgspec import Struct

from pipeline.events.days import Finding, Line
from pipeline.events.fields import alike, clock_order
from pipeline.ledger.checks import nothing_said
from pipeline.ledger.counts import Count, counts_of, shares, units_of
from pipeline.ledger.lines import Draft, Group, claim_order, draft_of, lines_of
from pipeline.ledger.marks import Marks, marks_of, with_modifiers
from pipeline.ledger.overlaps import Shared, count_once, in_turn
from pipeline.ledger.rates import at_rates
from pipeline.ledger.segments import Segment
from pipeline.ledger.terms import Terms
from pipeline.rules.assistants import MODIFIER as ASSISTANT
from pipeline.rules.assistants import Standard, standard
from pipeline.rules.codes import table
from pipeline.rules.parameters import NoFigure, Unpriced
from pipeline.rules.payers import Payer
from pipeline.rules.pricing import payer_price


class Work(Struct, frozen=True):
    """What a day was computed through: its segments as they count, its groups, its lines before and after.

    `lines` are what `drafts` came to, `overlapping` is what segments share on the clock, `marks` what pairs of codes
    and the EMR put on lines, `in_rates` what is said of lines that are in a rate a visit or a case. `plain` tells that
    the segments say nothing of themselves that anything could be found of.
    """

    segments: Sequence[Segment]
    plain: bool
    groups: Sequence[Group]
    drafts: Sequence[Draft]
    lines: list[Line]
    overlapping: Shared | None
    marks: Marks | None
    in_rates: list[Finding]


def work_of(segments: Sequence[Segment], service_date: str, terms: Terms) -> Work:
    """Work a day out from all of its complete segments, whose order does not matter."""
    ordered: Sequence[Segment] = segments
    overlapping: Shared | None = None
    if len(segments) > 1 and not in_turn(segments):
        ordered, overlapping = count_once(_by_clock(segments))
    plain = nothing_said(ordered)
    groups = _groups(ordered, service_date, terms)
    # Groups are in the order of lines, and the lines of each in theirs.
    drafts = groups[0].drafts if len(groups) == 1 else [draft for group in groups for draft in group.drafts]
    told = [] if plain else with_modifiers(ordered)
    marks = marks_of(drafts, told, ordered, overlapping.spans if overlapping else None, service_date)
    lines = lines_of(drafts, marks.distinct if marks else _NONE, marks.notice if marks else _NONE)
    in_rates: list[Finding] = []
    for group in groups:
        if group.rules.flat:
            lines, in_rates = at_rates(drafts, lines)
            break
    return Work(ordered, plain, groups, drafts, lines, overlapping, marks, in_rates)


_NONE: Mapping[int, str] = {}
_by_text = attrgetter("started_at", "segment_id")


def _by_clock(segments: Sequence[Segment]) -> list[Segment]:
    """Order segments by their start, those without a clock last, then by their ids."""
    if alike([segment.started_at for segment in segments]):
        return sorted(segments, key=_by_text)
    return sorted(segments, key=lambda segment: (clock_order(segment.started_at), segment.segment_id))


def _groups(segments: Sequence[Segment], service_date: str, terms: Terms) -> list[Group]:
    """Give the day's groups, by payer and discipline; what does not fit or is not listed is in none."""
    codes = table()
    members: dict[tuple[str, str], list[Segment]] = {}
    for segment in segments:
        if segment.fits and segment.code in codes:
            of = segment.payer_id, segment.discipline
            if of in members:
                members[of].append(segment)
            else:
                members[of] = [segment]
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
    drafts: list[Draft] = []
    parted = False
    for place, count in enumerate(counts):
        site = sites[place]
        parts = shares(count, units[count.code], by)
        parted = parted or len(parts) > 1
        for share in parts:
            found = prices[place]
            if share.code != count.code:
                found = payer_price(rules, share.code, service_date, site.schedule, site.locality, apm=site.apm)
            drafts.append(draft_of(of, share, found, site.tin, count))
    if parted:
        # Counts are in the order of their codes; so are lines, but for those of one count.
        drafts.sort(key=claim_order)
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
