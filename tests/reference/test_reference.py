"""The naive recomputation and the golden cases meet here; the product meets the same cases elsewhere."""

import copy
import random

import pytest
from reference.recompute import compare, parameter, recompute

from conformance.case import Case, ParameterCase, cases, check, check_parameter, parameter_cases


@pytest.mark.parametrize("case", cases(), ids=str)
def test_golden_case(case: Case) -> None:
    assert check(case, recompute(case.events, case.sites, case.payers, case.settings, case.daily_units)) == []


@pytest.mark.parametrize("case", cases(), ids=str)
def test_order_and_duplicates_never_matter(case: Case) -> None:
    shuffled = copy.deepcopy(case.events) * 2
    random.Random(case.name).shuffle(shuffled)
    assert (
        compare(
            recompute(shuffled, case.sites, case.payers, case.settings, case.daily_units),
            recompute(case.events, case.sites, case.payers, case.settings, case.daily_units),
        )
        == []
    )


@pytest.mark.parametrize("case", parameter_cases(), ids=str)
def test_dated_figure(case: ParameterCase) -> None:
    assert check_parameter(case, parameter(case.parameter, case.date)) == []


def test_every_case_has_a_sentence_of_its_own() -> None:
    names = [case.name for case in (*cases(), *parameter_cases())]
    assert sorted(names) == sorted(set(names))


def test_every_case_names_its_source() -> None:
    assert all(case.source.strip() for case in (*cases(), *parameter_cases()))


def an_output() -> dict:
    (case,) = [c for c in cases() if c.name == "The crossing line has KX and so has every later one"]
    return recompute(case.events, case.sites, case.payers, case.settings, case.daily_units)


def test_a_difference_of_one_cent_is_named() -> None:
    ours = an_output()
    ours["threshold-totals"]["p-anchor|2025|OT"]["total_cents"] += 1
    assert compare(ours, an_output()) == [
        "threshold-totals p-anchor|2025|OT.total_cents: 246384, expected 246383",
    ]


def test_a_missing_day_and_one_too_many_are_named() -> None:
    ours = an_output()
    ours["claim-days"]["p-other|2025-03-03"] = ours["claim-days"].pop("p-anchor|2025-03-03")
    assert compare(ours, an_output()) == [
        "claim-days p-other|2025-03-03: not expected",
        "claim-days p-anchor|2025-03-03: missing",
    ]


def test_a_tombstone_is_no_value() -> None:
    ours = an_output()
    ours["billable-days"]["p-gone|2025-03-03"] = None
    assert compare(ours, an_output()) == []


def test_wording_and_further_fields_are_no_difference() -> None:
    ours = an_output()
    day = ours["billable-days"]["p-anchor|2025-03-03"]
    day["explanation"] = ["said in other words"]
    day["findings"].append({"kind": "of_the_product_alone", "message": "a sentence"})
    assert compare(ours, an_output()) == []


def test_a_finding_left_out_is_a_difference() -> None:
    ours = an_output()
    ours["claim-days"]["p-anchor|2025-03-05"]["findings"] = []
    assert compare(ours, an_output()) == ["claim-days p-anchor|2025-03-05.findings: [], expected ['kx_not_attested']"]


def test_a_failed_expectation_names_its_place() -> None:
    (case,) = [c for c in cases() if c.name == "30 minutes of 97530 are two units for Medicare"]
    ours = recompute(case.events, case.sites, case.payers, case.settings, case.daily_units)
    ours["billable-days"]["p-anchor|2025-03-03"]["lines"][0]["units"] = 3
    assert check(case, ours) == ["billable-days p-anchor|2025-03-03.lines[0].units: 3, expected 2"]
