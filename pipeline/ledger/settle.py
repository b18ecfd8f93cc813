"""What a year owes after a batch: its totals, the days that flipped, and the alerts of what changed."""

from pipeline.events.alerts import ClaimAlert
from pipeline.events.fields import Bucket
from pipeline.ledger.claim_alerts import Matter, Trouble, claim_alerts, no_threshold, quiet, troubles
from pipeline.ledger.claim_day import claim_day
from pipeline.ledger.standing import Standing, assess
from pipeline.ledger.tables import Cause, Effect
from pipeline.ledger.threshold_alerts import threshold_alerts
from pipeline.ledger.year import BUCKETS, PatientFacts, YearFacts

TOTALS_TOPIC = "threshold-totals"
CLAIMS_TOPIC = "claim-days"
LEVELS_TOPIC = "threshold-alerts"
ALERTS_TOPIC = "claim-alerts"


class YearTouch:
    """A year that a batch touches: its facts and its patient's before, and the last event to touch each part.

    `dates` and `buckets` hold the parts that are sent again whatever came out; `cause` is the last event of all.
    """

    def __init__(self, before: YearFacts, patient: PatientFacts) -> None:
        self.before = before
        self.patient = patient
        self.dates: dict[str, Cause] = {}
        self.buckets: dict[Bucket, Cause] = {}
        self.cause = Cause("", "")


def settle_year(patient_id: str, year: int, touch: YearTouch, facts: YearFacts, patient: PatientFacts) -> list[Effect]:
    """Give the messages that a touched year owes.

    Those are the totals of its touched buckets, the claim days that were touched or whose KX flipped, and the alerts
    for what differs from before the batch. A value that is there no more gives a tombstone.
    """
    was, now = assess(patient_id, year, touch.before), assess(patient_id, year, facts)
    effects = _totals(patient_id, year, was, now, touch)
    flipped = {date for date in was.due.keys() | now.due.keys() if was.due.get(date) != now.due.get(date)}
    news: list[Effect] = []
    if was.lacks or now.lacks:
        matter = Matter(patient_id, year, None, touch.cause)
        news += _effects(claim_alerts(_lacking(was), _lacking(now), matter), matter)
    for date in sorted(touch.dates.keys() | flipped):
        cause = touch.dates.get(date, touch.cause)
        effects_of_day, alerts = _claim_day(patient_id, date, (touch, was), (facts, patient, now), cause)
        effects += effects_of_day
        news += alerts
    causes = {bucket: touch.buckets.get(bucket, touch.cause) for bucket in BUCKETS}
    for found in threshold_alerts(was, now, facts, (patient_id, year), causes):
        effects.append(Effect(LEVELS_TOPIC, patient_id, patient_id, found, causes[_bucket(found.data.bucket)]))
    return effects + news


def _bucket(text: str) -> Bucket:
    return next(bucket for bucket in BUCKETS if bucket == text)


def _lacking(standing: Standing) -> dict[str, Trouble]:
    return {} if standing.lacks is None else {"no_threshold": no_threshold(standing.lacks)}


def _totals(patient_id: str, year: int, was: Standing, now: Standing, touch: YearTouch) -> list[Effect]:
    effects = []
    for bucket in BUCKETS:
        before, after = was.totals.get(bucket), now.totals.get(bucket)
        if (before, after) != (None, None) and (bucket in touch.buckets or before != after):
            key = f"{patient_id}|{year:04d}|{bucket}"
            cause = touch.buckets.get(bucket, touch.cause)
            effects.append(Effect(TOTALS_TOPIC, key, patient_id, after, cause))
    return effects


def _claim_day(
    patient_id: str,
    date: str,
    before: tuple[YearTouch, Standing],
    after: tuple[YearFacts, PatientFacts, Standing],
    cause: Cause,
) -> tuple[list[Effect], list[Effect]]:
    """Give a day's claim as it is now, and the alerts for what is amiss with it now and was not, or was and is not."""
    touch, was = before
    facts, patient, now = after
    due_before, due = was.due.get(date, []), now.due.get(date, [])
    day = claim_day(patient_id, date, facts, due, patient)
    effects = []
    entry, entry_before = facts.days.get(date), touch.before.days.get(date)
    if day is not None or (entry_before is not None and entry_before.stands):
        effects.append(Effect(CLAIMS_TOPIC, f"{patient_id}|{date}", patient_id, day, cause))
    calm_before = quiet(entry_before, due_before, sent=date in touch.before.claims)
    if calm_before and quiet(entry, due, sent=date in facts.claims):
        return effects, []
    amiss_before: dict[str, Trouble] = {}
    if not calm_before:
        day_before = claim_day(patient_id, date, touch.before, due_before, touch.patient)
        amiss_before = troubles(date, touch.before, due_before, touch.patient, day_before)
    amiss = troubles(date, facts, due, patient, day)
    matter = Matter(patient_id, int(date[:4]), date, cause)
    return effects, _effects(claim_alerts(amiss_before, amiss, matter), matter)


def _effects(alerts: list[ClaimAlert], matter: Matter) -> list[Effect]:
    return [Effect(ALERTS_TOPIC, matter.patient_id, matter.patient_id, alert, matter.cause) for alert in alerts]
