"""What is claimed of topics is claimed on the newest Kafka and on the oldest."""

import pytest
from homes import MakeSettings

from pipeline.settings import Settings


@pytest.fixture
def settings(make_settings: MakeSettings, each_kafka: str) -> Settings:
    """The settings of a test that is run on each Kafka."""
    return make_settings(brokers=each_kafka)
