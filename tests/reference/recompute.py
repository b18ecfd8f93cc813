"""The naive recomputation: all events at once, every patient whole, nothing shared with the product."""

from collections import defaultdict
from fractions import Fraction

from reference.checks import choose
from reference.compare import compare
from reference.day import Line, day, day_value, line_value
from reference.facts import Event, Segment, by_patient, notes, segments, standing
from reference.figures import BUCKET, KX_THRESHOLD, REVIEW_THRESHOLD, parameter
from reference.payers import rule, use
from reference.payment import Shares, shares
from reference.projection import planned_visits, projection
from reference.remittances import answered, standing_remittances
from reference.year import Dated, accrual_of, covered, lines_over, submitted, year_value

__all__ = ["compare", "parameter", "recompute"]

OWED = "patient_cents", "payer_cents"
Outputs = dict[str, dict[str, dict]]


def recompute(
    events: list[Event],
    sites: dict[str, dict] | None = None,
    payers: dict[str, dict] | None = None,
    settings: dict[str, str] | None = None,
    daily_units: dict[str, dict[str, int]] | None = None,
) -> Outputs:
    """Give the final values that valid events lead to, in whatever order and however often they came.

    `sites` maps a site to `{tin, locality, schedule}`; what is left out is one TIN for all, national and `cms`.
    `payers` are a network's own, `settings` what it chose, `daily_units` the most units of a code, by date and code.
    """
    use(payers)
    choose(settings, daily_units)
    outputs: Outputs = {"billable-days": {}, "threshold-totals": {}, "claim-days": {}}
    for patient, said in by_patient(events).items():
        patient_values(patient, said, sites or {}, outputs)
    return outputs


def patient_values(patient: str, said: list[Event], sites: dict[str, dict], outputs: Outputs) -> None:
    dates: dict[str, list[Segment]] = defaultdict(list)
    for segment in segments(said):
        dates[segment.date].append(segment)
    noted = notes(said)
    computed = {
        date: day(date, same, sites, [note for note in noted if note["service_date"] == date])
        for date, same in dates.items()
    }
    for date, same in dates.items():
        outputs["billable-days"][f"{patient}|{date}"] = day_value(patient, date, same, computed[date])

    replies, strays = replies_to({date: lines for date, (lines, _, _) in computed.items()}, said)
    medicare = by_bucket({date: lines for date, (lines, _, _) in computed.items()}, replies)

    accruals = standing(said, "accrual.reported")
    with_kx: set[int] = set()
    for year, bucket in {*medicare, *((a["year"], a["bucket"]) for a in accruals)}:
        if year not in KX_THRESHOLD:
            continue
        lines = medicare.get((year, bucket), [])
        accrual = accrual_of(accruals, year, bucket)
        value = year_value(patient, year, bucket, lines, accrual)
        value |= projections(value, lines, {date: found for date, (found, _, _) in computed.items()}, said, sites)
        outputs["threshold-totals"][f"{patient}|{year}|{bucket}"] = value
        over = lines_over(lines, value["external_cents"], KX_THRESHOLD[year])
        with_kx |= {id(dated.line) for dated in over if wants_kx(dated)}

    attestations, claims = standing(said, "necessity.attested"), standing(said, "claim.submitted")
    reports = standing(said, "coverage.reported")
    owed, lacking = shares({date: lines for date, (lines, _, _) in computed.items()}, reports)
    for date, (lines, _, _) in computed.items():
        due = [position for position, line in enumerate(lines) if id(line) in with_kx]
        claim = {"patient_id": patient, "service_date": date, "submitted": submitted(claims, date)}
        outputs["claim-days"][f"{patient}|{date}"] = claim | claim_lines(date, lines, due, attestations, owed)
        for kind, found in (("remittance_without_line", strays), ("no_figure", lacking)):
            if date in found:
                outputs["claim-days"][f"{patient}|{date}"]["findings"].append({"kind": kind})


def by_bucket(days: dict[str, list[Line]], replies: dict[int, Event]) -> dict[tuple[int, str], list[Dated]]:
    found = defaultdict(list)
    for date, lines in days.items():
        for line in lines:
            if rule(line.count.payer, "thresholds", date):
                found[int(date[:4]), BUCKET[line.count.discipline]].append(Dated(date, line, replies.get(id(line))))
    return found


def replies_to(days: dict[str, list[Line]], said: list[Event]) -> tuple[dict[int, Event], set[str]]:
    """Give what was answered for each line, by its identity, and the dates with an answer to no line."""
    remittances = standing_remittances(standing(said, "remittance.posted"))
    replies: dict[int, Event] = {}
    strays = set()
    for date, lines in days.items():
        in_order = sorted(lines, key=lambda line: Dated(date, line).place)
        found, stray = answered(date, in_order, remittances)
        replies |= found
        strays |= {date} if stray else set()
    return replies, strays


def projections(
    value: dict, lines: list[Dated], days: dict[str, list[Line]], said: list[Event], sites: dict[str, dict]
) -> dict:
    """Give where a bucket's total is going, against both thresholds."""
    visits = {dated.date: 0 for dated in lines}
    for dated in lines:
        visits[dated.date] += dated.cents
    ahead: list[tuple[str, Fraction | None]] = []
    if visits:
        payers = [line.count.payer for line in days[max(visits)]]
        appointments = standing(said, "visit.scheduled", "visit.cancelled")
        ahead = planned_visits(value["bucket"], visits, payers, appointments, sites)
    return {
        name: projection(value["total_cents"], limits[value["year"]], visits, ahead)
        for name, limits in (("projection", KX_THRESHOLD), ("review_projection", REVIEW_THRESHOLD))
    }


def wants_kx(dated: Dated) -> bool:
    return not dated.line.notice and rule(dated.line.count.payer, "kx", dated.date)


def claim_lines(date: str, lines: list[Line], due: list[int], attestations: list[Event], owed: Shares) -> dict:
    buckets = {BUCKET[lines[position].count.discipline] for position in due}
    unattested = any(not covered(attestations, bucket, date) for bucket in buckets)
    attested = not unattested if due else any(covered(attestations, bucket, date) for bucket in ("OT", "PT-SLP"))
    return {
        "lines": [
            line_value(line, date, kx=position in due) | dict(zip(OWED, owed[id(line)], strict=True))
            for position, line in enumerate(lines)
        ],
        "findings": [{"kind": "kx_not_attested"}] if unattested else [],
        "kx_lines": due,
        "kx_attested": attested,
    }
