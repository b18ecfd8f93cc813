"""The services of docker-compose.yml at work: their commands, environments and health checks as they stand there."""

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from deploy.container import answers, until
from deploy.stack import PATIENT_KEY, Stack

from pipeline.simulate.network import network

MISSING = "" if shutil.which("prometheus") and shutil.which("promtool") else "prometheus is not on this machine"


def kxwatch(stack: Stack, *arguments: str) -> str:
    """Run a command on the host, as a developer does: by the published port."""
    own = {"KXWATCH_BROKERS": stack.address("9092"), "KXWATCH_PATIENT_KEY": PATIENT_KEY}
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", *arguments],
        env=os.environ | own, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def asked(stack: Stack, path: str) -> Any:
    """Give what Prometheus answers."""
    with urllib.request.urlopen(f"http://{stack.address('9090')}/api/v1/{path}", timeout=5) as answer:
        return json.load(answer)["data"]


def test_the_services_come_up_in_their_order_and_are_healthy(stack: Stack) -> None:
    assert stack.ended == {"topics": 0}
    assert "topics made" in stack.running["topics"][0].log.read_text()
    assert len(stack.running["worker"]) == 2
    assert all(one.healthy() for name in stack.running.keys() - {"topics"} for one in stack.running[name])


@pytest.mark.parametrize("name", ["kafka", "worker", "prometheus"])
def test_a_health_check_fails_where_nothing_answers(name: str, stack: Stack) -> None:
    service = stack.services[name]
    # Port 9 is for what is thrown away: nobody listens there.
    check = [part.replace("19092", "9").replace("9090", "9") for part in service.health() or []]
    assert not answers(check, {"PATH": os.environ["PATH"], "KXWATCH_METRICS_PORT": "9"})


def test_events_that_a_developer_publishes_come_out_as_the_totals_that_the_rater_says(
    stack: Stack, tmp_path: Path
) -> None:
    events, results = tmp_path / "events.jsonl", tmp_path / "results.jsonl"
    lines = list(network(sites=2, patients=30, days=30, seed=11))
    events.write_bytes(b"".join(line + b"\n" for line in lines))
    kxwatch(stack, "rate", str(events), "--final", "--out", str(results))
    rated = [json.loads(line) for line in results.read_bytes().splitlines()]
    wanted = sorted(json.dumps(one["value"]) for one in rated if one["topic"] == "threshold-totals")
    assert wanted
    kxwatch(stack, "publish", str(events))

    def held() -> list[str]:
        return sorted(json.dumps(json.loads(line)) for line in kxwatch(stack, "totals", "--json").splitlines())

    until(lambda: held() == wanted, "the totals are not those of the rater")
    patients = {json.loads(line).get("patient_id") for line in lines if line.startswith(b"{")}
    assert not {json.loads(one)["patient_id"] for one in wanted} & patients


def test_kafka_makes_no_topic_because_someone_asks_for_it(stack: Stack) -> None:
    assert kxwatch(stack, "topics", "diff", "--json") == "[]\n"
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", "totals"],
        env=os.environ | {"KXWATCH_BROKERS": stack.address("9092"), "KXWATCH_TOPIC_PREFIX": "undeclared."},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2, done.stdout + done.stderr


@pytest.mark.skipif(bool(MISSING), reason=MISSING)
def test_prometheus_sees_that_nothing_waits_when_all_is_processed(stack: Stack) -> None:
    def waiting() -> dict[str, str]:
        found = asked(stack, "query?query=sum%20by%20(topic)%20(kxwatch_lag)")["result"]
        return {one["metric"]["topic"]: one["value"][1] for one in found}

    until(lambda: set(waiting().values()) == {"0"}, "something waits")
    assert waiting().keys() >= {"emr-events", "session-events"}


@pytest.mark.skipif(bool(MISSING), reason=MISSING)
def test_prometheus_sees_both_workers_up_and_raises_no_alarm(stack: Stack) -> None:
    def up() -> list[str]:
        return [one["health"] for one in asked(stack, "targets")["activeTargets"]]

    until(lambda: up() == ["up", "up"], "Prometheus does not see both workers")
    rules = [rule for group in asked(stack, "rules")["groups"] for rule in group["rules"]]
    assert {rule["health"] for rule in rules} <= {"ok", "unknown"}
    assert [
        alert["labels"]["alertname"] for alert in asked(stack, "alerts")["alerts"] if alert["state"] == "firing"
    ] == []


def test_a_worker_more_joins_by_the_same_command_and_ends_as_asked_in_the_time_it_is_given(stack: Stack) -> None:
    service = stack.services["worker"]
    worker = stack.start(service)
    until(worker.healthy, "the third worker is not healthy")
    assert worker.stop(float(service.said["stop_grace_period"].removesuffix("s"))) == 0
