"""Revenue of a period: minutes billed and not, units and reductions by code, findings, and where patients stand."""

from collections import Counter
from collections.abc import Mapping

from pipeline.events.days import BillableDay, Finding
from pipeline.explaining.outputs import Outputs
from pipeline.ledger.segments import MICROSECONDS, Segment
from pipeline.reports.section import Cell, Section

_MINUTE = 60 * MICROSECONDS
NOBODY = "-"
Segments = Mapping[tuple[str, str], Segment]


def revenue(outputs: Outputs, segments: Segments, first: str, last: str) -> list[Section]:
    """Report on the service dates from `first` through `last`, ISO dates; `segments` are those of the period.

    Gives minutes by site and therapist, units by code, findings by kind and by therapist, patients by state. A
    segment's minutes are billed when a line counts it. States are those of the totals of the last date's year.
    """
    days = [day for _, day in sorted(outputs.days.items()) if first <= day.service_date <= last]
    found = [(day.patient_id, finding) for day in days for finding in day.findings]
    found += [
        (claim.patient_id, finding)
        for _, claim in sorted(outputs.claims.items())
        if first <= claim.service_date <= last
        for finding in claim.findings
    ]
    return [_minutes(days, segments), _codes(days), _findings(found, segments), _states(outputs, int(last[:4]))]


def _minutes(days: list[BillableDay], segments: Segments) -> Section:
    billed = {(day.patient_id, of) for day in days for line in day.lines for of in line.segment_ids}
    spent: dict[tuple[str, str], list[int]] = {}
    for of, segment in segments.items():
        place = segment.site_id, segment.said.therapist_id or NOBODY
        spent.setdefault(place, [0, 0])[of not in billed] += max(0, segment.microseconds)
    return Section(
        "minutes",
        "Minutes by site and therapist",
        ["site", "therapist", "billed_minutes", "unbilled_minutes"],
        [[*place, on // _MINUTE, off // _MINUTE] for place, (on, off) in sorted(spent.items())],
    )


def _codes(days: list[BillableDay]) -> Section:
    sums: dict[str, list[int]] = {}
    for day in days:
        for line in day.lines:
            total = sums.setdefault(line.code, [0, 0, 0, 0, 0])
            total[0] += line.units
            total[1] += line.full_cents or 0
            total[2] += sum(taken.cents for taken in line.reductions if taken.rule == "multiple_procedure")
            total[3] += line.allowed_cents or 0
            total[4] += line.units if line.allowed_cents is None else 0
    return Section(
        "codes",
        "Units and amounts by code",
        ["code", "units", "full_cents", "multiple_procedure_cents", "allowed_cents", "units_without_price"],
        [[code, *total] for code, total in sorted(sums.items())],
    )


def _findings(found: list[tuple[str, Finding]], segments: Segments) -> Section:
    counted: Counter[tuple[str, str]] = Counter()
    for patient_id, finding in found:
        about = [segments.get((patient_id, of)) for of in finding.segment_ids]
        therapists = {segment.said.therapist_id or NOBODY for segment in about if segment is not None} or {NOBODY}
        for therapist in therapists:
            counted[finding.kind, therapist] += 1
    rows: list[list[Cell]] = [[*of, number] for of, number in sorted(counted.items())]
    return Section("findings", "Findings by kind and therapist", ["finding", "therapist", "count"], rows)


def _states(outputs: Outputs, year: int) -> Section:
    counted: Counter[tuple[str, str, str]] = Counter(
        (total.bucket, total.kx.state, total.review.state) for total in outputs.totals.values() if total.year == year
    )
    rows: list[list[Cell]] = [[year, *of, number] for of, number in sorted(counted.items())]
    return Section("states", "Patients by state", ["year", "bucket", "kx", "review", "patients"], rows)
