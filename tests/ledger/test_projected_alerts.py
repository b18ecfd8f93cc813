"""Alerts of what is ahead: a crossing within thirty days is told, and withdrawn where it is so no more."""

from ledger.emr import Event, accrual, appointment, remittance, segment, void
from ledger.test_threshold_alerts import alerts

TWICE_A_WEEK = segment("e-2"), segment("e-3", "2025-03-06")


def told(*events: Event) -> list[tuple[str, str]]:
    return [(alert["type"].removeprefix("kxwatch.threshold."), alert["data"]["threshold"]) for alert in alerts(*events)]


def test_a_crossing_within_thirty_days_of_the_last_visit_is_told_with_its_date() -> None:
    (projected,) = alerts(accrual("e-1", 180_000), *TWICE_A_WEEK)
    assert projected["type"] == "kxwatch.threshold.projected"
    assert projected["data"]["level"] == "clear"
    assert projected["data"]["total"]["projection"] == {
        "visits_left": 8,
        "crosses_on": "2025-04-02",
        "basis": "average",
    }
    assert projected["data"]["sentence"] == (
        "Patient p-1, occupational therapy 2025: $1,918.38 crosses the KX threshold of $2,410.00 on 2025-04-02 "
        "by the pace of the last visits, 8 visits before that."
    )
    assert projected["data"]["action"].startswith("Have medical necessity attested before that date")


def test_a_crossing_that_is_further_away_is_not_told() -> None:
    assert told(accrual("e-1", 150_000), *TWICE_A_WEEK) == []


def test_a_planned_visit_that_crosses_is_told_without_a_pace() -> None:
    (near, projected) = alerts(accrual("e-1", 230_000), segment("e-2"), appointment("e-3", "2025-03-20", 120))
    assert (near["type"], projected["type"]) == ("kxwatch.threshold.approaching", "kxwatch.threshold.projected")
    assert projected["data"]["sentence"].endswith("on 2025-03-20 by the visits that are planned, with the next visit.")


def test_a_visit_that_is_cancelled_withdraws_what_it_had_projected() -> None:
    events = accrual("e-1", 230_000), segment("e-2"), appointment("e-3", "2025-03-20", 120)
    cancelled = appointment("e-4", "2025-03-20", 120, event_type="visit.cancelled", appointment_id="p-e-3", revision=2)
    assert told(*events, cancelled)[1:] == [("projected", "kx"), ("projection_withdrawn", "kx")]


def test_a_segment_that_is_voided_withdraws_what_its_pace_had_projected() -> None:
    events = accrual("e-1", 180_000), *TWICE_A_WEEK, void("e-4", "s-e-3")
    assert told(*events) == [("projected", "kx"), ("projection_withdrawn", "kx")]


def test_a_projection_that_comes_true_is_not_withdrawn() -> None:
    events = accrual("e-1", 230_000), segment("e-2"), appointment("e-3", "2025-03-20", 120)
    crossed = segment("e-5", "2025-03-20", 120)
    assert told(*events, crossed) == [("approaching", "kx"), ("projected", "kx"), ("exceeded", "kx")]


def test_a_correction_below_the_threshold_projects_the_crossing_again() -> None:
    events = accrual("e-1", 230_000), segment("e-2"), appointment("e-3", "2025-03-20", 120)
    more = segment("e-5", "2025-03-10", 60)
    again = told(*events, more, void("e-6", "s-e-5"))
    assert again[2:] == [("exceeded", "kx"), ("cleared", "kx"), ("approaching", "kx"), ("projected", "kx")]


def test_the_review_threshold_is_projected_by_itself() -> None:
    events = accrual("e-1", 270_000), segment("e-2"), segment("e-3", "2025-03-06")
    assert ("projected", "review") in told(*events)
    assert ("projected", "kx") not in told(*events)


def test_an_appointment_alone_makes_no_total_and_no_alert() -> None:
    assert told(appointment("e-1", "2025-03-20")) == []


def test_an_answer_of_less_may_withdraw_a_projection() -> None:
    events = accrual("e-1", 180_000), *TWICE_A_WEEK, remittance("e-4", "2025-03-03", 0)
    assert told(*events) == [("projected", "kx"), ("projection_withdrawn", "kx")]
