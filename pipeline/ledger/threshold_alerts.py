"""What billers are told when a patient's state against a threshold changes."""

import msgspec
from msgspec import Struct

from pipeline.events.alerts import DatedLine, ThresholdAlert, ThresholdNews, alert_id
from pipeline.events.days import Line
from pipeline.events.fields import Bucket
from pipeline.events.totals import State, ThresholdTotal
from pipeline.ledger.provisional import caveat, of_year
from pipeline.ledger.standing import Outlook, external, lines_over
from pipeline.ledger.tables import Cause
from pipeline.ledger.year import YearFacts
from pipeline.money import dollars
from pipeline.rules import thresholds

_LEVELS: tuple[State, ...] = ("clear", "approaching", "exceeded")
_TITLES = {"kx": "KX threshold", "review": "targeted-review threshold"}
_THERAPY = {"OT": "occupational therapy", "PT-SLP": "physical and speech therapy"}


Whose = tuple[str, int, Bucket]
"""A patient, a year and a bucket."""


def threshold_alerts(
    change: tuple[Outlook, Outlook], facts: YearFacts, total: ThresholdTotal | None, whose: Whose, cause: Cause
) -> list[ThresholdAlert]:
    """Give the alerts that a change of a bucket's states is owed, KX before review.

    A level that is reached is raised; one that is left downwards is cleared, and the level that then holds is said.
    A projection that begins to cross within the horizon is raised, and withdrawn where it does so no more without
    having come true. `change` is the bucket's states and projections before and now, `total` what it came to, `cause`
    the event that changed it last.
    """
    alerts = []
    for name, (before, was_soon), (after, soon) in zip(thresholds.NAMES, *change, strict=True):
        kinds: list[str] = []
        if before != after:
            kinds = [after] if _LEVELS.index(after) > _LEVELS.index(before) else ["cleared", after]
        if soon and not was_soon:
            kinds.append("projected")
        elif was_soon and not soon and after != "exceeded":
            kinds.append("projection_withdrawn")
        for kind in kinds:
            if kind != "clear":
                about = _About(*whose, name, before if kind == "cleared" else after)
                alerts.append(_alert(kind, about, total, facts, cause))
    return alerts


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
            lines=_crossing(about, facts) if kind.rpartition(".")[2] in _LEVELS else [],
            sentence=_sentence(kind, about, total) + caveat(total.provisional if total else of_year(about.year)),
            action=_action(kind, about),
        ),
    )


def _crossing(about: _About, facts: YearFacts) -> list[DatedLine]:
    """Find the line that crossed the level; none where what others accrued had crossed it before any line."""
    limits = thresholds.limits(about.name, about.year)
    # At the level is near enough to approach, while exceeding needs more than the threshold.
    limit = limits.near_cents - 1 if about.level == "approaching" else limits.threshold_cents
    elsewhere = external(facts, about.bucket).cents
    if elsewhere > limit:
        return []
    for date, position in lines_over(facts, about.bucket, elsewhere, limit):
        line = facts.days[date].lines()[position]
        return [DatedLine(service_date=date, line=Line(**msgspec.structs.asdict(line)))]
    return []


def _sentence(kind: str, about: _About, total: ThresholdTotal | None) -> str:
    whose = f"Patient {about.patient_id}, {_THERAPY[about.bucket]} {about.year}"
    title = _TITLES[about.name]
    if total is None:
        return f"{whose}: nothing counts towards the {title} any more."
    threshold = total.kx if about.name == "kx" else total.review
    if kind.endswith(("projected", "projection_withdrawn")):
        return _outlook(whose, title, total, about.name)
    amount, limit = dollars(total.total_cents), dollars(threshold.threshold_cents)
    if kind.endswith("cleared"):
        return f"{whose}: {amount} after a correction, no longer {_PAST[about.level]} the {title} of {limit}."
    if about.level == "exceeded":
        return f"{whose}: {amount} is over the {title} of {limit}, crossed on {threshold.crossed_on}."
    left = dollars(threshold.remaining_cents)
    return f"{whose}: {amount} nears the {title} of {limit}, {left} left."


def _outlook(whose: str, title: str, total: ThresholdTotal, name: thresholds.Name) -> str:
    projection = total.projection if name == "kx" else total.review_projection
    limit = dollars((total.kx if name == "kx" else total.review).threshold_cents)
    amount = dollars(total.total_cents)
    if projection is None or projection.crosses_on is None:
        return f"{whose}: {amount}, not projected to cross the {title} of {limit} any more."
    basis = "the visits that are planned" if projection.basis == "planned" else "the pace of the last visits"
    left = f"{projection.visits_left} visits before that" if projection.visits_left else "with the next visit"
    return f"{whose}: {amount} crosses the {title} of {limit} on {projection.crosses_on} by {basis}, {left}."


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


_AHEAD: dict[thresholds.Name, str] = {
    "kx": "Have medical necessity attested before that date, or plan the visits otherwise.",
    "review": "Have the records in order before that date: claims over the threshold may be reviewed.",
}


def _action(kind: str, about: _About) -> str:
    if kind.endswith("projected"):
        return _AHEAD[about.name]
    if kind.endswith("projection_withdrawn"):
        return "Nothing more to do for now: the crossing is further away, or none is projected."
    if kind.endswith("cleared"):
        return "Look at claims already sent: lines may carry KX that is due no more."
    return _ACTIONS[about.name, about.level]
