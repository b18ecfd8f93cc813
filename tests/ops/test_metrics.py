import shutil
import subprocess
import time
from collections import Counter

import pytest
from msgspec.structs import replace
from prometheus_client import generate_latest

from pipeline.engine.record import Message, Record
from pipeline.engine.stage import Outcome
from pipeline.errors import Refused
from pipeline.events.codec import encode
from pipeline.events.totals import Projection, State, Threshold, ThresholdTotal
from pipeline.ops.metrics import Metrics
from pipeline.settings import Settings


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


def test_a_port_that_is_taken_is_refused_with_the_setting_at_fault() -> None:
    server, address = Metrics().serve(Settings(metrics_port=0))
    try:
        with pytest.raises(Refused, match="KXWATCH_METRICS_PORT"):
            Metrics().serve(Settings(metrics_port=server.server_port))
        assert address == f"http://127.0.0.1:{server.server_port}/metrics"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool, a part of Prometheus, is not installed")
def test_prometheus_finds_nothing_to_mend_in_names_and_types() -> None:
    metrics = Metrics()
    metrics.lag.behind = {("emr-events", 0): 1}
    metrics.observe(outcome(message(total()), events=1, units=1, alerts=1))
    said = subprocess.run(
        ["promtool", "check", "metrics"], input=generate_latest(metrics.registry), capture_output=True, check=False
    )
    assert (said.returncode, said.stdout + said.stderr) == (0, b"")
