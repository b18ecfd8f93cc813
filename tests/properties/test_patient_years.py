"""A patient's whole year: what holds of it however it came, and what is left when all of it is taken back."""

from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from properties.histories import Event, histories, in_one_year
from properties.stream import plain, rated, run, streamed
from properties.test_amounts import counted
from properties.years import patient_years, taken_back

FEWER = settings(max_examples=20)
"""A year is long."""
CHANCE = st.randoms(use_true_random=False)


@FEWER
@given(patient_years(), CHANCE)
def test_a_year_is_the_same_in_any_order_and_however_often_it_comes(year: list[Event], chance: Random) -> None:
    again = year + chance.sample(year, len(year) // 2)
    chance.shuffle(again)
    assert rated(again, final=True) == rated(year, final=True)


@FEWER
@given(patient_years(), st.integers(1, 40))
def test_a_year_in_batches_ends_in_what_the_rater_ends_in(year: list[Event], size: int) -> None:
    assert streamed(year, [size]).values == rated(year, final=True)


@FEWER
@given(patient_years())
def test_every_total_is_the_sum_of_its_lines_and_every_kx_has_its_reason(year: list[Event]) -> None:
    values = plain(rated(year, final=True))
    claims = values["claim-days"]
    with_kx = {
        (key, position)
        for key, claim in claims.items()
        for position in range(len(claim["lines"]))
        if kx(claim, position)
    }
    reasons = set()
    for key, total in values["threshold-totals"].items():
        patient_id, of_year, bucket = key.split("|")
        lines = counted(claims, patient_id, of_year, bucket)
        assert total["own_cents"] == sum(line["allowed_cents"] or 0 for _, _, line in lines)
        assert total["total_cents"] == total["own_cents"] + total["external_cents"]
        assert total["days"] == len({date for date, _, _ in lines})
        running = total["external_cents"]
        for date, position, line in lines:
            running += line["allowed_cents"] or 0
            if running > total["kx"]["threshold_cents"]:
                reasons.add((f"{patient_id}|{date}", position))
    assert with_kx == reasons


def kx(claim: dict[str, Any], position: int) -> bool:
    return "KX" in claim["lines"][position]["modifiers"]


@FEWER
@given(patient_years())
def test_a_line_with_kx_is_attested_or_found_and_told(year: list[Event]) -> None:
    values, alerts = run(year)
    told = {date for kind, date, *_ in standing(alerts) if kind == "kx_not_attested"}
    for key, claim in plain(values)["claim-days"].items():
        found = any(finding["kind"] == "kx_not_attested" for finding in claim["findings"])
        assert found == (bool(claim["kx_lines"]) and not claim["kx_attested"])
        assert found == (key.partition("|")[2] in told)


@FEWER
@given(patient_years(), CHANCE)
def test_when_a_year_is_taken_back_every_alert_is_cleared_or_settled_and_no_day_is_left(
    year: list[Event], chance: Random
) -> None:
    back = taken_back(year)
    chance.shuffle(back)
    values, alerts = run([*year, *back])
    assert standing(alerts) == {}
    assert (values["billable-days"], values["claim-days"]) == ({}, {})
    assert all(total["total_cents"] == 0 for total in plain(values)["threshold-totals"].values())


@given(st.one_of(in_one_year(), histories()), CHANCE)
def test_the_alerts_that_stand_in_the_end_are_those_of_the_facts_in_whatever_order_they_came(
    history: list[Event], chance: Random
) -> None:
    """So a correction that is itself corrected leaves no alert that would not be there without both."""
    other = [*history, *history]
    chance.shuffle(other)
    assert standing(run(other)[1]) == standing(run(history)[1])


def standing(alerts: list[Any]) -> dict[tuple[Any, ...], str]:
    """Give the alerts on thresholds and claims that nothing has cleared or settled, and what each says."""
    found: dict[tuple[Any, ...], str] = {}
    for alert in alerts:
        news = alert.data
        if alert.type.startswith("kxwatch.threshold."):
            place: tuple[Any, ...] = news.threshold, news.year, news.bucket, alert.subject
            if alert.type.endswith("exceeded"):
                # What was ahead has come true.
                found.pop(("ahead", *place), None)
            elif alert.type.endswith(("projected", "projection_withdrawn")):
                place = "ahead", *place
        elif alert.type.startswith("kxwatch.claim."):
            place = news.kind, news.service_date, news.year, news.payer_id, news.with_patient_id, alert.subject
        else:
            continue
        if alert.type.endswith(("cleared", "settled", "withdrawn")):
            found.pop(place, None)
        else:
            found[place] = alert.type
    return found
