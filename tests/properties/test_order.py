"""The order and the number of deliveries never matter, nor the size of batches, nor a crash between them."""

from datetime import date, timedelta
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from properties.histories import Event, histories, in_one_year, with_own_ids
from properties.network import SITES
from properties.stream import Stream, plain, rated, run, streamed
from reference.claims import claims_to_take_back
from reference.recompute import compare, recompute

SIZES = st.lists(st.integers(1, 6), min_size=1, max_size=3)


@given(st.one_of(histories(), in_one_year(answered=True)))
def test_product_and_naive_recomputation_agree(history: list[Event]) -> None:
    assert compare(plain(rated(history)), recompute(history, SITES)) == []


@given(histories(), st.data())
def test_order_and_duplicates_never_matter(history: list[Event], data: st.DataObject) -> None:
    again = data.draw(st.lists(st.sampled_from(history), max_size=10))
    assert rated(data.draw(st.permutations(history + again))) == rated(history)


@given(histories())
def test_final_values_are_the_same_without_the_alerts_between(history: list[Event]) -> None:
    assert rated(history, final=True) == rated(history)


@given(histories(), SIZES)
def test_batches_of_any_size_end_in_what_the_rater_ends_in(history: list[Event], sizes: list[int]) -> None:
    assert streamed(history, sizes).values == rated(history)


@given(histories(), st.data())
def test_a_batch_whose_state_was_never_written_owes_the_same_messages_again(
    history: list[Event], data: st.DataObject
) -> None:
    stream = streamed(history[: data.draw(st.integers(0, len(history)))])
    stream.deliver(history)
    assert stream.fold_days(dies="fold") == stream.fold_days()
    assert stream.fold_totals(dies="fold") == stream.fold_totals()


DEATHS = st.sampled_from(["fold", "outputs", "state"])


@given(histories(), SIZES, DEATHS)
def test_a_batch_that_breaks_off_is_made_good_by_its_replay(history: list[Event], sizes: list[int], dies: str) -> None:
    assert broken_off(history, sizes[0], sizes[0], dies).values == rated(history)


@given(histories(), st.integers(1, 3), st.integers(1, 6), DEATHS)
def test_the_replay_of_sessions_may_have_batches_of_another_size(
    history: list[Event], first: int, then: int, dies: str
) -> None:
    assert broken_off(history, first, then, dies).values == rated(history)


@given(histories(), st.integers(1, 4), st.randoms(use_true_random=False))
def test_whatever_part_of_a_batchs_state_was_written_the_replay_makes_it_good(
    history: list[Event], size: int, chance: Random
) -> None:
    stream = Stream()
    stream.deliver(history)
    while stream.days_at < len(stream.log):
        stream.tear(lambda: stream.fold_days(size, dies="state"), chance)
        stream.fold_days()
    while stream.totals_at < len(stream.log) or stream.changes_at < len(stream.day_log):
        stream.tear(lambda: stream.fold_totals(size, dies="state"), chance)
        stream.fold_totals(size)
    assert stream.values == rated(history)


def broken_off(history: list[Event], first: int, then: int, dies: str) -> Stream:
    """Give the stream after every batch broke off once and was read again, perhaps with more or with less."""
    stream = Stream()
    stream.deliver(history)
    while stream.days_at < len(stream.log):
        stream.fold_days(first, dies=dies)
        stream.fold_days(then)
    while stream.totals_at < len(stream.log) or stream.changes_at < len(stream.day_log):
        stream.fold_totals(first, dies=dies)
        stream.fold_totals(then)
    return stream


@given(histories(), SIZES)
def test_a_replay_from_the_start_of_the_log_ends_in_the_same(history: list[Event], sizes: list[int]) -> None:
    stream = streamed(history, sizes)
    before = stream.values
    stream.replay()
    stream.finish()
    assert stream.values == before


@given(histories(most=8))
def test_events_that_are_all_known_owe_nothing(history: list[Event]) -> None:
    stream = streamed(history)
    stream.deliver(history)
    assert stream.fold_days() == stream.fold_totals() == []


@given(with_own_ids(), SIZES)
def test_the_last_alert_of_a_threshold_agrees_with_its_total(history: list[Event], sizes: list[int]) -> None:
    expected = levels(plain(rated(history))["threshold-totals"])
    assert last_levels(run(history)[1]) == expected
    assert last_levels(streamed(history, sizes).alerts) == expected


@given(with_own_ids())
def test_no_two_alerts_of_a_run_share_an_id(history: list[Event]) -> None:
    ids = [alert.id for alert in run(history)[1]]
    assert len(ids) == len(set(ids))


@given(st.one_of(with_own_ids(), in_one_year(answered=True)), SIZES)
def test_a_projection_that_is_told_stands_until_it_is_withdrawn_or_comes_true(
    history: list[Event], sizes: list[int]
) -> None:
    expected = ahead(plain(rated(history))["threshold-totals"])
    assert last_ahead(run(history)[1]) == expected
    assert last_ahead(streamed(history, sizes).alerts) == expected


@given(st.one_of(with_own_ids(), in_one_year(answered=True)), SIZES)
def test_claims_are_amiss_in_the_end_as_if_all_had_come_at_once(history: list[Event], sizes: list[int]) -> None:
    at_once = amiss(streamed(history).alerts)
    assert amiss(run(history)[1]) == at_once
    assert amiss(streamed(history, sizes).alerts) == at_once


@given(st.one_of(with_own_ids(), in_one_year()), SIZES, st.data())
def test_a_claim_for_a_day_that_came_and_went_is_to_be_taken_back_in_whatever_order_all_came(
    history: list[Event], sizes: list[int], data: st.DataObject
) -> None:
    other = data.draw(st.permutations(history))
    expected = claims_to_take_back(history)
    for values, alerts in (run(other), ((stream := streamed(other, sizes)).values, stream.alerts)):
        found = {(subject, date, payer) for subject, _, date, kind, payer in amiss(alerts) if kind == "resubmit"}
        assert {place for place in found if f"{place[0]}|{place[1]}" not in values["billable-days"]} == expected


@given(with_own_ids())
def test_the_alerts_of_a_run_are_the_same_in_the_next(history: list[Event]) -> None:
    assert run(history) == run(history)


def ahead(totals: dict[str, dict[str, Any]]) -> set[tuple[str, str]]:
    """Give the thresholds that a projection crosses within 30 days of the last visit, by a total's key."""
    found = set()
    for key, total in totals.items():
        for name, projection in (("kx", total["projection"]), ("review", total["review_projection"])):
            if projection["crosses_on"] is not None:
                left = date.fromisoformat(projection["crosses_on"]) - date.fromisoformat(total["last_service_date"])
                found |= {(key, name)} if left <= timedelta(30) else set()
    return found


def last_ahead(alerts: list[Any]) -> set[tuple[str, str]]:
    """Give the thresholds that alerts leave projected: told of, and neither withdrawn nor exceeded since."""
    found = set()
    for alert in alerts:
        if alert.type.startswith("kxwatch.care."):
            continue
        kind = alert.type.removeprefix("kxwatch.threshold.")
        place = f"{alert.subject}|{alert.data.year:04d}|{alert.data.bucket}", getattr(alert.data, "threshold", "")
        if kind == "projected":
            assert place not in found
            found.add(place)
        elif kind == "projection_withdrawn":
            found.remove(place)
        elif kind == "exceeded":
            found.discard(place)
    return found


def amiss(alerts: list[Any]) -> set[tuple[object, ...]]:
    """Give what claim alerts leave amiss: raised, and not settled since."""
    found: set[tuple[object, ...]] = set()
    for alert in alerts:
        if not alert.type.startswith("kxwatch.claim."):
            continue
        news = alert.data
        if news.kind == "therapist_overlap":
            # Told by another stage.
            continue
        place = alert.subject, news.year, news.service_date, news.kind, news.payer_id
        if alert.type.endswith("settled"):
            found.remove(place)
        else:
            found.add(place)
    return found


def levels(totals: dict[str, dict[str, Any]]) -> dict[tuple[str, str], str]:
    """Give the levels above clear by a total's key and the threshold's name."""
    found = {(key, name): total[name]["state"] for key, total in totals.items() for name in ("kx", "review")}
    return {place: state for place, state in found.items() if state != "clear"}


def last_levels(alerts: list[Any]) -> dict[tuple[str, str], str]:
    """Give what the last threshold alerts say, by the same; a threshold that was cleared is not there."""
    found = {}
    for alert in alerts:
        if not alert.type.startswith("kxwatch.threshold."):
            continue
        news = alert.data
        place = f"{alert.subject}|{news.year:04d}|{news.bucket}", news.threshold
        found[place] = "clear" if alert.type.endswith("cleared") else news.level
    return {place: state for place, state in found.items() if state != "clear"}
