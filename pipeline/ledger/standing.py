"""Where a patient stands in a year: totals against both thresholds, and the lines that KX is due on."""

from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate

from msgspec import Struct

from pipeline.events.fields import Bucket
from pipeline.events.totals import ExternalPart, Part, Projection, Provenance, State, Threshold, ThresholdTotal
from pipeline.ledger.plans import course_of
from pipeline.ledger.provisional import of_total
from pipeline.ledger.terms import Terms
from pipeline.ledger.year import BUCKETS, YearFacts
from pipeline.rules import accruals, thresholds
from pipeline.rules.parameters import NoFigure
from pipeline.rules.projection import NOTHING, Course, cross_within, project

Place = tuple[str, int]
"""A line of a year: its date and its position in the day."""


Outlook = tuple[tuple[State, bool], tuple[State, bool]]
"""Where a total stands against KX and targeted review, each with whether it is projected to be crossed soon."""
_NEITHER = (False, False)
_CLEAR: Outlook = (("clear", False), ("clear", False))


class External(Struct, frozen=True, gc=False):
    """What others have accrued in a bucket, whole cents, and the report that says so; None where nobody has."""

    cents: int
    report: ExternalPart | None


_NO_COURSE = Course([], [])
_NOBODY = External(0, None)


class Amounts(Struct, frozen=True, gc=False):
    """What counts in a bucket, whole cents: own lines and what others have accrued; and where that leads.

    `outlook` is where that stands against KX and targeted review. Without a `course` of visits nothing is projected.
    """

    own: int
    external: External
    outlook: Outlook
    course: Course | None

    @property
    def total(self) -> int:
        """Give what counts in all."""
        return self.own + self.external.cents


class Standing(Struct, frozen=True):
    """A year assessed: amounts by bucket, due lines by date, and the figure that a year without thresholds lacks."""

    amounts: dict[Bucket, Amounts]
    due: dict[str, list[int]]
    lacks: str | None = None

    def outlook(self, bucket: Bucket) -> Outlook:
        """Give where a bucket stands against both thresholds; clear where nothing counts."""
        amounts = self.amounts.get(bucket)
        return _CLEAR if amounts is None else amounts.outlook


def lines_over(facts: YearFacts, bucket: Bucket, elsewhere: int, limit_cents: int) -> Iterator[Place]:
    """Give a bucket's lines that go over a limit, whole cents, in the order that they count in, days by date.

    `elsewhere` is what others have accrued, which counts first.
    """
    own_cents = facts.own_cents.get(bucket, {})
    dates = sorted(own_cents)
    totals = list(accumulate([own_cents[date] for date in dates], initial=elsewhere))
    # No line of a day goes over a limit that the total with the whole day stays within, while every line adds to it.
    within = 0 if facts.taken_back else max(bisect_right(totals, limit_cents) - 1, 0)
    lines = (
        ((date, line.position), line.cents)
        for date in dates[within:]
        for line in facts.days[date].counted
        if line.bucket == bucket
    )
    return thresholds.over(totals[within], lines, limit_cents)


def external(facts: YearFacts, bucket: Bucket) -> External:
    """Give what others have accrued in a bucket, and by which report."""
    if not facts.accruals:
        return _NOBODY
    found = accruals.standing(accrual for accrual in facts.accruals.values() if accrual.bucket == bucket)
    if found is None:
        return _NOBODY
    confirmed = _confirmed(facts, bucket, found.as_of) if found.basis == "all_providers" else 0
    accrual_id = next(name for name, accrual in facts.accruals.items() if accrual is found)
    report = ExternalPart(
        accrual_id=accrual_id,
        basis=found.basis,
        as_of=found.as_of,
        reported_cents=found.amount_cents,
        own_cents=confirmed,
    )
    return External(accruals.elsewhere(found, confirmed), report)


def _confirmed(facts: YearFacts, bucket: Bucket, as_of: str) -> int:
    """Sum the own lines that were adjudicated by a date, whole cents."""
    days = facts.days
    return sum(
        line.cents or 0
        for date in facts.remittances
        if date in days
        for line in days[date].counted
        if line.adjudicated_on is not None and line.bucket == bucket and line.adjudicated_on <= as_of
    )


def assess(year: int, facts: YearFacts, terms: Terms | None) -> Standing:
    """Compute where a patient stands in a year from its facts.

    A bucket has amounts while it has a Medicare line or an accrual; a year without a threshold has none. `terms` are
    the network's own; without them nothing is projected.
    """
    amounts: dict[Bucket, Amounts] = {}
    due: dict[str, list[int]] = {}
    for bucket in BUCKETS:
        own_cents = facts.own_cents.get(bucket)
        elsewhere = external(facts, bucket)
        if not own_cents and elsewhere.report is None:
            continue
        try:
            kx, review = thresholds.limits("kx", year), thresholds.limits("review", year)
        except NoFigure as error:
            return Standing({}, {}, str(error))
        own = sum(own_cents.values()) if own_cents else 0
        total = own + elsewhere.cents
        course, soon = None, _NEITHER
        if terms is not None:
            course = course_of(facts, bucket, terms) if own_cents else _NO_COURSE
            soon = cross_within(course, total, (kx.threshold_cents, review.threshold_cents), kx.ahead_days)
        outlook = (kx.state(total), soon[0]), (review.state(total), soon[1])
        amounts[bucket] = Amounts(own, elsewhere, outlook, course)
        if total > kx.threshold_cents or facts.taken_back:
            for date, position in lines_over(facts, bucket, elsewhere.cents, kx.threshold_cents):
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
    provenance = provenance_of(facts, bucket, amounts)
    return ThresholdTotal(
        patient_id=patient_id,
        year=year,
        bucket=bucket,
        total_cents=amounts.total,
        own_cents=amounts.own,
        external_cents=amounts.external.cents,
        estimated=provenance.estimated.lines > 0,
        days=len(dates),
        last_service_date=max(dates, default=None),
        provisional=of_total(year, facts, bucket, amounts.course.carried if amounts.course else ()),
        kx=_threshold("kx", year, facts, bucket, amounts),
        review=_threshold("review", year, facts, bucket, amounts),
        projection=_projection("kx", year, amounts),
        review_projection=_projection("review", year, amounts),
        provenance=provenance,
    )


def _projection(name: thresholds.Name, year: int, amounts: Amounts) -> Projection:
    if amounts.course is None:
        return NOTHING
    return project(amounts.course, amounts.total, thresholds.limits(name, year).threshold_cents)


def provenance_of(facts: YearFacts, bucket: Bucket, amounts: Amounts) -> Provenance:
    """Say where each part of a bucket's total is from."""
    estimated = adjudicated = 0
    estimated_as_of, adjudicated_as_of, answered = "", "", 0
    for date in facts.own_cents.get(bucket, ()):
        for line in facts.days[date].counted:
            if line.bucket != bucket:
                continue
            if line.adjudicated_on is None:
                estimated += 1
                estimated_as_of = max(estimated_as_of, date)
            else:
                adjudicated += 1
                answered += line.cents or 0
                adjudicated_as_of = max(adjudicated_as_of, line.adjudicated_on)
    return Provenance(
        estimated=Part(cents=amounts.own - answered, lines=estimated, as_of=estimated_as_of or None),
        adjudicated=Part(cents=answered, lines=adjudicated, as_of=adjudicated_as_of or None),
        external=amounts.external.report,
    )


def _threshold(name: thresholds.Name, year: int, facts: YearFacts, bucket: Bucket, amounts: Amounts) -> Threshold:
    limit, total = thresholds.limits(name, year).threshold_cents, amounts.total
    crossed_on = None
    if total > limit:
        first = next(lines_over(facts, bucket, amounts.external.cents, limit), None)
        report = amounts.external.report
        as_of = None if report is None else report.as_of
        crossed_on = first[0] if first else as_of
    return Threshold(
        threshold_cents=limit,
        remaining_cents=max(0, limit - total),
        state=amounts.outlook[thresholds.NAMES.index(name)][0],
        crossed_on=crossed_on,
    )
