"""Merged patients over all partitions: the stream ends in what `rate` ends in, through repeats and faults."""

import json
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledger.care import coverage, note, plan, tick, visit
from ledger.emr import base, claim, segment, void
from properties.histories import Event
from properties.merged import merged_histories
from properties.stream import rated, run
from streams.memory import PARTITIONS, alerts, processed, sent, values

from pipeline.engine.testing import COMMITTED, CRASH, FENCED, REBALANCE, UNANSWERED, ZOMBIE
from pipeline.engine.testing import Event as Sent

FAULTS = [COMMITTED, CRASH, REBALANCE, FENCED, UNANSWERED, ZOMBIE]


@given(merged_histories(), st.data())
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_the_stream_ends_in_what_rate_ends_in(history: list[Event], data: st.DataObject) -> None:
    again: list[Any] = data.draw(st.permutations(history + data.draw(st.lists(st.sampled_from(history), max_size=4))))
    for _ in range(data.draw(st.integers(0, 3))):
        again.insert(data.draw(st.integers(0, len(again))), data.draw(st.sampled_from(FAULTS)))
    assert values(processed(again)) == rated(history)


CARE = [
    *[(f"p-{number}", visit(date, payer_id="uhc")) for number, date in ((1, "2025-03-03"), (2, "2025-03-05"))],
    ("p-2", plan("2025-03-01", "2025-05-01")),
    ("p-2", coverage(visit_limit=3, visits_used=1)),
    ("p-1", note("2025-03-05")),
    ("p-2", note("2025-03-05", elements=["progress"])),
    ("p-3", visit("2025-03-06")),
]
MERGES = [("p-2", "p-1", 1), ("p-3", "p-2", 1), ("p-3", "p-3", 2), ("p-1", "p-1", 0)]


@pytest.mark.parametrize("seed", range(6))
def test_the_last_word_on_care_is_that_of_rate(seed: int) -> None:
    events = [event | {"patient_id": patient, "event_id": f"{patient}-{event['event_id']}"} for patient, event in CARE]
    for number, (patient, into, revision) in enumerate(MERGES):
        said = {"patient_id": patient, "into_patient_id": into, "revision": revision}
        events.append(base("patient.merged", f"m-{number}") | said)
    Random(seed).shuffle(events)
    tester_events = [sent(event) for event in events]
    begun = json.dumps(tick("2025-03-20")).encode()
    ticks = [
        Sent("session-events", b"-", begun, number, {"event_type": b"day.ticked"}, 1_742_500_000_000)
        for number in range(PARTITIONS)
    ]
    tester = processed([*tester_events[:5], Random(seed).choice(FAULTS), *tester_events[5:], COMMITTED, *ticks])
    told = [json.loads(json.dumps(alert)) for alert in alerts(tester, "care-alerts")]
    expected = [as_json(alert) for alert in run([*events, tick("2025-03-20")])[1]]
    assert last(told)
    assert last(told) == last([alert for alert in expected if alert["type"].startswith("kxwatch.care.")])


def as_json(alert: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(msgspec.json.encode(alert))
    return found


def last(told: list[dict[str, Any]]) -> dict[tuple[Any, ...], Any]:
    """Give what stands of each matter by its last alert."""
    found: dict[tuple[Any, ...], Any] = {}
    for alert in told:
        data = alert["data"]
        place = alert["subject"], data["kind"], data["discipline"], data["service_date"], data["payer_id"]
        found.pop(place, None)
        if not alert["type"].endswith("settled"):
            found[place] = data["sentence"]
    return found


@pytest.mark.parametrize("seed", range(8))
def test_a_claim_for_a_day_that_came_and_went_in_another_partition_is_to_be_taken_back_by_the_survivor(
    seed: int,
) -> None:
    moved = segment("e-2", "2025-03-04", segment_id="s-e-2")
    moved_on = segment("e-4", "2025-03-06", segment_id="s-e-2", revision=2)
    told = segment("e-1"), void("e-3", "s-e-1"), moved, moved_on, claim("e-5", "2025-03-03", ("97530", ["GO"], 2))
    events = [event | {"patient_id": "p-2"} for event in told]
    events.append(claim("e-6", "2025-03-04", ("97530", ["GO"], 2), claim_id="c-2"))
    events.append(base("patient.merged", "m-1") | {"patient_id": "p-2", "into_patient_id": "p-1", "revision": 1})
    chance = Random(seed)
    chance.shuffle(events)
    place = chance.randrange(len(events))
    tester = processed([*events[:place], chance.choice(FAULTS), *events[place:], COMMITTED])
    standing = set()
    for alert in alerts(tester, "claim-alerts"):
        of = alert["subject"], alert["data"]["kind"], alert["data"]["service_date"]
        (standing.discard if alert["type"].endswith("settled") else standing.add)(of)
    assert standing == {("p-1", "resubmit", "2025-03-03"), ("p-1", "resubmit", "2025-03-04")}
