"""A patient's year in one bucket: totals, states, and the lines that need KX."""

from dataclasses import dataclass

from reference.day import Line
from reference.facts import Event, instant, version
from reference.figures import APPROACHING_FROM, KX_THRESHOLD, REVIEW_THRESHOLD


@dataclass(frozen=True)
class Dated:
    """A Medicare line, its service date, and what its payer answered for it."""

    date: str
    line: Line
    answer: Event | None = None

    @property
    def cents(self) -> int:
        return (self.line.allowed or 0) if self.answer is None else self.answer["allowed_cents"]

    @property
    def place(self) -> tuple:
        started = self.line.count.started
        return self.date, started is None, started or 0, self.line.code, self.line.place


def accrual_of(accruals: list[Event], year: int, bucket: str) -> Event | None:
    """Give the accrual that counts: the latest `as_of`, on a tie of all providers, then the newest version."""
    of_bucket = [a for a in accruals if a["year"] == year and a["bucket"] == bucket]
    return max(of_bucket, key=lambda a: (a["as_of"], a["basis"] == "all_providers", version(a)), default=None)


def by_then(lines: list[Dated], accrual: Event) -> int:
    """Sum the own lines that were adjudicated by the date of a report over all providers."""
    if accrual["basis"] == "other_providers":
        return 0
    return sum(d.cents for d in lines if d.answer and d.answer["adjudicated_on"] <= accrual["as_of"])


def external_of(lines: list[Dated], accrual: Event | None) -> int:
    """Give what others accrued: never less than nothing, whatever a report over all providers has counted of ours."""
    if accrual is None:
        return 0
    return max(0, accrual["amount_cents"] - by_then(lines, accrual))


def provenance(lines: list[Dated], accrual: Event | None) -> dict:
    estimated, adjudicated = [d for d in lines if not d.answer], [d for d in lines if d.answer]
    return {
        "estimated": {
            "cents": sum(d.cents for d in estimated),
            "lines": len(estimated),
            "as_of": max((d.date for d in estimated), default=None),
        },
        "adjudicated": {
            "cents": sum(d.cents for d in adjudicated),
            "lines": len(adjudicated),
            "as_of": max((d.answer["adjudicated_on"] for d in adjudicated), default=None),
        },
        "external": accrual
        and {
            **{name: accrual[name] for name in ("accrual_id", "basis", "as_of")},
            "reported_cents": accrual["amount_cents"],
            "own_cents": by_then(lines, accrual),
        },
    }


def year_value(patient: str, year: int, bucket: str, lines: list[Dated], accrual: Event | None) -> dict:
    external = external_of(lines, accrual)
    own = sum(dated.cents for dated in lines)
    dates = sorted({dated.date for dated in lines})
    value = {
        "patient_id": patient,
        "year": year,
        "bucket": bucket,
        "total_cents": own + external,
        "own_cents": own,
        "external_cents": external,
        "estimated": any(dated.answer is None for dated in lines),
        "days": len(dates),
        "last_service_date": dates[-1] if dates else None,
        "provenance": provenance(lines, accrual),
    }
    for name, thresholds in (("kx", KX_THRESHOLD), ("review", REVIEW_THRESHOLD)):
        threshold = thresholds[year]
        over = lines_over(lines, external, threshold)
        value[name] = {
            "threshold_cents": threshold,
            "remaining_cents": max(0, threshold - own - external),
            "state": state(own + external, threshold, name),
            "crossed_on": crossed_on(over, lines, accrual) if own + external > threshold else None,
        }
    return value


def lines_over(lines: list[Dated], external: int, threshold: int) -> list[Dated]:
    """Give the line with which the running total is more than the threshold and every later one, as they count."""
    running, over = external, []
    for dated in sorted(lines, key=lambda dated: dated.place):
        running += dated.cents
        if over or running > threshold:
            over.append(dated)
    return over


def state(total: int, threshold: int, name: str) -> str:
    if total > threshold:
        return "exceeded"
    return "approaching" if total >= APPROACHING_FROM[name] * threshold else "clear"


def crossed_on(over: list[Dated], lines: list[Dated], accrual: Event | None) -> str | None:
    if over:
        return over[0].date
    return accrual["as_of"] if accrual and not lines else None


def covered(attestations: list[Event], bucket: str, date: str) -> bool:
    return any(a["bucket"] == bucket and a["from"] <= date <= a["through"] for a in attestations)


def submitted(claims: list[Event], date: str) -> dict | None:
    of_date = [c for c in claims if c["service_date"] == date]
    latest = max(of_date, key=lambda c: (instant(c["submitted_at"]), version(c)), default=None)
    if latest is None:
        return None
    return {name: latest[name] for name in ("claim_id", "payer_id", "submitted_at", "lines")}
