"""What a year owes after a batch: its totals, the days that flipped, and the alerts of what changed."""

from msgspec import Struct

from pipeline.events.days import ClaimDay
from pipeline.events.fields import Bucket
from pipeline.events.totals import ThresholdTotal
from pipeline.ledger.claim_alerts import Matter, Trouble, claim_alerts, no_threshold, troubles
from pipeline.ledger.claim_day import claim_day, last_sent
from pipeline.ledger.provisional import with_caveats
from pipeline.ledger.standing import Standing, total_of
from pipeline.ledger.tables import Cause, Effect
from pipeline.ledger.threshold_alerts import threshold_alerts
from pipeline.ledger.year import BUCKETS, PatientFacts, YearFacts

TOTALS = "threshold-totals"
CLAIMS = "claim-days"
THRESHOLD_ALERTS = "threshold-alerts"
CLAIM_ALERTS = "claim-alerts"


class YearTouch(Struct):
    """A year that a batch touches: its facts before and now, its patient's before, the last event to touch each part.

    `key` is `patient|year`. `dates` and `buckets` hold the parts that are sent again whatever came out, `since` the
    date from which on a bucket may count otherwise; `cause` is the last event of all.
    """

    key: str
    before: YearFacts
    facts: YearFacts
    patient: PatientFacts
    cause: Cause
    dates: dict[str, Cause] = {}
    buckets: dict[Bucket, Cause] = {}
    since: dict[Bucket, str] = {}

    def count(self, bucket: Bucket, since: str, cause: Cause) -> None:
        """Note that a bucket counts otherwise from a date on; "" for what counts before every day."""
        self.buckets[bucket] = cause
        self.since[bucket] = min(since, self.since.get(bucket, since))

    def of(self, date: str) -> Cause:
        """Give the last event to touch a date, or any part of the year."""
        return self.dates.get(date, self.cause)

    def later(self, facts: YearFacts) -> set[str]:
        """Give the days whose KX may have changed: those with a line of a touched bucket, from the touched date on."""
        return {
            date for bucket, since in self.since.items() for date in facts.own_cents.get(bucket, ()) if date >= since
        }


class View(Struct, frozen=True):
    """A year of a patient as it is at one time."""

    patient_id: str
    year: int
    facts: YearFacts
    patient: PatientFacts
    standing: Standing

    def total(self, bucket: Bucket) -> ThresholdTotal | None:
        """Give a bucket's total."""
        return total_of(self.patient_id, self.year, self.facts, self.standing, bucket)

    def claim_day(self, date: str) -> ClaimDay | None:
        """Give a day's claim; None where the day does not stand."""
        entry = self.facts.days.get(date)
        if entry is None or not entry.stands:
            return None
        due = self.standing.due.get(date, [])
        return claim_day((self.patient_id, date), entry.lines(), last_sent(self.facts, date), due, self.patient)

    def troubles(self, date: str) -> dict[str, Trouble]:
        """Give what is amiss with a day's claims."""
        entry = self.facts.days.get(date)
        due = self.standing.due.get(date)
        if entry is None or not (entry.trouble or due or date in self.facts.claims):
            # Nearly every day: there is nothing to look for in its lines.
            return {}
        return with_caveats(troubles(date, self.facts, due or [], self.patient), date, self.facts)


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
        effects += [
            Effect(CLAIMS, f"{after.patient_id}|{date}", after.patient_id, after.claim_day(date), touch.of(date))
            for date in sorted(touch.dates.keys() | flipped | touch.later(after.facts))
        ]
    dates = touch.dates
    if flipped or len(dates) > 1:
        dates = {date: touch.of(date) for date in sorted(dates.keys() | flipped)}
    return effects + _threshold_alerts(before, after, touch) + _claim_alerts(before, after, dates, touch.cause)


def _totals(before: View, after: View, touch: YearTouch) -> list[Effect]:
    effects = []
    for bucket in BUCKETS:
        was, now = before.total(bucket), after.total(bucket)
        if bucket in touch.buckets or was != now:
            key = f"{touch.key}|{bucket}"
            effects.append(Effect(TOTALS, key, after.patient_id, now, touch.buckets.get(bucket, touch.cause)))
    return effects


def _threshold_alerts(before: View, after: View, touch: YearTouch) -> list[Effect]:
    effects: list[Effect] = []
    if before.standing is after.standing:
        return effects
    for bucket in BUCKETS:
        was, now = before.standing.states(bucket), after.standing.states(bucket)
        if was == now:
            continue
        cause = touch.buckets.get(bucket, touch.cause)
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
