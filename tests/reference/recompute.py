"""The naive recomputation: all events at once, every patient whole, nothing shared with the product."""

from collections import defaultdict

from reference.checks import choose
from reference.compare import compare
from reference.day import Line, day, day_value, line_value
from reference.facts import Event, Segment, by_patient, segments, standing
from reference.figures import BUCKET, KX_THRESHOLD, parameter
from reference.payers import rule, use
from reference.payment import Shares, shares
from reference.year import Dated, accrual_of, covered, lines_over, submitted, year_value

__all__ = ["compare", "parameter", "recompute"]

OWED = "patient_cents", "payer_cents"
Outputs = dict[str, dict[str, dict]]


def recompute(
    events: list[Event],
    sites: dict[str, dict] | None = None,
    payers: dict[str, dict] | None = None,
    settings: dict[str, str] | None = None,
) -> Outputs:
    """Give the final values that valid events lead to, in whatever order and however often they came.

    `sites` maps a site to `{tin, locality, schedule}`; what is left out is one TIN for all, national and `cms`.
    `payers` are a network's own, `settings` what it chose.
    """
    use(payers)
    choose(settings)
    outputs: Outputs = {"billable-days": {}, "threshold-totals": {}, "claim-days": {}}
    for patient, said in by_patient(events).items():
        patient_values(patient, said, sites or {}, outputs)
    return outputs


def patient_values(patient: str, said: list[Event], sites: dict[str, dict], outputs: Outputs) -> None:
    dates: dict[str, list[Segment]] = defaultdict(list)
    for segment in segments(said):
        dates[segment.date].append(segment)
    computed = {date: day(date, same, sites) for date, same in dates.items()}
    for date, same in dates.items():
        outputs["billable-days"][f"{patient}|{date}"] = day_value(patient, date, same, computed[date])

    medicare: dict[tuple[int, str], list[Dated]] = defaultdict(list)
    for date, (lines, _, _) in computed.items():
        for line in lines:
            if rule(line.count.payer, "thresholds", date):
                medicare[int(date[:4]), BUCKET[line.count.discipline]].append(Dated(date, line))

    accruals = standing(said, "accrual.reported")
    with_kx: set[int] = set()
    for year, bucket in {*medicare, *((a["year"], a["bucket"]) for a in accruals)}:
        if year not in KX_THRESHOLD:
            continue
        lines = medicare.get((year, bucket), [])
        accrual = accrual_of(accruals, year, bucket)
        external = accrual["amount_cents"] if accrual else 0
        outputs["threshold-totals"][f"{patient}|{year}|{bucket}"] = year_value(patient, year, bucket, lines, accrual)
        over = lines_over(lines, external, KX_THRESHOLD[year])
        with_kx |= {id(dated.line) for dated in over if wants_kx(dated)}

    attestations, claims = standing(said, "necessity.attested"), standing(said, "claim.submitted")
    reports = standing(said, "coverage.reported")
    owed, lacking = shares({date: lines for date, (lines, _, _) in computed.items()}, reports)
    for date, (lines, _, _) in computed.items():
        due = [position for position, line in enumerate(lines) if id(line) in with_kx]
        claim = {"patient_id": patient, "service_date": date, "submitted": submitted(claims, date)}
        outputs["claim-days"][f"{patient}|{date}"] = claim | claim_lines(date, lines, due, attestations, owed)
        if date in lacking:
            outputs["claim-days"][f"{patient}|{date}"]["findings"].append({"kind": "no_figure"})


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
