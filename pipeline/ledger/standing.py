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
    sums: dict[Bucket, list[int]] = {}
    last: dict[Bucket, str] = {}
    for date, entry in facts.days.items():
        met: set[Bucket] = set()
        for line in entry.counted:
            found = sums.setdefault(line.bucket, [0, 0])
            found[0] += line.cents or 0
            met.add(line.bucket)
        for bucket in met:
            sums[bucket][1] += 1
            last[bucket] = max(date, last.get(bucket, ""))
    totals: dict[Bucket, ThresholdTotal] = {}
    due: dict[str, list[int]] = {}
    for bucket in BUCKETS:
        elsewhere, as_of = external(facts, bucket) if facts.accruals else (0, None)
        if bucket not in sums and as_of is None:
            continue
        own, days = sums.get(bucket, (0, 0))
        try:
            totals[bucket] = _total(patient_id, year, bucket, facts, (own, elsewhere, days), last.get(bucket), as_of)
            over_limit = own + elsewhere > totals[bucket].kx.threshold_cents
        except NoFigure as error:
            return Standing({}, {}, str(error))
        if over_limit:
            limit = totals[bucket].kx.threshold_cents
            for date, position in thresholds.over(elsewhere, lines_in_order(facts, bucket), limit):
                due.setdefault(date, []).append(position)
    for positions in due.values():
        positions.sort()
    return Standing(totals, due)


def _total(  # noqa: PLR0917 -- the parts of one total.
    patient_id: str,
    year: int,
    bucket: Bucket,
    facts: YearFacts,
    amounts: tuple[int, int, int],
    last: str | None,
    as_of: str | None,
) -> ThresholdTotal:
    own, elsewhere, days = amounts
    total = own + elsewhere
    return ThresholdTotal(
        patient_id=patient_id,
        year=year,
        bucket=bucket,
        total_cents=total,
        own_cents=own,
        external_cents=elsewhere,
        estimated=days > 0,
        days=days,
        last_service_date=last,
        kx=_threshold("kx", year, total, facts, bucket, elsewhere, as_of),
        review=_threshold("review", year, total, facts, bucket, elsewhere, as_of),
        projection=Projection(visits_left=None, crosses_on=None),
    )


def _threshold(  # noqa: PLR0917 -- as above.
    name: thresholds.Name,
    year: int,
    total: int,
    facts: YearFacts,
    bucket: Bucket,
    elsewhere: int,
    as_of: str | None,
) -> Threshold:
    limit = thresholds.limit(name, year)
    crossed_on = None
    if total > limit:
        first = next(thresholds.over(elsewhere, lines_in_order(facts, bucket), limit), None)
        crossed_on = first[0] if first else as_of
    return Threshold(
        threshold_cents=limit,
        remaining_cents=max(0, limit - total),
        state=thresholds.state(name, year, total),
        crossed_on=crossed_on,
    )
