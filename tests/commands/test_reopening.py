"""What is sent with an event that came too late, so that its day is whole again; and when nothing may be sent."""

from typing import Any

import pytest
from ledger.emr import Event, segment, void
from properties.stream import taken

from pipeline.commands.reopening import reopening
from pipeline.events.days import BillableDay, Finding, Measure

DAY, OTHER = "2025-03-03", "2025-03-04"


def events(*told: Event) -> list[Any]:
    return [taken(event)[0] for event in told]


def billed(*segment_ids: str) -> dict[str, BillableDay]:
    """Give a day of which only its segments matter."""
    none = Measure(timed=0, untimed=0)
    finding = Finding(
        kind="times_missing", message="", payer_id=None, discipline=None, code=None, segment_ids=list(segment_ids)
    )
    day = BillableDay(
        patient_id="p-1",
        service_date=DAY,
        site_ids=[],
        payers=[],
        lines=[],
        findings=[finding],
        explanation=[],
        minutes=none,
        units=none,
    )
    return {f"p-1|{DAY}": day}


def test_all_segments_of_the_day_go_with_the_event_and_none_of_another_day() -> None:
    told = events(segment("e-1", DAY), segment("e-2", OTHER), segment("e-3", DAY), void("e-4", "s-e-3"))
    (late,) = events(segment("e-9", DAY))
    reopened = reopening(late, told, billed("s-e-1"))
    assert reopened.dates == [DAY]
    assert {event.event_id for event in reopened.events} == {"e-1", "e-3", "e-4", "e-9"}
    assert (reopened.event_id, reopened.patient_id) == ("e-9", "p-1")


def test_the_day_that_a_segment_moves_from_is_opened_with_the_one_that_it_moves_to() -> None:
    told = events(segment("e-1", DAY), segment("e-2", OTHER), segment("e-3", DAY))
    (late,) = events(segment("e-9", OTHER, segment_id="s-e-1", revision=2))
    reopened = reopening(late, told, billed("s-e-1", "s-e-3"))
    assert reopened.dates == [DAY, OTHER]
    assert {event.event_id for event in reopened.events} == {"e-1", "e-2", "e-3", "e-9"}


@pytest.mark.parametrize(
    ("late", "told", "why"),
    [
        (segment("e-9", DAY), [segment("e-1", DAY)], "does not hold all segments"),
        (void("e-9", "s-e-7"), [segment("e-1", DAY), segment("e-2", DAY)], "holds no more"),
    ],
)
def test_a_day_that_cannot_be_made_whole_is_not_opened(late: Event, told: list[Event], why: str) -> None:
    with pytest.raises(Exception, match=why):
        reopening(*events(late), events(*told), billed("s-e-1", "s-e-2"))
