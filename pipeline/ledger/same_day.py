"""Codes of one day that do not go together: once a day, evaluations, groups, the further code of a pair first."""

from collections.abc import Sequence
from functools import cache
from itertools import groupby

from pipeline.events.days import Finding
from pipeline.events.fields import clock_order, moment
from pipeline.ledger.segments import Segment
from pipeline.rules.codes import pair, table
from pipeline.rules.evaluations import exclusive
from pipeline.rules.groups import one_on_one


@cache
def beside_others() -> frozenset[str]:
    """Give the codes that even one segment of may not go with the others of the day: groups, further codes of pairs."""
    firsts = {code.count for code in table().values() if code.kind in ("cognitive", "caregiver")}
    return frozenset(one_on_one()) | {pair(first)[1] for first in firsts}


def of_same_day(segments: Sequence[Segment]) -> list[Finding]:
    """Find what does not go together, of a patient's billed segments in the order of the clock."""
    return [*_once_a_day(segments), *_evaluations(segments), *_groups(segments), *_pairs(segments)]


def _of(segments: Sequence[Segment], kind: str, text: str) -> Finding:
    """Say something of several segments; a payer or code that they do not share is not named."""
    payers, codes = {segment.payer_id for segment in segments}, {segment.code for segment in segments}
    return Finding(
        kind=kind,
        message=text,
        payer_id=payers.pop() if len(payers) == 1 else None,
        discipline=segments[0].discipline,
        code=codes.pop() if len(codes) == 1 else None,
        segment_ids=[segment.segment_id for segment in segments],
    )


def _once_a_day(segments: Sequence[Segment]) -> list[Finding]:
    together: dict[tuple[str, str], list[Segment]] = {}
    for segment in segments:
        if not table()[segment.code].timed:
            together.setdefault((segment.discipline, segment.code), []).append(segment)
    text = "The code is billed once a day, whatever its segments: bill one unit to one payer."
    return [_of(same, "once_a_day", text) for same in together.values() if len(same) > 1]


def _evaluations(segments: Sequence[Segment]) -> list[Finding]:
    lists = exclusive()
    together: dict[tuple[str, int], list[Segment]] = {}
    for segment in segments:
        if segment.code in lists:
            together.setdefault((segment.discipline, lists[segment.code]), []).append(segment)
    found = []
    for same in together.values():
        named = sorted({segment.code for segment in same})
        if len(named) > 1:
            text = f"{' and '.join(named)} are not billed on one day by one discipline: bill one of them."
            found.append(_of(same, "evaluations_together", text))
    return found


def _groups(segments: Sequence[Segment]) -> list[Finding]:
    """Find groups at the time of one-on-one treatment, over all payers and disciplines."""
    alone = one_on_one()
    found = []
    for segment in segments:
        for other in segments if segment.code in alone else ():
            if other.code in alone[segment.code] and _overlap(segment, other):
                text = f"{segment.code} is a group's, {other.code} one-on-one at the same time: bill one of them."
                found.append(_of([segment, other], "group_overlap", text))
    return found


def _overlap(one: Segment, other: Segment) -> bool:
    """Tell whether two segments share time; one without a clock, or that does not last, overlaps nothing."""
    if one.started_at is None or other.started_at is None or one.stopped_at is None or other.stopped_at is None:
        return False
    start = max(moment(one.started_at), moment(other.started_at))
    return start < min(moment(one.stopped_at), moment(other.stopped_at))


def _pairs(segments: Sequence[Segment]) -> list[Finding]:
    """Find the further code of a pair alone, or begun before the first, by payer and discipline."""
    codes = table()
    paired = [segment for segment in segments if codes[segment.code].kind in ("cognitive", "caregiver")]
    found = []
    for (_, _, count), group in groupby(sorted(paired, key=_count), key=_count):
        same = list(group)
        first, further = pair(count)
        firsts, furthers = ([one for one in same if one.code == code] for code in (first, further))
        if not furthers:
            continue
        begun = min((clock_order(one.started_at) for one in firsts), default=None)
        if begun is None:
            text = f"{further} was sent without {first}, which the first minutes are: they are billed as {first}."
        elif furthers[0].started_at is not None and clock_order(furthers[0].started_at) < begun and not begun[0]:
            text = f"{further} begins before {first}, which the first minutes are: they are billed as {first}."
        else:
            continue
        found.append(_of(furthers, "pair_order", text))
    return found


def _count(segment: Segment) -> tuple[str, str, str]:
    return segment.payer_id, segment.discipline, table()[segment.code].count
