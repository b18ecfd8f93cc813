"""What billers are told when a patient's state against a threshold changes."""

from msgspec import Struct

from pipeline.events.alerts import DatedLine, ThresholdAlert, ThresholdNews, alert_id
from pipeline.events.fields import Bucket
from pipeline.events.totals import State, Threshold, ThresholdTotal
from pipeline.ledger.standing import Standing, external, lines_over, total_of
from pipeline.ledger.tables import Cause
from pipeline.ledger.year import BUCKETS, YearFacts
from pipeline.money import dollars
from pipeline.rules import thresholds

_LEVELS: tuple[State, ...] = ("clear", "approaching", "exceeded")
_TITLES = {"kx": "KX threshold", "review": "targeted-review threshold"}
_THERAPY = {"OT": "occupational therapy", "PT-SLP": "physical and speech therapy"}


def threshold_alerts(
    before: Standing, after: Standing, facts: YearFacts, whose: tuple[str, int], causes: dict[Bucket, Cause]
) -> list[tuple[Bucket, ThresholdAlert]]:
    """Give the alerts that a change of a patient's year is owed, bucket by bucket, KX before review.

    A level that is reached is raised; one that is left downwards is cleared, and the level that then holds is said.
    `whose` is the patient and the year, `causes`, by bucket, the event that changed it last.
    """
    patient_id, year = whose
    alerts = []
    for bucket in BUCKETS:
        for name in thresholds.NAMES:
            was, now = before.state(bucket, name), after.state(bucket, name)
            if was == now:
                continue
            kinds = [now] if _LEVELS.index(now) > _LEVELS.index(was) else ["cleared", now]
            for kind in kinds:
                if kind != "clear":
                    about = _About(patient_id, year, bucket, name, was if kind == "cleared" else now)
                    alerts.append(
                        (
                            bucket,
                            _alert(
                                kind, about, total_of(patient_id, year, facts, after, bucket), facts, causes[bucket]
                            ),
                        )
                    )
    return alerts


def _threshold(total: ThresholdTotal, name: thresholds.Name) -> Threshold:
    return total.kx if name == "kx" else total.review


class _About(Struct, frozen=True):
    """Whom, what and which level an alert is about."""

    patient_id: str
    year: int
    bucket: Bucket
    name: thresholds.Name
    level: State


def _alert(kind: str, about: _About, total: ThresholdTotal | None, facts: YearFacts, cause: Cause) -> ThresholdAlert:
    kind = f"kxwatch.threshold.{kind}"
    return ThresholdAlert(
        id=alert_id(
            kind=kind,
            patient_id=about.patient_id,
            year=about.year,
            about=about.bucket,
            threshold=about.name,
            event_id=cause.event_id,
        ),
        type=kind,
        subject=about.patient_id,
        time=cause.occurred_at,
        data=ThresholdNews(
            threshold=about.name,
            level=about.level,
            year=about.year,
            bucket=about.bucket,
            total=total,
            lines=[] if kind.endswith("cleared") else _crossing(about, facts),
            sentence=_sentence(kind, about, total),
            action=_action(kind, about),
        ),
    )


def _crossing(about: _About, facts: YearFacts) -> list[DatedLine]:
    """Find the line that crossed the level; none where what others accrued had crossed it before any line."""
    limits = thresholds.limits(about.name, about.year)
    # At the level is near enough to approach, while exceeding needs more than the threshold.
    limit = limits.near_cents - 1 if about.level == "approaching" else limits.threshold_cents
    elsewhere = external(facts, about.bucket)[0]
    if elsewhere > limit:
        return []
    for date, position in lines_over(facts, about.bucket, elsewhere, limit):
        return [DatedLine(service_date=date, line=facts.days[date].lines()[position])]
    return []


def _sentence(kind: str, about: _About, total: ThresholdTotal | None) -> str:
    whose = f"Patient {about.patient_id}, {_THERAPY[about.bucket]} {about.year}"
    title = _TITLES[about.name]
    if total is None:
        return f"{whose}: nothing counts towards the {title} any more."
    threshold = _threshold(total, about.name)
    amount, limit = dollars(total.total_cents), dollars(threshold.threshold_cents)
    if kind.endswith("cleared"):
        return f"{whose}: {amount} after a correction, no longer {_PAST[about.level]} the {title} of {limit}."
    if about.level == "exceeded":
        return f"{whose}: {amount} is over the {title} of {limit}, crossed on {threshold.crossed_on}."
    left = dollars(threshold.remaining_cents)
    return f"{whose}: {amount} nears the {title} of {limit}, {left} left."


_PAST = {"approaching": "near", "exceeded": "over"}
_ACTIONS = {
    ("kx", "approaching"): "Check that continued treatment is medically necessary, and have it attested.",
    (
        "kx",
        "exceeded",
    ): "Bill KX from the crossing line on, where necessity is attested; hold the lines where it is not.",
    ("review", "approaching"): "Have the records in order: claims over the threshold may be reviewed.",
    ("review", "exceeded"): "Expect a targeted review: keep the records of every visit ready.",
}


def _action(kind: str, about: _About) -> str:
    if kind.endswith("cleared"):
        return "Look at claims already sent: lines may carry KX that is due no more."
    return _ACTIONS[about.name, about.level]
