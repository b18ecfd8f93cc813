"""Patients who are merged end as if there had always been the one, and those who are separated as if never merged."""

from hypothesis import given
from hypothesis import strategies as st
from properties.histories import Event
from properties.merged import PATIENTS, merged_histories, merges
from properties.network import SITES
from properties.stream import plain, rated, run
from properties.test_order import amiss
from reference.claims import claims_to_take_back
from reference.recompute import compare, recompute


@given(merged_histories())
def test_product_and_naive_recomputation_agree(history: list[Event]) -> None:
    assert compare(plain(rated(history, final=True)), recompute(history, SITES)) == []


@given(merged_histories(), st.data())
def test_order_and_duplicates_never_matter(history: list[Event], data: st.DataObject) -> None:
    again = data.draw(st.lists(st.sampled_from(history), max_size=6))
    assert rated(data.draw(st.permutations(history + again))) == rated(history)


@given(merged_histories())
def test_final_values_are_the_same_without_the_alerts_between(history: list[Event]) -> None:
    assert rated(history, final=True) == rated(history)


@st.composite
def merged_for_good(draw: st.DrawFn) -> list[Event]:
    """A history in which each patient is merged once at most, into one of a lower number, and never separated."""
    history = [event for event in draw(merged_histories()) if event["event_type"] != "patient.merged"]
    for number, patient in enumerate(PATIENTS[1:], 1):
        if draw(st.booleans()):
            said = {"patient_id": patient, "into_patient_id": draw(st.sampled_from(PATIENTS[:number])), "revision": 1}
            history.append(draw(merges()) | said | {"event_id": f"m-{number}"})
    return [event | {"event_id": f"{event['event_id']}-{number}"} for number, event in enumerate(history)]


@given(merged_for_good(), st.data())
def test_a_claim_for_a_day_that_came_and_went_under_any_name_is_to_be_taken_back(
    history: list[Event], data: st.DataObject
) -> None:
    values, alerts = run(data.draw(st.permutations(history)))
    found = {(subject, date, payer) for subject, _, date, kind, payer in amiss(alerts) if kind == "resubmit"}
    gone = {place for place in found if f"{place[0]}|{place[1]}" not in values["billable-days"]}
    assert gone == claims_to_take_back(history)


@given(merged_for_good(), st.data())
def test_claims_are_amiss_in_the_end_in_whatever_order_merges_and_facts_came(
    history: list[Event], data: st.DataObject
) -> None:
    again = data.draw(st.lists(st.sampled_from(history), max_size=4))
    assert amiss(run(data.draw(st.permutations(history + again)))[1]) == amiss(run(history)[1])
