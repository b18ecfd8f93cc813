"""What payers took off and refused in a week: adjustments by payer, site, code, group and reason."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from pipeline.events.claims import RemittancePosted
from pipeline.explaining.outputs import Outputs
from pipeline.ledger.segments import Segment
from pipeline.reports.section import Cell, Section

_COLUMNS = ["payer", "site", "code", "group", "reason", "adjustments", "denied", "amount_cents"]


def week_of(day: date) -> tuple[str, str]:
    """Give the first and the last date, Monday and Sunday, of the week that a date is in."""
    first = day - timedelta(days=day.weekday())
    return first.isoformat(), (first + timedelta(days=6)).isoformat()


def denials(
    outputs: Outputs, remittances: Iterable[tuple[str, RemittancePosted]], segments: Mapping[tuple[str, str], Segment]
) -> Section:
    """Sum adjustments in whole cents; `denied` counts those of lines that nothing was allowed for.

    The site is that of the earliest segment of the line that was billed; of the remittance where no line is found.
    Groups and reasons are the payer's: CARC groups (CO, PR, OA, PI) and codes.
    """
    sums: dict[tuple[str, str, str, str, str], list[int]] = {}
    for patient_id, one in remittances:
        site = _site(outputs, patient_id, one, segments)
        denied = one.allowed_cents == 0 and one.units > 0
        for adjustment in one.adjustments:
            total = sums.setdefault((one.payer_id, site, one.code, adjustment.group, adjustment.reason), [0, 0, 0])
            total[0] += 1
            total[1] += denied
            total[2] += adjustment.amount_cents
    rows: list[list[Cell]] = [[*of, *total] for of, total in sorted(sums.items())]
    return Section("denials", "Adjustments by payer, site, code and reason", _COLUMNS, rows)


def _site(outputs: Outputs, patient_id: str, one: RemittancePosted, segments: Mapping[tuple[str, str], Segment]) -> str:
    day = outputs.days.get(f"{patient_id}|{one.service_date}")
    for line in day.lines if day else ():
        if line.payer_id == one.payer_id and line.code == one.code and line.segment_ids:
            segment = segments.get((patient_id, line.segment_ids[0]))
            if segment is not None:
                return segment.site_id
    return one.site_id
