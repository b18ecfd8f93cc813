"""Each step of a day's explanation: its rule, what went in, what came of it, and a source that there is."""

from pathlib import Path

import pytest
from ledger.emr import segment
from ledger.rated import rated, settings_of

from conformance.case import Case, cases
from pipeline.rules.sources import sources

KEY = "p-1|2025-03-03"


def explained(*events: dict) -> list[dict]:
    return rated(events)["billable-days"][KEY]["explanation"]


def steps(rule: str, *events: dict) -> list[dict]:
    return [step for step in explained(*events) if step["rule"] == rule]


def timed(number: int, start: str, stop: str, code: str = "97110", **said: object) -> dict:
    clock = {"started_at": f"2025-03-03T{start}-05:00", "stopped_at": f"2025-03-03T{stop}-05:00"}
    return segment(f"e-{number}", segment_id=f"s-{number}", code=code, **clock, **said)


@pytest.mark.parametrize("case", cases(), ids=str)
def test_every_line_of_every_case_is_explained_and_each_step_has_a_source(case: Case, tmp_path: Path) -> None:
    settings = settings_of(case, tmp_path)
    for day in rated(case.events, settings, final=True)["billable-days"].values():
        told = day["explanation"]
        assert {step["source"] for step in told} <= sources().keys()
        for position, line in enumerate(day["lines"]):
            mine = [step for step in told if position in step["lines"]]
            assert {"cms_total", "ama_midpoint"} & {step["rule"] for step in mine}
            (amount,) = [step["result"] for step in mine if step["rule"] in ("price", "rate")]
            assert amount.get("allowed_cents") == line["allowed_cents"], line


def test_units_follow_from_the_minutes_of_each_code() -> None:
    (step,) = steps("cms_total", timed(1, "09:00:00", "09:24:00", "97112"), timed(2, "09:24:00", "09:47:00"))
    assert step["inputs"] == {"97110": 23, "97112": 24}
    assert step["result"] == {"97110": 1, "97112": 2}
    assert step["lines"] == [0, 1]
    assert step["source"] == "clm-5-20.2"


def test_seconds_of_two_segments_are_told_by_segment() -> None:
    (step,) = steps("minutes", timed(1, "09:00:00", "09:10:30"), timed(2, "10:00:00", "10:10:30.5"))
    assert step["inputs"] == {"s-1": 630, "s-2": "630.5"}
    assert step["result"] == {"97110": 21}


def test_whole_minutes_of_one_segment_need_no_step() -> None:
    assert steps("minutes", timed(1, "09:00:00", "09:10:00")) == []


def test_what_an_overlap_takes_is_told_of_the_later_segment() -> None:
    (step,) = steps("overlap", timed(1, "09:00:00", "09:20:00"), timed(2, "09:15:00", "09:30:00"))
    assert (step["about"], step["result"]) == ("s-2", {"seconds_in_earlier_segments": 300})


def test_the_units_of_an_assistant_are_told_with_both_minutes() -> None:
    (step,) = steps("assistants", timed(1, "09:00:00", "09:36:00", assistant_seconds=23 * 60))
    assert step["inputs"] == {"therapist_minutes": 13, "assistant_minutes": 23, "units": 2}
    assert step["result"] == {"plain": 1, "CO": 1}
    assert step["lines"] == [0, 1]


def test_a_reduced_line_tells_the_line_that_pays_in_full_and_both_prices() -> None:
    events = timed(1, "09:00:00", "09:15:00"), timed(2, "09:15:00", "09:30:00", "97530")
    (ranking,) = steps("multiple_procedure", *events)
    assert (ranking["result"], ranking["lines"]) == ({"full_unit_on_line": 1}, [0, 1])
    reduced, full = steps("price", *events)
    assert reduced["inputs"] == {
        "units": 1,
        "unit_cents": 2879,
        "schedule": "cms",
        "locality": "national",
        "reduced_units": 1,
        "reduced_unit_cents": 2183,
    }
    assert reduced["result"] == {"full_cents": 2879, "allowed_cents": 2183}
    assert full["result"] == {"full_cents": 3461, "allowed_cents": 3461}


def test_a_line_without_a_price_tells_what_is_missing() -> None:
    event = timed(1, "09:00:00", "09:15:00") | {
        "started_at": "2031-03-03T09:00:00-05:00",
        "stopped_at": "2031-03-03T09:15:00-05:00",
    }
    day = rated([event])["billable-days"]["p-1|2031-03-03"]
    (step,) = [step for step in day["explanation"] if step["rule"] == "price"]
    assert step["result"] == {"missing": "no relative_values for 2031-03-03 in this release"}


def test_an_edit_pair_tells_its_two_codes_and_the_modifier() -> None:
    events = timed(1, "09:00:00", "09:15:00", "97140"), timed(2, "09:15:00", "09:30:00", "97530")
    (step,) = steps("edit_pair", *events)
    assert (step["inputs"]["column_one"], step["inputs"]["column_two"]) == ("97140", "97530")
    assert (step["result"], step["lines"], step["source"]) == ({"modifier": "59"}, [1], "ncci")


def test_a_modifier_as_sent_is_told_once_for_all_segments_of_its_code() -> None:
    sent = {"modifiers": ["GO", "GA"]}
    told = steps("sent_modifier", timed(1, "09:00:00", "09:15:00", **sent), timed(2, "10:00:00", "10:15:00", **sent))
    assert [step["result"] for step in told] == [{"modifier": "GA"}]
