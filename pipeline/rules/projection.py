"""When a patient's visits will take a total over a threshold: by what is planned, then by the patient's own pace."""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache

from msgspec import Struct

from pipeline.events.totals import Projection

VISITS = 6
"""The last visits that the average and the cadence are of; a visit is a service date."""

NOTHING = Projection(visits_left=None, crosses_on=None, basis=None)
CROSSED = Projection(visits_left=0, crosses_on=None, basis=None)


class Course(Struct, frozen=True, gc=False):
    """What is known of a bucket's visits: the last six at most with their whole cents, and those that are planned.

    Both by date, earliest first; the planned ones are later than the last visit. A planned visit that nothing prices
    (None) counts as an average one. `carried` names the figures carried forward that price what is planned.
    """

    visits: Sequence[tuple[str, int]]
    planned: Sequence[tuple[str, int | None]]
    carried: Sequence[str] = ()


def project(course: Course, total_cents: int, threshold_cents: int) -> Projection:
    """Say which visit will take a total over a threshold, and how many there are before it.

    Planned visits come first, by what each is worth. Beyond the last of them a visit is worth the average of the last
    six and comes at their pace: the nth so many days on as n times the days between the first and the last of them,
    shared by the gaps, half a day rounded up. Both are exact: no average is rounded. Nothing is projected where no
    visit is known, where the pace cannot be told from fewer than two, or where the crossing would be in another year.
    """
    if total_cents > threshold_cents:
        return CROSSED
    visits = course.visits
    if not visits:
        return NOTHING
    count, spent = len(visits), sum([cents for _, cents in visits])
    # In so many parts of a cent an average visit is a whole number.
    left = (threshold_cents - total_cents) * count
    for before, (day, cents) in enumerate(course.planned):
        left -= spent if cents is None else cents * count
        if left < 0:
            return Projection(visits_left=before, crosses_on=day, basis="planned")
    if count < 2 or spent <= 0:  # noqa: PLR2004 -- one visit has no pace.
        return NOTHING
    more = left // spent + 1
    first, last = _number(visits[0][0]), _number(visits[-1][0])
    gaps = count - 1
    ahead = (2 * more * (last - first) + gaps) // (2 * gaps)
    begin = course.planned[-1][0] if course.planned else visits[-1][0]
    number = (_number(begin) if course.planned else last) + ahead
    if number > _number(f"{begin[:4]}-12-31"):
        return NOTHING
    crosses_on = date.fromordinal(number).isoformat()
    return Projection(visits_left=len(course.planned) + more - 1, crosses_on=crosses_on, basis="average")


def cross_within(course: Course, total_cents: int, thresholds_cents: tuple[int, int], days: int) -> tuple[bool, bool]:
    """Tell which of two thresholds projections cross at most so many days after the last visit.

    It is what `project` would say, without its words where nothing is planned: the last visits alone tell how many more
    it takes, and their pace how long.
    """
    visits = course.visits
    if not visits:
        return False, False
    if course.planned:
        kx, review = (_planned_within(course, total_cents, threshold, days) for threshold in thresholds_cents)
        return kx, review
    count = len(visits)
    spent = sum([cents for _, cents in visits])
    if count < 2 or spent <= 0:  # noqa: PLR2004 -- one visit has no pace.
        return False, False
    # No two visits are on one date, so that more visits than days are not within them.
    near, far = [(threshold - total_cents) * count // spent + 1 for threshold in thresholds_cents]
    return (
        0 < near <= days and _paced_within(visits, near, days),
        0 < far <= days and _paced_within(visits, far, days),
    )


def _planned_within(course: Course, total_cents: int, threshold_cents: int, days: int) -> bool:
    crosses_on = project(course, total_cents, threshold_cents).crosses_on
    return crosses_on is not None and _number(crosses_on) - _number(course.visits[-1][0]) <= days


def _paced_within(visits: Sequence[tuple[str, int]], more: int, days: int) -> bool:
    today, gaps = visits[-1][0], len(visits) - 1
    ahead = (2 * more * (_number(today) - _number(visits[0][0])) + gaps) // (2 * gaps)
    return ahead <= days and _number(today) + ahead <= _number(f"{today[:4]}-12-31")


@lru_cache(maxsize=4_096)
def _number(day: str) -> int:
    return date.fromisoformat(day).toordinal()
