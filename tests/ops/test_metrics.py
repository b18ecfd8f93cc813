import shutil
import subprocess
import time
from collections import Counter

import pytest
from aiokafka.errors import KafkaTimeoutError, UnknownProducerId
from msgspec.structs import replace
from prometheus_client import generate_latest

from pipeline.engine.errors import LostError
from pipeline.engine.record import Message, Record
from pipeline.engine.stage import Outcome
from pipeline.events.codec import encode
from pipeline.events.totals import Projection, State, Threshold, ThresholdTotal
from pipeline.ops.health import Facts, Loading
from pipeline.ops.metrics import Metrics


def total(*, year: int = 2026, left: int = 50_000, state: State = "clear") -> ThresholdTotal:
    threshold = Threshold(threshold_cents=248_000, remaining_cents=left, state=state, crossed_on=None)
    return ThresholdTotal(
        patient_id="p-1",
        year=year,
        bucket="OT",
        total_cents=0,
        own_cents=0,
        external_cents=0,
        estimated=False,
        days=0,
        last_service_date=None,
        kx=threshold,
        review=threshold,
        projection=Projection(visits_left=None, crosses_on=None),
    )


def message(value: ThresholdTotal | None) -> Message:
    now = str(int(time.time() * 1000)).encode()
    headers = {"event_id": b"e", "occurred_at": b"2026-01-31T09:00:00Z", "appended": now}
    return Message("threshold-totals", b"p-1|2026|OT", None if value is None else encode(value), 3, headers)


def outcome(*messages: Message, **counts: int) -> Outcome:
    record = Record("billable-days", 3, 7, 0, b"p-1|2026-01-31", b"{}", {})
    return Outcome(
        "totals", 3, [record], messages, Counter({(name, "x", "y"): count for name, count in counts.items()})
    )


def told(metrics: Metrics) -> dict[str, float]:
    lines = generate_latest(metrics.registry).decode().splitlines()
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if not line.startswith("#")}


def patients(metrics: Metrics, state: str) -> float:
    return told(metrics)[f'kxwatch_patients{{bucket="OT",state="{state}",threshold="kx"}}']


def left(metrics: Metrics, most: str) -> float:
    return told(metrics)[f'kxwatch_dollars_left_bucket{{bucket="OT",le="{most}",threshold="kx"}}']


def test_a_patient_stands_where_the_newest_total_says() -> None:
    metrics = Metrics()
    metrics.observe(outcome(message(total())))
    assert (patients(metrics, "clear"), left(metrics, "250.0"), left(metrics, "500.0")) == (1, 0, 1)
    metrics.observe(outcome(message(total(left=0, state="exceeded"))))
    assert (patients(metrics, "clear"), patients(metrics, "exceeded"), left(metrics, "0.0")) == (0, 1, 1)


def test_a_total_that_is_taken_back_counts_no_more() -> None:
    metrics = Metrics()
    metrics.observe(outcome(message(total())))
    metrics.observe(outcome(message(None)))
    assert (patients(metrics, "clear"), left(metrics, "+Inf")) == (0, 0)


def test_a_patient_of_several_years_counts_once_by_the_newest() -> None:
    metrics = Metrics()
    metrics.standings.put(3, "p-1|2026|OT", total())
    metrics.standings.put(3, "p-1|2025|OT", total(year=2025, state="exceeded"))
    assert (patients(metrics, "clear"), patients(metrics, "exceeded")) == (1, 0)


def test_the_patients_of_a_lost_partition_leave_with_it() -> None:
    metrics = Metrics()
    metrics.standings.put(3, "p-1|2026|OT", total())
    metrics.standings.put(4, "p-2|2026|OT", total())
    metrics.standings.drop(3)
    assert (patients(metrics, "clear"), left(metrics, "+Inf")) == (1, 1)


def test_what_a_batch_counted_is_counted_when_it_is_done() -> None:
    metrics = Metrics()
    metrics.observe(outcome(events=3))
    metrics.observe(outcome(events=2))
    assert told(metrics)['kxwatch_events_total{result="y",type="x"}'] == 5


def test_latency_is_told_from_what_occurred_and_from_what_was_appended() -> None:
    metrics = Metrics()
    metrics.observe(outcome(message(total()), message(total())))
    found = told(metrics)
    assert found['kxwatch_latency_seconds_count{since="appended"}'] >= 1
    assert found['kxwatch_latency_seconds_bucket{le="30.0",since="appended"}'] >= 1
    assert found['kxwatch_latency_seconds_count{since="occurred"}'] >= 1


def test_a_topic_is_done_as_far_as_its_slowest_agent() -> None:
    metrics = Metrics()
    metrics.observe(outcome())
    slower = outcome()
    metrics.observe(slower._replace(agent="days", records=[replace(slower.records[0], offset=2)]))
    assert (metrics.done("billable-days", 3), metrics.done("billable-days", 4)) == (3, None)
    metrics.forget(set())
    assert metrics.done("billable-days", 3) is None


def test_no_patient_is_in_a_label() -> None:
    metrics = Metrics()
    metrics.observe(outcome(message(total()), events=1, units=1, alerts=1))
    assert "p-1" not in generate_latest(metrics.registry).decode()


def test_progress_is_told_by_topic_and_partition_and_by_how_many_partitions_are_open() -> None:
    metrics = Metrics()
    metrics.progress.facts = Facts(
        joined=True,
        wanted=frozenset({0, 1, 2}),
        opening=frozenset({1}),
        committed={("emr-events", 0): 7},
        ends={("emr-events", 0): 10},
        loading=Loading(40, 100, 2.5),
    )
    found = told(metrics)
    assert found['kxwatch_committed_offset{partition="0",topic="emr-events"}'] == 7
    assert found['kxwatch_lag{partition="0",topic="emr-events"}'] == 3
    states = [found[f'kxwatch_partitions{{state="{state}"}}'] for state in ("open", "opening", "waiting")]
    assert states == [1, 1, 1]
    assert (found["kxwatch_loading_records"], found["kxwatch_loading_seconds_left"]) == (60, 2.5)


def test_commits_are_counted_with_what_they_took() -> None:
    metrics = Metrics()
    metrics.commit(0.02)
    metrics.commit(2)
    found = told(metrics)
    assert (found["kxwatch_commits_total"], found["kxwatch_commit_seconds_sum"]) == (2, 2.02)
    assert found['kxwatch_commit_seconds_bucket{le="0.025"}'] == 1


def test_partitions_that_are_given_up_are_counted_by_why() -> None:
    metrics = Metrics()
    for error in (LostError("group-3"), TimeoutError(), KafkaTimeoutError(), UnknownProducerId()):
        metrics.drop(error)
    found = told(metrics)
    reasons = [found[f'kxwatch_dropped_total{{reason="{reason}"}}'] for reason in ("taken_over", "timeout", "refused")]
    assert reasons == [1, 2, 1]


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool, a part of Prometheus, is not installed")
def test_prometheus_finds_nothing_to_mend_in_names_and_types() -> None:
    metrics = Metrics()
    metrics.progress.facts = Facts(committed={("emr-events", 0): 1}, ends={("emr-events", 0): 1})
    metrics.drop(TimeoutError())
    metrics.observe(outcome(message(total()), events=1, units=1, alerts=1))
    said = subprocess.run(
        ["promtool", "check", "metrics"], input=generate_latest(metrics.registry), capture_output=True, check=False
    )
    assert (said.returncode, said.stdout + said.stderr) == (0, b"")
