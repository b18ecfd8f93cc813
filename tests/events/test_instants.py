"""Times of events are ordered exactly, in any offset and with any number of digits."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference.facts import instant as exactly

from pipeline.events.fields import instant

FRACTION = st.one_of(st.just(""), st.text(alphabet="0123456789", min_size=1, max_size=14).map(".".__add__))
OFFSET = st.sampled_from(["Z", "z", "+00:00", "-00:00", "-05:00", "+05:45", "-14:00", "+23:59"])
TIME = st.builds(
    lambda day, clock, fraction, offset: f"{day}T{clock}{fraction}{offset}",
    st.sampled_from(["2025-03-03", "2025-03-04", "2024-12-31", "2025-01-01"]),
    st.sampled_from(["00:00:00", "09:00:00", "09:00:01", "23:59:59"]),
    FRACTION,
    OFFSET,
)


@given(TIME, TIME)
@settings(max_examples=400, deadline=None)
def test_two_times_are_ordered_as_the_instants_they_are(one: str, other: str) -> None:
    first, second = exactly(one), exactly(other)
    assert (instant(one) < instant(other)) == (first < second)
    assert (instant(one) == instant(other)) == (first == second)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2025-03-03T09:00:00-05:00", "2025-03-03T14:00:00Z"),
        ("2025-03-03T09:00:00.5Z", "2025-03-03t09:00:00.500000000000z"),
        ("2025-03-03T09:00:00.000Z", "2025-03-03T09:00:00Z"),
    ],
)
def test_one_instant_written_in_two_ways_is_one(one: str, other: str) -> None:
    assert instant(one) == instant(other)


def test_the_thirteenth_digit_still_orders() -> None:
    assert instant("2025-03-03T09:00:00.1000000000001Z") > instant("2025-03-03T09:00:00.1Z")
    assert exactly("2025-03-03T09:00:00.1000000000001Z") - exactly("2025-03-03T09:00:00.1Z") == Fraction(1, 10**13)
