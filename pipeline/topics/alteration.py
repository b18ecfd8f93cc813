"""Kafka's IncrementalAlterConfigs, which aiokafka does not have.

Its `alter_configs` is the older request, that sets what it names and takes back all else that was set on the topic.
"""

from typing import Any, ClassVar

from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Array, Boolean, Int8, Int16, Int32, Schema, String

TOPIC = 2
SET = 0


class AlterationResponse(Response):  # type: ignore[misc]
    """Kafka's answer, one error code and message a topic."""

    API_KEY = 44
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "responses",
            Array(
                ("error_code", Int16),
                ("error_message", String("utf-8")),
                ("resource_type", Int8),
                ("resource_name", String("utf-8")),
            ),
        ),
    )


class AlterationStruct(RequestStruct):  # type: ignore[misc]
    """The request as it goes over the wire, version 0."""

    API_KEY = 44
    API_VERSION = 0
    RESPONSE_TYPE = AlterationResponse
    SCHEMA = Schema(
        (
            "resources",
            Array(
                ("resource_type", Int8),
                ("resource_name", String("utf-8")),
                (
                    "configs",
                    Array(("name", String("utf-8")), ("config_operation", Int8), ("value", String("utf-8"))),
                ),
            ),
        ),
        ("validate_only", Boolean),
    )


class Alteration(Request[AlterationStruct]):  # type: ignore[misc]
    """Set the named configuration of topics, by full name, and leave the rest of each as it is."""

    API_KEY: ClassVar[int] = 44

    def __init__(self, topics: dict[str, dict[str, str]]) -> None:
        self._topics = topics

    def build(self, request_struct_class: type[AlterationStruct]) -> AlterationStruct:
        resources: list[Any] = [
            (TOPIC, topic, [(name, SET, value) for name, value in configs.items()])
            for topic, configs in self._topics.items()
        ]
        return request_struct_class(resources, False)
