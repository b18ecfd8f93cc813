"""Merged patients over all partitions: the stream ends in what `rate` ends in, through repeats and faults."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from properties.histories import Event
from properties.merged import merged_histories
from properties.stream import rated
from streams.memory import processed, values

from pipeline.engine.testing import COMMITTED, CRASH, FENCED, REBALANCE, UNANSWERED, ZOMBIE

FAULTS = [COMMITTED, CRASH, REBALANCE, FENCED, UNANSWERED, ZOMBIE]


@given(merged_histories(), st.data())
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_the_stream_ends_in_what_rate_ends_in(history: list[Event], data: st.DataObject) -> None:
    again: list[Any] = data.draw(st.permutations(history + data.draw(st.lists(st.sampled_from(history), max_size=4))))
    for _ in range(data.draw(st.integers(0, 3))):
        again.insert(data.draw(st.integers(0, len(again))), data.draw(st.sampled_from(FAULTS)))
    assert values(processed(again)) == rated(history)
