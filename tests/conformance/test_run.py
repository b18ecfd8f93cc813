"""The runner, as another system uses it: a command that is right, one that is not, and none at all."""

import json
import sys
from pathlib import Path

import pytest

from conformance.case import cases, parameter_cases
from conformance.run import main

PRODUCT = f"{sys.executable} -m pipeline rate --final"
NAME = "Manual, example 3"

WRONG = """
import json, sys
for event in map(json.loads, open(sys.argv[1])):
    key = event["patient_id"] + "|" + event["started_at"][:10]
print(json.dumps({"topic": "billable-days", "key": key, "value": {"lines": [], "minutes": {"timed": 40}, "units": {}}}))
"""
FIGURES = """
import json, sys
for asked in map(json.loads, sys.stdin):
    print(json.dumps({"value": 241000 if asked == {"parameter": "kx_threshold", "date": "2025-01-01"} else 1}))
"""


def program(folder: Path, text: str) -> str:
    path = folder / "system.py"
    path.write_text(text)
    return f"{sys.executable} {path}"


def test_the_product_meets_the_manuals_own_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--command", PRODUCT, "--only", "manual_examples", "--jobs", "2", "--quiet"]) == 0
    assert capsys.readouterr().out == "7 of 7 cases are met\n"


@pytest.mark.parametrize("only", ["A rate a visit", "Sites of different TINs"])
def test_a_case_with_payers_or_sites_of_its_own_is_met(only: str) -> None:
    chosen = [case for case in cases() if only in case.name]
    assert chosen
    assert main(["--command", PRODUCT, "--only", only, "--quiet"]) == 0


def test_what_a_system_gets_wrong_is_named_with_its_place_and_source(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--command", program(tmp_path, WRONG) + " {events}", "--only", NAME]) == 1
    said = capsys.readouterr().out
    assert f"NOT MET  {NAME}" in said
    assert "source: CMS Medicare Claims Processing Manual" in said
    assert "billable-days p-anchor|2025-03-03.lines: []" in said
    assert said.endswith("0 of 1 cases are met\n")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("import sys; sys.exit('no licence')", "ended with 1: no licence"),
        ("print('all is well')", "line 1 of the output is not"),
    ],
)
def test_a_system_that_does_not_answer_is_named(
    text: str, why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--command", program(tmp_path, text), "--only", NAME]) == 1
    assert why in capsys.readouterr().out


def test_dated_figures_are_asked_for_by_name_and_date(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (case,) = [case for case in parameter_cases() if (case.parameter, case.date) == ("kx_threshold", "2025-01-01")]
    command = program(tmp_path, FIGURES)
    assert main(["--only", case.name, "--figures", command, "--quiet"]) == 0
    assert main(["--only", "The KX threshold of 2018 is", "--figures", command]) == 1
    assert "kx_threshold on 2018-01-01: 1, expected 201000" in capsys.readouterr().out


def test_a_subject_is_no_part_of_a_name(tmp_path: Path) -> None:
    assert main(["--only", "care", "--expand", str(tmp_path)]) == 0
    assert {path.name.partition("-")[0] for path in tmp_path.glob("*-*.json")} == {"care"}


def test_a_name_that_no_case_has_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--only", "no such case"]) == 2
    assert capsys.readouterr().err == "no case is of that name or subject\n"


def test_every_case_is_written_in_full_for_other_languages(tmp_path: Path) -> None:
    assert main(["--expand", str(tmp_path)]) == 0
    written = [json.loads(path.read_text()) for path in tmp_path.glob("*-[0-9]*.json")]
    assert {case["name"] for case in written} == {case.name for case in cases()}
    assert len(json.loads((tmp_path / "figures.json").read_text())) == len(parameter_cases())
    (one,) = [case for case in written if case["name"].startswith(NAME)]
    assert [event["event_type"] for event in one["events"]] == ["segment.recorded"] * 2
    assert one["expect"]["billable-days"]["p-anchor|2025-03-03"]["lines"][0]["code"] == "97110"
