"""A patient's day, whole: minutes, units, prices, reductions and findings from its segments."""

from collections.abc import Sequence

from msgspec import Struct

from pipeline.events.days import BillableDay, Finding, Line, Measure
from pipeline.ledger.checks import checks_of
from pipeline.ledger.explanation import explain
from pipeline.ledger.findings import in_order, no_standard, no_unit, of_drafts, of_payers, of_segments
from pipeline.ledger.lines import Group
from pipeline.ledger.note_checks import of_notes
from pipeline.ledger.segments import Segment
from pipeline.ledger.terms import Terms
from pipeline.ledger.versions import Version
from pipeline.ledger.work import Work, work_of


class Outline(Struct, frozen=True, gc=False):
    """What of a day its year and its care go by: its lines, and of its findings those that are about lines.

    Each field is as in `BillableDay`.
    """

    service_date: str
    site_ids: list[str]
    lines: list[Line]
    findings: list[Finding]


Day = BillableDay | Outline
"""A day as its year and its care take it."""


def rate_day(
    patient_id: str, service_date: str, segments: Sequence[Segment], terms: Terms, notes: Sequence[Version] = ()
) -> BillableDay:
    """Compute what a patient's day bills, from all of its complete segments.

    Gives whole minutes, units and cents; the order of `segments` does not matter. `terms` are the network's own,
    `notes` those of the day's visits.
    """
    work = work_of(segments, service_date, terms)
    findings = _of_lines(work, service_date)
    findings += work.in_rates
    if not work.plain or _unusual(work.groups):
        findings += of_payers(work.segments, service_date, terms.payers)
    findings += checks_of(work.segments, work.lines, service_date, terms, plain=work.plain)
    if notes:
        findings += of_notes(notes, work.segments, work.lines)
    if work.overlapping:
        findings += work.overlapping.findings
    minutes, units = _measured(work.groups, findings)
    return BillableDay(
        patient_id=patient_id,
        service_date=service_date,
        site_ids=_sites(work.segments),
        payers=sorted({segment.payer_id for segment in work.segments}),
        lines=work.lines,
        findings=in_order(findings),
        explanation=explain(work, terms),
        minutes=minutes,
        units=units,
    )


def outline_day(service_date: str, segments: Sequence[Segment], terms: Terms) -> Outline:
    """Compute of a day, as `rate_day` does, what a caller needs who sends no days."""
    work = work_of(segments, service_date, terms)
    return Outline(service_date, _sites(work.segments), work.lines, in_order(_of_lines(work, service_date)))


def _of_lines(work: Work, service_date: str) -> list[Finding]:
    """Find what keeps lines from being billed, and what their prices stand on."""
    found = [] if work.plain else of_segments(work.segments)
    found += of_drafts(work.drafts, service_date)
    if work.marks:
        found += work.marks.findings
    return found


def _unusual(groups: Sequence[Group]) -> bool:
    """Tell whether there is something to say of a payer by itself."""
    for group in groups:  # noqa: SIM110 -- of every day, and `any` takes twice as long.
        if not group.rules.listed or group.rules.lacks:
            return True
    return False


def _sites(segments: Sequence[Segment]) -> list[str]:
    return sorted({segment.site_id for segment in segments})


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
