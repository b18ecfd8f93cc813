"""The product meets every golden case, by every road that a value can take through it."""

from pathlib import Path

import pytest
from ledger.rated import rated, settings_of, stated
from reference.recompute import compare, recompute

from conformance.case import Case, ParameterCase, cases, check, check_alerts, check_parameter, parameter_cases
from pipeline.rules.parameters import NoFigure

COMPACTED = ("billable-days", "threshold-totals", "claim-days")


@pytest.mark.parametrize("case", cases(), ids=str)
def test_golden_case(case: Case, tmp_path: Path) -> None:
    outputs = rated(case.events, settings_of(case, tmp_path))
    assert check(case, outputs) + check_alerts(case, outputs["care-alerts"]) == []


@pytest.mark.parametrize("case", cases(), ids=str)
def test_product_and_naive_recomputation_agree_in_full(case: Case, tmp_path: Path) -> None:
    outputs = rated(case.events, settings_of(case, tmp_path), final=True)
    ours = {topic: outputs[topic] for topic in COMPACTED}
    assert compare(ours, recompute(case.events, case.sites, case.payers, case.settings, case.daily_units)) == []


@pytest.mark.parametrize("case", parameter_cases(), ids=str)
def test_dated_figure(case: ParameterCase) -> None:
    try:
        found = stated(case.parameter, case.date)
    except NoFigure:
        found = None
    assert check_parameter(case, found) == []
