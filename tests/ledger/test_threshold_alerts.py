"""Threshold alerts: raised, cleared, raised again, and what they say."""

from typing import Any

from ledger.emr import Event, accrual, segment, void
from ledger.rated import rated
from properties.stream import Stream


def alerts(*events: Event) -> list[Any]:
    found = rated(events)["alerts"]
    return [alert for alert in found if alert["type"].startswith("kxwatch.threshold.")]


def told(*events: Event) -> list[tuple[str, str]]:
    return [(alert["type"].removeprefix("kxwatch.threshold."), alert["data"]["sentence"]) for alert in alerts(*events)]


def test_a_total_that_nears_kx_is_told_with_what_is_left() -> None:
    assert told(accrual("e-1", 190_000), segment("e-2")) == [
        (
            "approaching",
            "Patient p-1, occupational therapy 2025: $1,959.19 nears the KX threshold of $2,410.00, $450.81 left.",
        )
    ]


def test_a_total_over_kx_is_told_with_the_date_and_the_line_that_crossed() -> None:
    (_, exceeded) = alerts(accrual("e-1", 240_000), segment("e-2"))
    assert exceeded["data"]["sentence"] == (
        "Patient p-1, occupational therapy 2025: $2,459.19 is over the KX threshold of $2,410.00, "
        "crossed on 2025-03-03."
    )
    assert [(line["service_date"], line["line"]["code"]) for line in exceeded["data"]["lines"]] == [
        ("2025-03-03", "97530")
    ]


def test_an_amount_from_others_that_is_over_by_itself_is_told_without_a_line() -> None:
    (exceeded,) = alerts(accrual("e-1", 242_000))
    assert exceeded["data"]["lines"] == []
    assert exceeded["data"]["sentence"].endswith("crossed on 2025-01-02.")


def test_of_a_jump_over_both_levels_the_higher_alone_is_told() -> None:
    assert [kind for kind, _ in told(accrual("e-1", 242_000))] == ["exceeded"]


def test_review_and_kx_are_told_apart() -> None:
    found = alerts(accrual("e-1", 300_001))
    assert [(alert["data"]["threshold"], alert["data"]["level"]) for alert in found] == [
        ("kx", "exceeded"),
        ("review", "exceeded"),
    ]


def test_a_correction_below_the_level_clears_it_and_says_the_level_that_then_holds() -> None:
    found = told(accrual("e-1", 240_000), segment("e-2"), void("e-3", "s-e-2"))[2:]
    assert found == [
        (
            "cleared",
            (
                "Patient p-1, occupational therapy 2025: $2,400.00 after a correction, "
                "no longer over the KX threshold of $2,410.00."
            ),
        ),
        (
            "approaching",
            "Patient p-1, occupational therapy 2025: $2,400.00 nears the KX threshold of $2,410.00, $10.00 left.",
        ),
    ]


def test_a_total_that_is_gone_clears_its_level_and_names_no_amount() -> None:
    assert told(accrual("e-1", 242_000), accrual("e-2", 242_000, year=2026, revision=2))[1] == (
        "cleared",
        "Patient p-1, occupational therapy 2025: nothing counts towards the KX threshold any more.",
    )


def test_a_level_that_is_crossed_again_is_raised_under_a_new_id() -> None:
    found = alerts(
        accrual("e-1", 240_000),
        segment("e-2"),
        void("e-3", "s-e-2"),
        segment("e-4", segment_id="s-e-2", revision=3),
    )
    exceeded = [alert["id"] for alert in found if alert["type"] == "kxwatch.threshold.exceeded"]
    assert len(set(exceeded)) == len(exceeded) == 2


def test_the_same_events_give_the_same_ids() -> None:
    events = accrual("e-1", 240_000), segment("e-2")
    assert [alert["id"] for alert in alerts(*events)] == [alert["id"] for alert in alerts(*events)]


def test_a_duplicate_raises_nothing() -> None:
    events = accrual("e-1", 240_000), segment("e-2")
    assert alerts(*events, *events) == alerts(*events)


def test_an_alert_is_a_cloud_event_with_the_time_of_its_cause() -> None:
    (alert,) = alerts(accrual("e-1", 242_000, occurred_at="2025-02-01T08:00:00-05:00"))
    assert {name: alert[name] for name in ("specversion", "subject", "time", "datacontenttype")} == {
        "specversion": "1.0",
        "subject": "p-1",
        "time": "2025-02-01T08:00:00-05:00",
        "datacontenttype": "application/json",
    }
    assert alert["data"]["total"]["total_cents"] == 242_000


def stream_after(*events: Event) -> Stream:
    stream = Stream()
    stream.deliver(events)
    stream.finish()
    return stream


def test_what_a_batch_raises_and_takes_back_raises_nothing() -> None:
    stream = stream_after(accrual("e-1", 190_000))
    stream.deliver([segment("e-2"), void("e-3", "s-e-2")])
    stream.finish()
    assert stream.alerts == []


def test_an_alert_of_a_batch_is_caused_by_its_last_event() -> None:
    stream = stream_after(accrual("e-1", 230_000, occurred_at="2025-01-02T00:00:00Z"))
    stream.deliver(
        [
            segment("e-2", segment_id="s-1"),
            segment("e-3", "2025-03-04", occurred_at="2025-03-04T20:00:00Z"),
            segment("e-4", minutes=180, segment_id="s-1", revision=2, occurred_at="2025-03-05T20:00:00Z"),
        ]
    )
    stream.finish()
    (exceeded,) = [alert for alert in stream.alerts if alert.type == "kxwatch.threshold.exceeded"]
    assert exceeded.time == "2025-03-05T20:00:00Z"
