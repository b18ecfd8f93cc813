"""Patients who are merged end as if there had always been the one, and those who are separated as if never merged."""

from hypothesis import given
from hypothesis import strategies as st
from properties.histories import Event
from properties.merged import merged_histories
from properties.network import SITES
from properties.stream import plain, rated
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
