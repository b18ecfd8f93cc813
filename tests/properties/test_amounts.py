"""Minutes, units, prices and totals: what holds of every history."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st
from properties.histories import Event, days, histories, in_one_year
from properties.stream import plain, rated

ASSISTED = {"CO", "CQ"}
BUCKET = {"OT": "OT", "PT": "PT-SLP", "SLP": "PT-SLP"}
Day = dict[str, Any]


def day_of(events: list[Event]) -> Day:
    (day,) = plain(rated(events))["billable-days"].values()
    return day


@given(histories(), st.data())
def test_a_voided_segment_is_as_if_it_had_never_been(history: list[Event], data: st.DataObject) -> None:
    segments = sorted({(event["patient_id"], event["segment_id"]) for event in history if "segment_id" in event})
    assume(segments)
    gone = data.draw(st.sampled_from(segments))
    others = [event for event in history if (event["patient_id"], event.get("segment_id")) != gone]
    patient_id, segment_id = gone
    void = {
        "event_id": "e-void",
        "event_type": "segment.voided",
        "occurred_at": "2026-02-01T00:00:00Z",
        "patient_id": patient_id,
        "site_id": "site-a",
        "source": "emr-1",
        "segment_id": segment_id,
        "revision": 9,
    }
    place = data.draw(st.integers(0, len(history)))
    assert rated([*history[:place], void, *history[place:]]) == rated(others)


@given(days(in_turn=True), st.data())
def test_more_minutes_never_give_fewer_units_of_a_payer_and_discipline(
    events: list[Event], data: st.DataObject
) -> None:
    position = data.draw(st.integers(0, len(events) - 1))
    event = events[position]
    lasted = datetime.fromisoformat(event["stopped_at"]) - datetime.fromisoformat(event["started_at"])
    room = 14_400 - int(lasted.total_seconds()) - 1
    assume(room > 0)
    more = timedelta(seconds=data.draw(st.integers(1, min(room, 3_600))))
    stop = datetime.fromisoformat(event["stopped_at"]) + more
    longer = [*events[:position], event | {"stopped_at": stop.isoformat()}, *events[position + 1 :]]
    before, after = units(day_of(events)), units(day_of(longer))
    assert all(after[place] >= count for place, count in before.items())


def units(day: Day) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = defaultdict(int)
    for line in day["lines"]:
        found[line["payer_id"], line["discipline"]] += line["units"]
    return found


@given(days(payers=("medicare-b",), in_turn=True))
def test_medicare_units_of_a_discipline_are_those_of_its_total_minutes(events: list[Event]) -> None:
    day = day_of(events)
    alone = {"97550", "97551"}
    for discipline in BUCKET:
        lines = [line for line in day["lines"] if line["discipline"] == discipline]
        timed = [line for line in lines if line["code"].startswith("97") and line["code"] not in alone | UNTIMED]
        spent = counted_minutes(events, discipline)
        assert sum(line["units"] for line in timed) == (spent + 7) // 15


UNTIMED = {"97163", "97165", "97166", "97168", "97150", "97010", "97014", "97552", "97597"}
PAIRED = {"97130": "97129"}


def counted_minutes(events: list[Event], discipline: str) -> int:
    """Give the whole minutes of the timed codes of a discipline; a pair counts together, caregiver training apart."""
    spent: dict[str, timedelta] = defaultdict(timedelta)
    for event in events:
        code = event["code"]
        if event["discipline"] == discipline and code.startswith("97") and code not in {"97550", "97551", *UNTIMED}:
            lasted = datetime.fromisoformat(event["stopped_at"]) - datetime.fromisoformat(event["started_at"])
            spent[PAIRED.get(code, code)] += lasted - timedelta(seconds=event.get("paused_seconds", 0))
    return sum(time // timedelta(minutes=1) for time in spent.values())


@given(days())
def test_minutes_of_a_day_count_every_listed_code_and_units_every_line(events: list[Event]) -> None:
    day = day_of(events)
    assert day["units"]["timed"] + day["units"]["untimed"] == sum(line["units"] for line in day["lines"])
    assert day["minutes"]["timed"] + day["minutes"]["untimed"] >= sum(line["minutes"] for line in day["lines"])
    assert all(line["units"] > 0 for line in day["lines"])


@given(days())
def test_a_reduction_never_raises_a_price_and_never_takes_more_than_the_lines_reduced_units(
    events: list[Event],
) -> None:
    for line in day_of(events)["lines"]:
        if line["full_cents"] is None:
            assert (line["allowed_cents"], line["reductions"]) == (None, [])
            continue
        assert 0 <= line["allowed_cents"] <= line["full_cents"]
        assert line["full_cents"] - line["allowed_cents"] == sum(taken["cents"] for taken in line["reductions"])
        for taken in line["reductions"]:
            # Half of the practice expense is never more than half of the fee, a cent for rounding.
            assert 0 < taken["units"] <= line["units"]
            assert taken["cents"] <= taken["units"] * (line["full_cents"] // line["units"] // 2 + 1)


@given(days())
def test_of_a_payer_and_billing_number_at_most_one_reducible_unit_is_in_full(events: list[Event]) -> None:
    for event in events:
        event["site_id"] = "site-a"
    for payer_id in ("medicare-b", "uhc"):
        lines = [line for line in day_of(events)["lines"] if line["payer_id"] == payer_id and line["full_cents"]]
        reduced = [line for line in lines if line["reductions"]]
        unreduced = sum(line["units"] - line["reductions"][0]["units"] for line in reduced)
        assert unreduced <= 1


@given(days())
def test_payers_without_the_reduction_pay_every_unit_in_full(events: list[Event]) -> None:
    lines = [line for line in day_of(events)["lines"] if line["payer_id"] in {"cigna", "acme-health"}]
    assert all(line["allowed_cents"] == line["full_cents"] and not line["reductions"] for line in lines)


@given(histories(answered=False))
def test_lines_have_a_fixed_order_and_name_each_code_once_plain_and_once_of_an_assistant(history: list[Event]) -> None:
    for day in plain(rated(history))["billable-days"].values():
        places = [
            (line["payer_id"], line["discipline"], line["code"], not ASSISTED.isdisjoint(line["modifiers"]))
            for line in day["lines"]
        ]
        assert places == sorted(set(places))


@given(st.one_of(in_one_year(), histories(answered=False)))
def test_a_total_is_the_sum_of_its_lines_and_what_others_accrued(history: list[Event]) -> None:
    values = plain(rated(history))
    own: dict[str, int] = defaultdict(int)
    dates: dict[str, set[str]] = defaultdict(set)
    for key, day in values["billable-days"].items():
        patient_id, _, date = key.partition("|")
        for line in day["lines"]:
            if line["payer_id"] == "medicare-b":
                place = f"{patient_id}|{date[:4]}|{BUCKET[line['discipline']]}"
                own[place] += line["allowed_cents"] or 0
                dates[place].add(date)
    for key, total in values["threshold-totals"].items():
        assert total["own_cents"] == own[key]
        assert total["total_cents"] == own[key] + total["external_cents"]
        assert total["days"] == len(dates[key])
        assert total["last_service_date"] == max(dates[key], default=None)
        assert total["estimated"] == bool(dates[key])
    with_figures = {key for key in own if "|2027|" not in key}
    assert with_figures <= values["threshold-totals"].keys()


@given(st.one_of(in_one_year(), histories(answered=False)))
def test_a_state_follows_the_amounts_alone(history: list[Event]) -> None:
    for total in plain(rated(history))["threshold-totals"].values():
        for name, percent in (("kx", 80), ("review", 90)):
            limit, amount = total[name]["threshold_cents"], total["total_cents"]
            near = "approaching" if amount * 100 >= limit * percent else "clear"
            assert total[name]["state"] == ("exceeded" if amount > limit else near)
            assert total[name]["remaining_cents"] == max(0, limit - amount)
            assert (total[name]["crossed_on"] is not None) == (amount > limit)


@given(st.one_of(in_one_year(), histories(answered=False)))
def test_a_line_has_kx_exactly_when_its_running_total_is_over(history: list[Event]) -> None:
    values = plain(rated(history))
    for key, total in values["threshold-totals"].items():
        patient_id, year, bucket = key.split("|")
        running, limit = total["external_cents"], total["kx"]["threshold_cents"]
        for date, position, line in counted(values["claim-days"], patient_id, year, bucket):
            running += line["allowed_cents"] or 0
            claim = values["claim-days"][f"{patient_id}|{date}"]
            due = running > limit and "GA" not in line["modifiers"]
            assert ("KX" in line["modifiers"]) == (position in claim["kx_lines"]) == due
        assert running == total["total_cents"]


@given(in_one_year(), st.data())
def test_a_line_that_reaches_the_threshold_to_the_cent_has_no_kx_and_any_later_cent_has(
    history: list[Event], data: st.DataObject
) -> None:
    near = next(event for event in history if event.get("accrual_id") == "a-near")
    others = [event for event in history if event["event_type"] != "accrual.reported"]
    lines = counted(plain(rated(others))["claim-days"], "p-1", "2025", "OT")
    amounts = [line["allowed_cents"] or 0 for _, _, line in lines]
    assume(sum(amounts) <= 241_000)
    reached = data.draw(st.integers(0, len(lines)))
    exactly = near | {"amount_cents": 241_000 - sum(amounts[:reached])}
    claims = plain(rated([exactly, *others]))["claim-days"]
    with_kx = ["KX" in line["modifiers"] for _, _, line in counted(claims, "p-1", "2025", "OT")]
    later = [
        sum(amounts[reached : position + 1]) > 0 and "GA" not in line["modifiers"]
        for position, (_, _, line) in enumerate(lines)
    ]
    assert with_kx == later


def counted(claims: dict[str, Any], patient_id: str, year: str, bucket: str) -> list[tuple[str, int, Any]]:
    """Give a bucket's Medicare lines of a year in the order that they count in."""
    found = []
    for key, claim in claims.items():
        of, _, date = key.partition("|")
        for position, line in enumerate(claim["lines"]):
            mine = line["payer_id"] == "medicare-b" and BUCKET[line["discipline"]] == bucket
            if of == patient_id and date[:4] == year and mine:
                started = line["started_at"]
                clock = 1e18 if started is None else datetime.fromisoformat(started.upper()).timestamp()
                found.append((date, clock, line["code"], line["discipline"], position, line))
    found.sort(key=lambda place: place[:5])
    return [(date, position, line) for date, _, _, _, position, line in found]


@given(in_one_year())
def test_a_claim_day_is_its_billable_day_but_for_kx(history: list[Event]) -> None:
    values = plain(rated(history))
    assert values["claim-days"].keys() == values["billable-days"].keys()
    for key, claim in values["claim-days"].items():
        for position, (line, billed) in enumerate(
            zip(claim["lines"], values["billable-days"][key]["lines"], strict=True)
        ):
            kx = ["KX"] if position in claim["kx_lines"] else []
            owed = {name: line[name] for name in ("patient_cents", "payer_cents")}
            owed["modifiers"] = [*billed["modifiers"], *kx]
            assert line == billed | owed


@given(histories(answered=False))
def test_patient_and_payer_owe_no_more_than_the_line_and_all_of_it_where_no_assistant_had_a_part(
    history: list[Event],
) -> None:
    for claim in plain(rated(history))["claim-days"].values():
        for line in claim["lines"]:
            shares = line["patient_cents"], line["payer_cents"]
            if line["allowed_cents"] is None:
                assert shares == (None, None)
            elif None not in shares:
                assert min(shares) >= 0
                cut = line["allowed_cents"] - sum(shares)
                assert cut >= 0
                assert not cut or {"CO", "CQ"} & set(line["modifiers"])


@given(in_one_year(), st.data())
def test_more_from_other_providers_never_takes_a_kx_away(history: list[Event], data: st.DataObject) -> None:
    before = plain(rated(history))["claim-days"]
    accrued = [event for event in history if event["event_type"] == "accrual.reported"]
    assume(accrued)
    more = data.draw(st.integers(1, 50_000))
    raised = [
        event | {"amount_cents": event["amount_cents"] + more} if event in accrued else event for event in history
    ]
    after = plain(rated(raised))["claim-days"]
    assert all(set(claim["kx_lines"]) <= set(after[key]["kx_lines"]) for key, claim in before.items())


@given(histories(answered=False))
def test_every_line_that_lacks_kx_attestation_is_found(history: list[Event]) -> None:
    for claim in plain(rated(history))["claim-days"].values():
        found = [finding["code"] for finding in claim["findings"] if finding["kind"] == "kx_not_attested"]
        assert claim["kx_attested"] <= (not found)
        due = [claim["lines"][position]["code"] for position in claim["kx_lines"]]
        assert set(found) <= set(due)
