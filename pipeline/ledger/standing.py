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
        own_cents = facts.own_cents.get(bucket, {})
        elsewhere, as_of = external(facts, bucket) if facts.accruals else (0, None)
        if not own_cents and as_of is None:
            continue
        try:
            limit = thresholds.limits("kx", year).threshold_cents
            over = sum(own_cents.values()) + elsewhere > limit
            lines = list(thresholds.over(elsewhere, lines_in_order(facts, bucket), limit)) if over else []
            totals[bucket] = _total((patient_id, year, bucket), facts, own_cents, (elsewhere, as_of), lines)
        except NoFigure as error:
            return Standing({}, {}, str(error))
        for date, position in lines:
            due.setdefault(date, []).append(position)
    for positions in due.values():
        positions.sort()
    return Standing(totals, due)


def _total(
    whose: tuple[str, int, Bucket],
    facts: YearFacts,
    own_cents: dict[str, int],
    others: tuple[int, str | None],
    due: list[Place],
) -> ThresholdTotal:
    """Give a bucket's total from its own cents by date, and what others have accrued as of when.

    `due` are the lines over the KX threshold, the first of which crossed it.
    """
    patient_id, year, bucket = whose
    own = sum(own_cents.values())
    elsewhere, as_of = others

    def threshold(name: thresholds.Name) -> Threshold:
        limits = thresholds.limits(name, year)
        crossed_on = None
        if own + elsewhere > limits.threshold_cents:
            first = due[0] if due and name == "kx" else _first_over(facts, bucket, elsewhere, limits.threshold_cents)
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
        estimated=bool(own_cents),
        days=len(own_cents),
        last_service_date=max(own_cents, default=None),
        kx=threshold("kx"),
        review=threshold("review"),
        projection=_NOTHING_PROJECTED,
    )


def _first_over(facts: YearFacts, bucket: Bucket, elsewhere: int, limit_cents: int) -> Place | None:
    return next(thresholds.over(elsewhere, lines_in_order(facts, bucket), limit_cents), None)


_NOTHING_PROJECTED = Projection(visits_left=None, crosses_on=None)
