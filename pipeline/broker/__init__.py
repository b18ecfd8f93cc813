"""The embedded Apache Kafka: one real broker on loopback, for a demo, a test or a small clinic."""

from pipeline.broker.embedded import EmbeddedBroker
from pipeline.broker.service import Status, running, start, status, stop

__all__ = ["EmbeddedBroker", "Status", "running", "start", "status", "stop"]
