"""What a claim needs beside its units and prices: every check that yields findings and changes nothing else."""

from collections.abc import Collection, Sequence
from functools import cache

from pipeline.events.days import Finding, Line
from pipeline.ledger.same_day import beside_others, of_same_day
from pipeline.ledger.segment_checks import of_segment
from pipeline.ledger.segments import Segment
from pipeline.ledger.terms import Terms
from pipeline.rules.codes import table
from pipeline.rules.disciplines import owners
from pipeline.rules.mue import most_units
from pipeline.rules.telehealth import places


@cache
def _plain_codes() -> frozenset[str]:
    """Give the codes that nothing is found of by themselves: timed, of no one discipline, at odds with no other."""
    timed = {code.code for code in table().values() if code.timed}
    return frozenset(timed - owners().keys() - beside_others())


def nothing_said(segments: Sequence[Segment]) -> bool:
    """Tell segments of which neither a check nor a modifier has anything to look at, as on most days.

    All fit, have a clock and a code like most, and say nothing of themselves but their time.
    """
    codes = _plain_codes()
    for segment in segments:
        said = segment.said
        if (
            segment.code not in codes
            or not segment.fits
            or segment.started_at is None
            or segment.by_assistant
            or said.modifiers
            or said.diagnoses
            or said.body_regions
            or said.telehealth
            or said.place_of_service
        ):
            return False
    return True


def checks_of(
    segments: Sequence[Segment], lines: Sequence[Line], date: str, terms: Terms, *, plain: bool
) -> list[Finding]:
    """Check a day's segments and lines on an ISO date; what bills nothing is not looked at.

    `segments` are in the order of the clock, `plain` where `nothing_said` is true of them. No finding raises a level,
    adds a minute or changes a line.
    """
    found = [] if plain else _of_segments(segments, lines, date, terms)
    if limits := most_units(date):
        found += _of_units(lines, {code: row.units for code, row in limits.items()}, date, terms)
    return found


def _of_segments(segments: Sequence[Segment], lines: Sequence[Line], date: str, terms: Terms) -> list[Finding]:
    codes = table()
    billed = [segment for segment in segments if segment.fits and segment.code in codes]
    found = [finding for segment in billed if _says_something(segment) for finding in of_segment(segment, date, terms)]
    paired = beside_others()
    untimed = sum([not codes[segment.code].timed for segment in billed])
    if untimed > 1 or not paired.isdisjoint([segment.code for segment in billed]):
        found += of_same_day(billed)
    if sent := {segment.segment_id: segment.said.modifiers for segment in billed if segment.said.modifiers}:
        found += _of_modifiers(lines, sent)
    return found


def _says_something(segment: Segment) -> bool:
    """Tell whether there is anything to look at in a segment by itself: on most days there is not."""
    said = segment.said
    return bool(
        said.diagnoses
        or said.body_regions
        or segment.code in owners()
        or segment.by_assistant
        or said.telehealth
        or said.place_of_service in places()
    )


def _of_modifiers(lines: Sequence[Line], sent: dict[str, list[str]]) -> list[Finding]:
    """Find what a line carries and no segment of it sent, where its EMR sends modifiers at all."""
    found = []
    for line in lines:
        told: Collection[str]
        if len(line.segment_ids) == 1:
            told = sent.get(line.segment_ids[0], ())
        else:
            told = {modifier for segment_id in line.segment_ids for modifier in sent.get(segment_id, ())}
        if not told:
            continue
        missing = [modifier for modifier in line.modifiers if modifier not in told]
        if missing:
            text = f"{', '.join(missing)} was not sent and belongs on the line: the line here carries it."
            found.append(_of_line(line, "modifier_missing", text))
    return found


def _of_units(lines: Sequence[Line], limits: dict[str, int], date: str, terms: Terms) -> list[Finding]:
    """Find codes with more units on the day than Medicare takes, over all lines of a payer."""
    together: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        if line.code in limits and terms.payers.at(line.payer_id, date).thresholds:
            together.setdefault((line.payer_id, line.code), []).append(line)
    found = []
    for (_, code), same in together.items():
        units = sum(line.units for line in same)
        if units > limits[code]:
            text = f"{units} units on the day, and Medicare takes {limits[code]}: look at the minutes first."
            found.append(_of_line(same[0], "units_over_mue", text))
    return found


def _of_line(line: Line, kind: str, text: str) -> Finding:
    return Finding(
        kind=kind,
        message=text,
        payer_id=line.payer_id,
        discipline=line.discipline,
        code=line.code,
        segment_ids=line.segment_ids,
    )
