"""Where a patient stands in a year: totals against both thresholds, and the lines that KX is due on."""

from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate

from msgspec import Struct

from pipeline.events.fields import Bucket
from pipeline.events.totals import Projection, State, Threshold, ThresholdTotal
from pipeline.ledger.provisional import of_total
from pipeline.ledger.year import BUCKETS, YearFacts
from pipeline.rules import thresholds
from pipeline.rules.accruals import standing as standing_accrual
from pipeline.rules.parameters import NoFigure

Place = tuple[str, int]
"""A line of a year: its date and its position in the day."""


States = tuple[State, State]
"""Where a total stands against the KX threshold and against that of targeted review."""
_CLEAR: States = ("clear", "clear")


class Amounts(Struct, frozen=True, gc=False):
    """What counts in a bucket, whole cents: own lines and what others have accrued as of a date; and the states."""

    own: int
    elsewhere: int
    as_of: str | None
    kx: State
    review: State


class Standing(Struct, frozen=True):
    """A year assessed: amounts by bucket, due lines by date, and the figure that a year without thresholds lacks."""

    amounts: dict[Bucket, Amounts]
    due: dict[str, list[int]]
    lacks: str | None = None

    def states(self, bucket: Bucket) -> States:
        """Give a bucket's states; clear where nothing counts."""
        amounts = self.amounts.get(bucket)
        return _CLEAR if amounts is None else (amounts.kx, amounts.review)


def lines_over(facts: YearFacts, bucket: Bucket, elsewhere: int, limit_cents: int) -> Iterator[Place]:
    """Give a bucket's lines that go over a limit, whole cents, in the order that they count in, days by date.

    `elsewhere` is what others have accrued, which counts first.
    """
    own_cents = facts.own_cents.get(bucket, {})
    dates = sorted(own_cents)
    totals = list(accumulate([own_cents[date] for date in dates], initial=elsewhere))
    # No line of a day goes over a limit that the total with the whole day stays within.
    within = max(bisect_right(totals, limit_cents) - 1, 0)
    lines = (
        ((date, line.position), line.cents)
        for date in dates[within:]
        for line in facts.days[date].counted
        if line.bucket == bucket
    )
    return thresholds.over(totals[within], lines, limit_cents)


def external(facts: YearFacts, bucket: Bucket) -> tuple[int, str | None]:
    """Give what others have accrued in a bucket, whole cents, and the date it is as of (None where nothing is said)."""
    found = standing_accrual(accrual for accrual in facts.accruals.values() if accrual.bucket == bucket)
    return (found.amount_cents, found.as_of) if found else (0, None)


def assess(year: int, facts: YearFacts) -> Standing:
    """Compute where a patient stands in a year from its facts.

    A bucket has amounts while it has a Medicare line or an accrual; a year without a threshold has none.
    """
    amounts: dict[Bucket, Amounts] = {}
    due: dict[str, list[int]] = {}
    for bucket in BUCKETS:
        own_cents = facts.own_cents.get(bucket)
        elsewhere, as_of = external(facts, bucket) if facts.accruals else (0, None)
        if not own_cents and as_of is None:
            continue
        try:
            kx, review = thresholds.limits("kx", year), thresholds.limits("review", year)
        except NoFigure as error:
            return Standing({}, {}, str(error))
        own = sum(own_cents.values()) if own_cents else 0
        total = own + elsewhere
        found = amounts[bucket] = Amounts(own, elsewhere, as_of, kx.state(total), review.state(total))
        if found.kx == "exceeded":
            for date, position in lines_over(facts, bucket, elsewhere, kx.threshold_cents):
                if not _without_kx(facts, date, position):
                    due.setdefault(date, []).append(position)
    for positions in due.values():
        positions.sort()
    return Standing(amounts, due)


def _without_kx(facts: YearFacts, date: str, position: int) -> bool:
    """Tell a line with GA, or of a payer that wants no KX: it counts and crosses, and never has KX."""
    return any(line.without_kx for line in facts.days[date].counted if line.position == position)


def total_of(patient_id: str, year: int, facts: YearFacts, standing: Standing, bucket: Bucket) -> ThresholdTotal | None:
    """Give a bucket's message of `threshold-totals` from a year and where the patient stands in it; None without."""
    amounts = standing.amounts.get(bucket)
    if amounts is None:
        return None
    dates = facts.own_cents.get(bucket, {})
    return ThresholdTotal(
        patient_id=patient_id,
        year=year,
        bucket=bucket,
        total_cents=amounts.own + amounts.elsewhere,
        own_cents=amounts.own,
        external_cents=amounts.elsewhere,
        estimated=bool(dates),
        days=len(dates),
        last_service_date=max(dates, default=None),
        provisional=of_total(year, facts, bucket),
        kx=_threshold("kx", year, facts, bucket, amounts),
        review=_threshold("review", year, facts, bucket, amounts),
        projection=_NOTHING_PROJECTED,
    )


def _threshold(name: thresholds.Name, year: int, facts: YearFacts, bucket: Bucket, amounts: Amounts) -> Threshold:
    limit, total = thresholds.limits(name, year).threshold_cents, amounts.own + amounts.elsewhere
    crossed_on = None
    if total > limit:
        first = next(lines_over(facts, bucket, amounts.elsewhere, limit), None)
        crossed_on = first[0] if first else amounts.as_of
    return Threshold(
        threshold_cents=limit,
        remaining_cents=max(0, limit - total),
        state=amounts.kx if name == "kx" else amounts.review,
        crossed_on=crossed_on,
    )


_NOTHING_PROJECTED = Projection(visits_left=None, crosses_on=None)
