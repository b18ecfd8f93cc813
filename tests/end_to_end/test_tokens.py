"""With KXWATCH_PATIENT_KEY no patient's id leaves the intake: not to a topic, a log, a metric."""

import json
import re
import urllib.request
from collections.abc import Callable

import pytest
from end_to_end.deployment import Deployment, unlike, until
from end_to_end.events import simulated
from homes import free_port

from pipeline.topics.catalog import declared

ID = b"unmistakable"
"""Part of every patient's id, and of nothing else."""
KEY = "an invented key of the tests"
SIMULATED = [
    re.sub(rb'"patient_id": ?"', b'"patient_id":"' + ID + b"-", line)
    for line in simulated(sites=2, patients=60, days=6)
]
BROKEN = [
    b'{"patient_id":"unmistakable-1","event_type":"segment.dreamt"}',
    b'{"patient_id":"unmistakable-2","event_type":"segment.voided","segment_id":["unmistakable-2"]}',
    b'{"patient_id":"unmistakable-3"',
]
MERGED = (
    b'{"event_id":"m-1","event_type":"patient.merged","occurred_at":"2026-03-02T10:00:00Z","revision":1,'
    b'"patient_id":"unmistakable-4","into_patient_id":"unmistakable-5","site_id":"s","source":"emr-a"}'
)
EVENTS = [*SIMULATED, MERGED, *BROKEN]
WITH_IDENTITIES = {title for title, topic in declared().items() if topic.sensitivity == "identities"}


@pytest.fixture(scope="module")
def network(deploy: Callable[..., Deployment]) -> Deployment:
    """A network with a key: its events processed, what /metrics said in `metrics`."""
    deployment = deploy(patient_key=KEY, metrics_port=free_port())
    deployment.publish(EVENTS)
    with deployment.working() as worker:
        until(deployment.finished)
        port = deployment.settings.metrics_port
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
            (deployment.folder / "metrics").write_bytes(answer.read())
        assert worker.stop() == 0
    return deployment


def test_only_the_two_topics_that_few_may_read_name_a_patient(network: Deployment) -> None:
    assert {"emr-events", "rejected-events"} == WITH_IDENTITIES
    naming = set()
    titles = {topic.full_name(network.settings): title for title, topic in declared().items()}
    for record in network.held(*declared()):
        parts = [record.key or b"", record.value or b"", *(value for _, value in record.headers)]
        if any(ID in part for part in parts):
            naming.add(titles[record.topic])
    # In a dead letter the bytes stand as base64, its key as it came.
    assert naming == WITH_IDENTITIES


def test_patients_are_called_by_what_the_command_token_says(network: Deployment) -> None:
    sent = {json.loads(line)["patient_id"] for line in EVENTS if b'"patient_id"' in line and _readable(line)}
    said = {patient: network.run("token", patient).strip() for patient in sorted(sent)[:1]}
    with_all = _tokens(network, sorted(sent))
    assert said.items() <= with_all.items()
    called = {record.key for record in network.held("session-events")}
    assert called <= set(with_all.values())
    assert len(called) > 50


def test_the_values_are_those_of_the_file_under_the_same_key(network: Deployment) -> None:
    values = network.values()
    assert len(values["billable-days"]) > 50
    assert unlike(values, network.rated(EVENTS)) == []


def test_no_log_and_no_metric_names_a_patient_or_a_token(network: Deployment) -> None:
    log, metrics = network.log.read_bytes(), (network.folder / "metrics").read_bytes()
    assert b"the worker has stopped" in log
    assert b"kxwatch_patients{" in metrics
    tokens = {record.key for record in network.held("session-events")}
    assert [name for name in (ID, KEY.encode(), *tokens) if name in log or name in metrics] == []


def _tokens(network: Deployment, patients: list[str]) -> dict[str, bytes]:
    said = network.run("token", "-", given="".join(f"{patient}\n" for patient in patients).encode())
    return dict(zip(patients, said.splitlines(), strict=True))


def _readable(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line)["patient_id"], str)
    except (ValueError, KeyError):
        return False
