"""What an assistant furnished, what overlaps and what an EMR marks change who did it, never what is counted of it."""

from collections import defaultdict
from datetime import datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from properties.histories import Event, days, histories
from properties.stream import plain, rated

ASSISTED = {"CO", "CQ"}
Day = dict[str, Any]


def day_of(events: list[Event]) -> Day:
    (day,) = plain(rated(events))["billable-days"].values()
    return day


def by_code(day: Day, name: str) -> dict[tuple[str, str, str], int]:
    found: dict[tuple[str, str, str], int] = defaultdict(int)
    for line in day["lines"]:
        found[line["payer_id"], line["discipline"], line["code"]] += line[name] or 0
    return found


def alone(events: list[Event]) -> list[Event]:
    return [{name: value for name, value in event.items() if name != "assistant_seconds"} for event in events]


@given(days())
def test_an_assistants_part_changes_no_unit_no_minute_and_no_fee(events: list[Event]) -> None:
    split, whole = day_of(events), day_of(alone(events))
    assert (split["units"], split["minutes"]) == (whole["units"], whole["minutes"])
    for name in ("units", "full_cents"):
        assert by_code(split, name) == by_code(whole, name)
    of_pairs = {"97129", "97130"}
    for place, minutes in by_code(whole, "minutes").items():
        assert place[2] in of_pairs or by_code(split, "minutes")[place] == minutes


@given(days())
def test_an_assistants_part_changes_what_each_payer_allows_by_nothing(events: list[Event]) -> None:
    def allowed(day: Day) -> dict[str, int]:
        found: dict[str, int] = defaultdict(int)
        for line in day["lines"]:
            found[line["payer_id"]] += line["allowed_cents"] or 0
        return found

    assert allowed(day_of(events)) == allowed(day_of(alone(events)))


@given(days())
def test_an_assistant_who_did_nothing_is_on_no_line_and_one_who_did_all_on_every_line(events: list[Event]) -> None:
    assert not any(ASSISTED & set(line["modifiers"]) for line in day_of(alone(events))["lines"])
    for event in events:
        lasted = datetime.fromisoformat(event["stopped_at"]) - datetime.fromisoformat(event["started_at"])
        event["assistant_seconds"] = int(lasted.total_seconds()) - event.get("paused_seconds", 0)
    for line in day_of(events)["lines"]:
        expected = {"OT": {"CO"}, "PT": {"CQ"}, "SLP": set()}[line["discipline"]]
        if line["minutes"] > 0:
            assert ASSISTED & set(line["modifiers"]) == expected


@given(histories())
def test_modifiers_are_in_claim_order_and_four_at_most(history: list[Event]) -> None:
    places = ({"GO", "GP", "GN"}, ASSISTED, {"XE", "XP", "XS", "XU", "59"}, {"KX", "GA"})
    for claim in plain(rated(history))["claim-days"].values():
        for line in claim["lines"]:
            order = [next(at for at, place in enumerate(places) if each in place) for each in line["modifiers"]]
            assert order == sorted(set(order))
            assert order[0] == 0


@given(days(in_turn=True))
def test_segments_one_after_another_never_overlap(events: list[Event]) -> None:
    assert not {"overlap", "blocked"} & {finding["kind"] for finding in day_of(events)["findings"]}


@given(days(), st.randoms(use_true_random=False))
def test_what_overlaps_counts_once_whatever_the_order_it_came_in(events: list[Event], chance: Any) -> None:
    shuffled = list(events)
    chance.shuffle(shuffled)
    assert day_of(shuffled) == day_of(events)


@given(days(payers=("medicare-b",)))
def test_no_more_minutes_of_timed_codes_count_than_the_clock_shows(events: list[Event]) -> None:
    apart = {"97550", "97551", "97552", "97150", "97010", "97014", "97165", "97166", "97597", "92507", "G0283", "99999"}
    apart |= {"97163", "97168"}
    spans = sorted(
        (datetime.fromisoformat(event["started_at"]), datetime.fromisoformat(event["stopped_at"]))
        for event in events
        if event["code"] not in apart
    )
    shown, latest = 0.0, None
    for start, stop in spans:
        begin = start if latest is None else max(start, latest)
        shown += max(0.0, (stop - begin).total_seconds())
        latest = stop if latest is None else max(latest, stop)
    timed = [line for line in day_of(events)["lines"] if line["code"] not in apart]
    assert sum(line["minutes"] for line in timed) * 60 <= shown + 1
