"""Figures carried forward from another year are named by every finding, total and alert that was made with them."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from ledger.emr import accrual, appointment, remittance, segment, void
from ledger.rated import rated

from pipeline.figures import carrying, folder
from pipeline.rules.network import install
from pipeline.settings import Settings

TOTAL = "p-1|2027|OT"
DAY = "p-1|2027-01-04"


@pytest.fixture
def carried(tmp_path: Path) -> Iterator[Settings]:
    """Give the settings of a network that carried 2026 into 2027."""
    folder.write(tmp_path, [carrying.carry(2027, [])])
    yield Settings(figures=tmp_path)
    install([])


def visits(count: int, year: int = 2027, **said: object) -> list[dict]:
    return [
        segment(f"e-{visit}", segment_id=f"s-{visit}", **said)
        | {
            "started_at": f"{year}-01-{visit:02d}T09:00:00-05:00",
            "stopped_at": f"{year}-01-{visit:02d}T13:00:00-05:00",
        }
        for visit in range(4, 4 + count)
    ]


def test_a_line_names_what_its_price_was_carried_from(carried: Settings) -> None:
    (finding,) = rated(visits(1), carried)["billable-days"][DAY]["findings"]
    assert (finding["kind"], finding["code"]) == ("provisional", "97530")
    assert finding["parameters"] == ["conversion_factor", "relative_values"]


def test_a_total_names_the_figures_of_its_lines_and_its_threshold(carried: Settings) -> None:
    total = rated(visits(1), carried)["threshold-totals"][TOTAL]
    assert total["provisional"] == ["conversion_factor", "kx_threshold", "relative_values"]


def test_a_total_of_accruals_alone_names_its_threshold(carried: Settings) -> None:
    said = accrual("e-1", 1000, year=2027, as_of="2027-01-04")
    assert rated([said], carried)["threshold-totals"][TOTAL]["provisional"] == ["kx_threshold"]


def test_a_year_with_figures_of_its_own_names_none(carried: Settings) -> None:
    outputs = rated(visits(1, 2026), carried)
    assert outputs["threshold-totals"]["p-1|2026|OT"]["provisional"] == []
    assert outputs["billable-days"]["p-1|2026-01-04"]["findings"] == []


def test_a_payer_without_thresholds_leaves_a_total_as_it_is(carried: Settings) -> None:
    own = visits(1) + [said | {"event_id": "e-c", "segment_id": "s-c"} for said in visits(1, payer_id="cigna")]
    outputs = rated(own, carried)
    assert outputs["threshold-totals"] == rated(visits(1), carried)["threshold-totals"]


def test_every_alert_says_that_it_was_made_with_them(carried: Settings) -> None:
    alerts = rated(visits(9), carried)["alerts"]
    sentences = [alert["data"]["sentence"] for alert in alerts]
    assert len(sentences) > 2
    assert all("Provisional: " in sentence and "kx_threshold" in sentence for sentence in sentences)


def test_what_is_cleared_and_settled_says_so_too(carried: Settings) -> None:
    over = accrual("e-1", 250_001, year=2027, as_of="2027-01-04")
    events = over, *visits(1), void("e-9", "s-4"), over | {"revision": 2, "event_id": "e-2", "bucket": "PT-SLP"}
    alerts = [alert for alert in rated(events, carried)["alerts"] if "care" not in alert["type"]]
    told = {alert["type"].removeprefix("kxwatch."): alert["data"]["sentence"] for alert in alerts}
    assert "nothing counts towards the KX threshold any more" in told["threshold.cleared"]
    assert "claim.settled" in told
    assert [kind for kind, sentence in told.items() if not re.search("Provisional: .*kx_threshold", sentence)] == []


def test_a_line_that_a_payer_has_answered_is_no_estimate_and_its_total_names_its_threshold_alone(
    carried: Settings,
) -> None:
    answer = remittance("e-9", "2027-01-04", 3_000, adjudicated_on="2027-02-01")
    outputs = rated([*visits(1), answer], carried)
    assert outputs["threshold-totals"][TOTAL]["provisional"] == ["kx_threshold"]
    assert [found["kind"] for found in outputs["billable-days"][DAY]["findings"]] == ["provisional"]
    more = rated([*visits(2), answer], carried)["threshold-totals"][TOTAL]
    assert more["provisional"] == ["conversion_factor", "kx_threshold", "relative_values"]


def test_of_two_lines_of_a_day_the_one_that_nobody_answered_names_its_figures(carried: Settings) -> None:
    beside = segment("e-8", code="97110", discipline="PT") | {
        "started_at": "2027-01-04T14:00:00-05:00",
        "stopped_at": "2027-01-04T14:30:00-05:00",
    }
    totals = rated([*visits(1), beside, remittance("e-9", "2027-01-04", 3_000)], carried)["threshold-totals"]
    assert totals[TOTAL]["provisional"] == ["kx_threshold"]
    assert totals["p-1|2027|PT-SLP"]["provisional"] == ["conversion_factor", "kx_threshold", "relative_values"]


def test_what_is_planned_is_priced_by_them_and_its_projection_says_so(carried: Settings) -> None:
    answer = remittance("e-9", "2027-01-04", 3_000)
    total = rated([*visits(1), answer, appointment("e-8", "2027-02-01")], carried)["threshold-totals"][TOTAL]
    assert total["provisional"] == ["conversion_factor", "kx_threshold", "relative_values"]


def test_what_is_told_of_another_year_says_nothing_of_it(carried: Settings) -> None:
    alerts = rated(visits(9, 2026), carried)["alerts"]
    assert alerts
    assert not any("Provisional" in alert["data"]["sentence"] for alert in alerts)


def test_who_pays_what_names_a_deductible_that_was_carried_until_it_is_used_up(carried: Settings) -> None:
    claims = rated(visits(2), carried)["claim-days"]
    (finding,) = claims[DAY]["findings"]
    assert (finding["kind"], finding["parameters"]) == ("provisional", ["part_b_deductible"])
    assert claims[DAY]["lines"][0]["patient_cents"] > 28_300
    assert claims["p-1|2027-01-05"]["findings"] == []
