"""The oldest Kafka that is promised: a worker is killed and the next one comes to the file's own values there too."""

from pathlib import Path

import pytest
from end_to_end.deployment import SHORT, Deployment, past, unlike, until
from end_to_end.events import nasty, sent, simulated

EVENTS = (*simulated(sites=3, patients=60, days=4), *nasty(each=20))


@pytest.fixture
def deployment(old_kafka: str, tmp_path: Path) -> Deployment:
    deployment = Deployment(old_kafka, tmp_path / "home", tmp_path, batch_events=100)
    deployment.run("topics", "apply")
    return deployment


def test_the_values_are_those_of_the_file_on_the_oldest_kafka_too(deployment: Deployment) -> None:
    lines, wanted = sent(EVENTS, seed=4), deployment.rated(EVENTS)
    half = len(lines) // 2
    deployment.publish(lines[:half])
    with deployment.working(SHORT) as worker:
        until(past(deployment, half // 3))
        assert worker.kill() == -9
    deployment.publish(lines[half:])
    with deployment.working(SHORT) as worker:
        until(deployment.finished)
        assert worker.stop() == 0
    assert all(len(values) > 30 for values in wanted.values())
    assert unlike(deployment.values(), wanted) == []
