"""A simulated network, with its days told, has something of nearly every matter of care."""

import json
from collections import Counter
from typing import Any

import pytest
from ledger.care import tick
from ledger.rated import rated

from pipeline.simulate.clock import date_text, day_number
from pipeline.simulate.network import START, arrivals


@pytest.fixture(scope="module")
def alerts() -> list[dict[str, Any]]:
    lines: list[bytes] = []
    days = arrivals(sites=20, patients=160, days=70, seed=7)
    for passed, arrived in enumerate(days):
        lines += [json.dumps(tick(date_text(day_number(START) + passed))).encode(), *arrived]
    outputs = rated(lines)
    return [alert for alert in outputs["alerts"] if alert["type"].startswith("kxwatch.care.")]


def test_nearly_every_kind_of_matter_comes_up_and_some_are_settled(alerts: list[dict[str, Any]]) -> None:
    kinds = Counter(alert["type"].removeprefix("kxwatch.care.") for alert in alerts)
    assert kinds.keys() >= {
        *("visit_limit", "authorization_visits", "authorization_units", "authorization_expiring"),
        *("certification_missing", "certification_expiring", "progress_report_due"),
        *("documentation_missing", "note_missing", "coverage_not_verified", "timer_open", "settled"),
    }


def test_no_alert_has_the_id_of_another(alerts: list[dict[str, Any]]) -> None:
    assert len({alert["id"] for alert in alerts}) == len(alerts)


def test_a_sentence_names_the_patient_by_the_token_alone(alerts: list[dict[str, Any]]) -> None:
    assert {alert["data"]["sentence"].split(":")[0] for alert in alerts} == {
        f"Patient {alert['subject']}" for alert in alerts
    }
