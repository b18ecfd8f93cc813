"""What a year owes after a batch: its totals, the days that flipped, and the alerts of what changed."""

from typing import TypeVar

from msgspec import Struct

from pipeline.events.days import ClaimDay
from pipeline.events.fields import Bucket
from pipeline.events.totals import ThresholdTotal
from pipeline.ledger.answers import with_strays
from pipeline.ledger.claim_alerts import Matter, Trouble, claim_alerts, no_threshold, troubles
from pipeline.ledger.claim_day import Sides, claim_day, last_sent
from pipeline.ledger.payment import Payments
from pipeline.ledger.provisional import with_caveats
from pipeline.ledger.standing import Standing, total_of
from pipeline.ledger.tables import Cause, Effect
from pipeline.ledger.threshold_alerts import threshold_alerts
from pipeline.ledger.year import BUCKETS, PatientFacts, YearFacts, answers
from pipeline.rules.payers import Payers

TOTALS = "threshold-totals"
CLAIMS = "claim-days"
THRESHOLD_ALERTS = "threshold-alerts"
CLAIM_ALERTS = "claim-alerts"

T = TypeVar("T")


class YearTouch(Struct):
    """A year that a batch touches: its facts before and now, its patient's before, the last event to touch each part.

    `key` is `patient|year`. `dates` and `buckets` hold the parts that are sent again whatever came out, `since` the
    date from which on a bucket may count otherwise, `planned` the buckets whose appointments changed, `spent` and
    `covered` the date from which on patient and payer may owe otherwise, by payer; `cause` is the last event of all.
    """

    key: str
    before: YearFacts
    facts: YearFacts
    patient: PatientFacts
    cause: Cause
    dates: dict[str, Cause] = {}
    buckets: dict[Bucket, Cause] = {}
    since: dict[Bucket, str] = {}
    planned: dict[Bucket, Cause] = {}
    spent: dict[str, str] = {}
    covered: dict[str, str] = {}

    def spend(self, payer_id: str, since: str) -> None:
        """Note that a payer's deductible may be used otherwise from a date on; "" for that of any payer."""
        _begin(self.spent, payer_id, since)

    def cover(self, payer_id: str, since: str) -> None:
        """Note that who pays what of a payer's lines may differ from a date on."""
        _begin(self.covered, payer_id, since)

    def count(self, bucket: Bucket, since: str, cause: Cause) -> None:
        """Note that a bucket counts otherwise from a date on; "" for what counts before every day."""
        self.buckets[bucket] = cause
        _begin(self.since, bucket, since)

    def plan(self, bucket: Bucket, cause: Cause) -> None:
        """Note that what is planned of a bucket changed: what counts did not."""
        self.planned[bucket] = cause

    def cause_of(self, bucket: Bucket) -> Cause:
        """Give the last event to touch a bucket, by what counts, then by what is planned, or any part of the year."""
        return self.buckets.get(bucket) or self.planned.get(bucket) or self.cause

    def of(self, date: str) -> Cause:
        """Give the last event to touch a date, or any part of the year."""
        return self.dates.get(date, self.cause)

    def later(self, facts: YearFacts) -> set[str]:
        """Give the days whose KX may have changed: those with a line of a touched bucket, from the touched date on."""
        return {
            date for bucket, since in self.since.items() for date in facts.own_cents.get(bucket, ()) if date >= since
        }


def _begin(dates: dict[T, str], of: T, since: str) -> None:
    """Note a date, unless an earlier one is noted."""
    known = dates.get(of)
    if known is None or since < known:
        dates[of] = since


class View(Struct, frozen=True):
    """A year of a patient as it is at one time."""

    patient_id: str
    year: int
    facts: YearFacts
    patient: PatientFacts
    standing: Standing
    payers: Payers

    def total(self, bucket: Bucket) -> ThresholdTotal | None:
        """Give a bucket's total."""
        return total_of(self.patient_id, self.year, self.facts, self.standing, bucket)

    def payments(self) -> Payments:
        """Give who pays what in the year."""
        return Payments(self.year, self.facts, self.patient, self.payers)

    def claim_day(self, date: str, payments: Payments) -> ClaimDay | None:
        """Give a day's claim; None where the day does not stand."""
        entry = self.facts.days.get(date)
        if entry is None or not entry.stands:
            return None
        due = self.standing.due.get(date, [])
        lines = entry.lines()
        sides = Sides(last_sent(self.facts, date), due, payments.of(date, lines))
        claim = claim_day((self.patient_id, date), lines, sides, self.patient)
        return with_strays(claim, answers(self.facts, date, self.patient))

    def troubles(self, date: str) -> dict[str, Trouble]:
        """Give what is amiss with a day's claims."""
        entry = self.facts.days.get(date)
        due = self.standing.due.get(date)
        if not (entry and entry.trouble) and not due and date not in self.facts.claims and not self._answered(date):
            # Nearly every day: there is nothing to look for in its lines.
            return {}
        return with_caveats(troubles(date, self.facts, due or [], self.patient), date, self.facts)

    def _answered(self, date: str) -> bool:
        """Tell whether a date has a remittance that a biller may have to hear of."""
        posted = self.facts.remittances.get(date)
        if not posted:
            return False
        entry = self.facts.days.get(date)
        return entry is None or not entry.stands or any(one.reasons for one in posted)


def nothing_to_tell(was: Standing, now: Standing, touch: YearTouch) -> bool:
    """Tell a year that owes no alert by a cheap look, as nearly every one that is far from its thresholds.

    There is neither KX nor a figure that lacks, no state and no projection has changed, and on the dates that were
    touched nothing is amiss and nothing was sent or answered, before or now.
    """
    if was.due or now.due or was.lacks or now.lacks:
        return False
    if was is not now:
        for bucket in BUCKETS:
            if was.outlook(bucket) != now.outlook(bucket):
                return False
    for facts in (touch.before, touch.facts):
        for date in touch.dates:
            entry = facts.days.get(date)
            if date in facts.remittances or (entry is not None and (entry.trouble or date in facts.claims)):
                return False
    return True


def settle_year(before: View, after: View, touch: YearTouch, *, compacted: bool) -> list[Effect]:
    """Give the messages that a touched year owes.

    Those are the totals of its touched buckets, the claim days that were touched or whose KX may have changed (both
    only when `compacted`), and the alerts for what differs from before the batch. What is not there gives a tombstone.
    Both are sent whether or not they differ from before: a worker that died may have sent something else.
    """
    was, now = before.standing.due, after.standing.due
    flipped = set() if was == now else {date for date in was.keys() | now.keys() if was.get(date) != now.get(date)}
    effects = []
    if compacted:
        effects = _totals(before, after, touch)
        dates_owed = touch.dates.keys() | flipped | touch.later(after.facts) | _paid_otherwise(before, after, touch)
        payments = after.payments()
        effects += [
            Effect(
                CLAIMS, f"{after.patient_id}|{date}", after.patient_id, after.claim_day(date, payments), touch.of(date)
            )
            for date in sorted(dates_owed)
        ]
    dates = touch.dates
    if flipped or len(dates) > 1:
        dates = {date: touch.of(date) for date in sorted(dates.keys() | flipped)}
    return effects + _threshold_alerts(before, after, touch) + _claim_alerts(before, after, dates, touch.cause)


_NEVER = "~"


def _paid_otherwise(before: View, after: View, touch: YearTouch) -> set[str]:
    """Give the days on which patient and payer may owe otherwise.

    Those are the days of a coverage that was told, and those later than a change to a payer with a deductible.
    """
    since = dict(touch.covered)
    if touch.spent:
        coverages = [*before.patient.coverages.values(), *after.patient.coverages.values()]
        stated = {coverage.payer_id for coverage in coverages if coverage.deductible_cents}
        for payer_id in {payer_id for entry in after.facts.days.values() for payer_id in entry.allowed}:
            spent = min((touch.spent[key] for key in (payer_id, "") if key in touch.spent), default=None)
            if spent is not None and (
                payer_id in stated or after.payers.at(payer_id, f"{after.year:04d}-12-31").part_b_deductible
            ):
                since[payer_id] = min(spent, since.get(payer_id, spent))
    if not since:
        return set()
    first = min(since.values())
    return {
        date
        for date, entry in after.facts.days.items()
        if date >= first and any(date >= since.get(payer_id, _NEVER) for payer_id in entry.allowed)
    }


def _totals(before: View, after: View, touch: YearTouch) -> list[Effect]:
    effects = []
    for bucket in BUCKETS:
        was, now = before.total(bucket), after.total(bucket)
        # What is planned makes no total by itself.
        if bucket in touch.buckets or was != now or (bucket in touch.planned and now is not None):
            key = f"{touch.key}|{bucket}"
            effects.append(Effect(TOTALS, key, after.patient_id, now, touch.cause_of(bucket)))
    return effects


def _threshold_alerts(before: View, after: View, touch: YearTouch) -> list[Effect]:
    effects: list[Effect] = []
    if before.standing is after.standing:
        return effects
    for bucket in BUCKETS:
        was, now = before.standing.outlook(bucket), after.standing.outlook(bucket)
        if was == now:
            continue
        cause = touch.cause_of(bucket)
        whose = after.patient_id, after.year, bucket
        effects += [
            Effect(THRESHOLD_ALERTS, after.patient_id, after.patient_id, alert, cause)
            for alert in threshold_alerts((was, now), after.facts, after.total(bucket), whose, cause)
        ]
    return effects


def _claim_alerts(before: View, after: View, dates: dict[str, Cause], last: Cause) -> list[Effect]:
    """Give the alerts for what is amiss now and was not, or was and is not: with the year, then day by day."""
    effects = []
    if before.standing.lacks or after.standing.lacks:
        effects = _alerts(_lacking(before), _lacking(after), after, None, last)
    for date, cause in dates.items():
        effects += _alerts(before.troubles(date), after.troubles(date), after, date, cause)
    return effects


def _alerts(
    was: dict[str, Trouble], now: dict[str, Trouble], view: View, date: str | None, cause: Cause
) -> list[Effect]:
    if not (was or now):
        return []
    matter = Matter(view.patient_id, view.year, date, cause)
    return [
        Effect(CLAIM_ALERTS, view.patient_id, view.patient_id, alert, cause) for alert in claim_alerts(was, now, matter)
    ]


def _lacking(view: View) -> dict[str, Trouble]:
    return {} if view.standing.lacks is None else {"no_threshold": no_threshold(view.standing.lacks)}
