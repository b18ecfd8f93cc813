"""Deployments on the Kafka of the run, one prefix each."""

from collections.abc import Callable
from pathlib import Path

import pytest
from end_to_end.deployment import Deployment

Deploy = Callable[..., Deployment]


@pytest.fixture(scope="session")
def deploy(kafka: str, kafka_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Deploy:
    """Make a deployment, its topics made by the command; settings by their names."""

    def make(**settings: object) -> Deployment:
        deployment = Deployment(kafka, kafka_home, tmp_path_factory.mktemp("deployment"), **settings)
        deployment.run("topics", "apply")
        return deployment

    return make
