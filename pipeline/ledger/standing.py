"""Where a patient stands in a year: totals against both thresholds, and the lines that KX is due on."""

from collections.abc import Iterator

from msgspec import Struct

from pipeline.events.fields import Bucket
from pipeline.events.totals import Projection, Threshold, ThresholdTotal
from pipeline.ledger.year import BUCKETS, YearFacts
from pipeline.rules import thresholds
from pipeline.rules.accruals import standing as standing_accrual
from pipeline.rules.parameters import NoFigure

Place = tuple[str, int]
"""A line of a year: its date and its position in the day."""


class Standing(Struct, frozen=True):
    """A year assessed: totals by bucket, due lines by date, and the figure that a year without thresholds lacks."""

    totals: dict[Bucket, ThresholdTotal]
    due: dict[str, list[int]]
    lacks: str | None = None


def lines_in_order(facts: YearFacts, bucket: Bucket) -> Iterator[tuple[Place, int | None]]:
    """Give a bucket's Medicare lines in the order that they count in, days by date, with whole cents."""
    for date in sorted(facts.days):
        for line in facts.days[date].counted:
            if line.bucket == bucket:
                yield (date, line.position), line.cents


def external(facts: YearFacts, bucket: Bucket) -> tuple[int, str | None]:
    """Give what others have accrued in a bucket, whole cents, and the date it is as of (None where nothing is said)."""
    found = standing_accrual(accrual for accrual in facts.accruals.values() if accrual.bucket == bucket)
    return (found.amount_cents, found.as_of) if found else (0, None)


def assess(patient_id: str, year: int, facts: YearFacts) -> Standing:
    """Compute a patient's year from its facts.

    A bucket has a total while it has a Medicare line or an accrual; a year without a threshold has none.
    """
    totals: dict[Bucket, ThresholdTotal] = {}
    due: dict[str, list[int]] = {}
    for bucket in BUCKETS:
        dates = [date for date, entry in facts.days.items() if bucket in entry.own_cents]
        elsewhere, as_of = external(facts, bucket) if facts.accruals else (0, None)
        if not dates and as_of is None:
            continue
        own = sum([facts.days[date].own_cents[bucket] for date in dates])
        try:
            total = _total((patient_id, year, bucket), facts, own, dates, (elsewhere, as_of))
        except NoFigure as error:
            return Standing({}, {}, str(error))
        totals[bucket] = total
        if total.kx.state == "exceeded":
            for date, position in thresholds.over(elsewhere, lines_in_order(facts, bucket), total.kx.threshold_cents):
                due.setdefault(date, []).append(position)
    for positions in due.values():
        positions.sort()
    return Standing(totals, due)


def _total(
    whose: tuple[str, int, Bucket], facts: YearFacts, own: int, dates: list[str], others: tuple[int, str | None]
) -> ThresholdTotal:
    """Give a bucket's total from its own cents, the dates of its lines, and what others have accrued as of when."""
    patient_id, year, bucket = whose
    elsewhere, as_of = others

    def threshold(name: thresholds.Name) -> Threshold:
        limits = thresholds.limits(name, year)
        crossed_on = None
        if own + elsewhere > limits.threshold_cents:
            first = next(thresholds.over(elsewhere, lines_in_order(facts, bucket), limits.threshold_cents), None)
            crossed_on = first[0] if first else as_of
        return Threshold(
            threshold_cents=limits.threshold_cents,
            remaining_cents=max(0, limits.threshold_cents - own - elsewhere),
            state=limits.state(own + elsewhere),
            crossed_on=crossed_on,
        )

    return ThresholdTotal(
        patient_id=patient_id,
        year=year,
        bucket=bucket,
        total_cents=own + elsewhere,
        own_cents=own,
        external_cents=elsewhere,
        estimated=bool(dates),
        days=len(dates),
        last_service_date=max(dates, default=None),
        kx=threshold("kx"),
        review=threshold("review"),
        projection=_NOTHING_PROJECTED,
    )


_NOTHING_PROJECTED = Projection(visits_left=None, crosses_on=None)
