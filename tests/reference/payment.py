"""Who pays what: every line of a year in the order that lines count in, deductible first."""

from collections import defaultdict

from reference.day import Line, modifiers
from reference.facts import Event, instant
from reference.figures import PART_B_DEDUCTIBLE, parameter
from reference.payers import rule
from reference.year import Dated

Shares = dict[int, tuple[int | None, int | None]]


def half_up(hundredths: int) -> int:
    return (hundredths + 50) // 100


def said_at(report: Event) -> str:
    return report.get("verified_at") or report["occurred_at"]


def newest(reports: list[Event]) -> Event | None:
    """Give the report that was verified last; where two were at once, that which was told last."""
    return max(
        reports,
        key=lambda r: (instant(said_at(r)), instant(r["occurred_at"]), r["event_id"], r["coverage_id"]),
        default=None,
    )


def shares(days: dict[str, list[Line]], reports: list[Event]) -> tuple[Shares, set[str]]:
    """Give what patient and payer owe of each line, by its identity, and the dates on which a deductible lacks."""
    found: Shares = {}
    lacking = set()
    used: dict[tuple, int] = defaultdict(int)
    copays: dict[tuple, int] = {}
    for dated in sorted((Dated(date, line) for date, lines in days.items() for line in lines), key=lambda d: d.place):
        date, line, payer = dated.date, dated.line, dated.line.count.payer
        found[id(line)] = (None, None)
        if line.allowed is None:
            continue
        mine = [r for r in reports if r["payer_id"] == payer and r["effective_through"] >= date]
        pool, amount = deductible(payer, date, mine)
        if amount is None:
            lacking.add(date)
            continue
        taken = min(line.allowed, max(0, amount - used[payer, date[:4], pool]))
        used[payer, date[:4], pool] += taken
        rest = line.allowed - taken
        copay = copay_of(payer, date, mine)
        percent = rule(payer, "coinsurance_percent", date)
        if copay is not None:
            left = copays.setdefault((payer, date, line.count.discipline), copay)
            patient = min(left, rest)
            copays[payer, date, line.count.discipline] -= patient
        elif percent is None:
            continue
        else:
            patient = half_up(rest * percent)
        part = 100
        if rule(payer, "assistant_reduction", date) and {"CO", "CQ"} & set(modifiers(line, date)):
            part = parameter("assistant_payment", date)
        found[id(line)] = (taken + patient, half_up((rest - patient) * part))
    return found, lacking


def deductible(payer: str, date: str, reports: list[Event]) -> tuple[str | None, int | None]:
    """Give which report holds on a date, and how much it leaves; None where Medicare's year has no figure."""
    holding = []
    for report in reports:
        start = max(report["effective_from"], said_at(report)[:10])
        if report.get("deductible_remaining_cents") is not None and start <= date and start[:4] == date[:4]:
            holding.append(report)
    report = newest(holding)
    if report is not None:
        return report["coverage_id"], report["deductible_remaining_cents"]
    if rule(payer, "part_b_deductible", date):
        return None, PART_B_DEDUCTIBLE.get(int(date[:4]))
    return None, 0


def copay_of(payer: str, date: str, reports: list[Event]) -> int | None:
    if not rule(payer, "takes_copay", date):
        return None
    report = newest([r for r in reports if r.get("copay_cents") is not None and r["effective_from"] <= date])
    return rule(payer, "copay_cents", date) if report is None else report["copay_cents"]
