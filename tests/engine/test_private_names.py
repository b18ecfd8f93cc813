"""Every name of Faust and aiokafka that the engine uses and neither promises: in one list, and claimed one by one."""

import ast
import inspect
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import aiokafka
import faust
import pytest
from aiokafka import TopicPartition
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment, ConsumerProtocolMemberMetadata
from aiokafka.producer.message_accumulator import BatchBuilder

import pipeline.engine

ENGINE = Path(pipeline.engine.__file__).parent
VERSIONS = f"faust-streaming {faust.__version__}, aiokafka {aiokafka.__version__}"

NAMES: dict[str, tuple[str, ...]] = {
    "faust.app.base:BootStrategy.server": ("self",),
    "faust.app.base:BootStrategy.sensors": ("self",),
    "faust.app.base:App.on_start": ("self",),
    "faust.app.base:App.finalize": ("self",),
    "faust.app.base:App.crash": ("self", "reason"),
    "faust.app.base:App._wait_for_table_recovery_completed": ("self",),
    "faust.topics:Topic.get_topic_name": ("self",),
    "mode:Service.task": ("fun",),
    "aiokafka.client:AIOKafkaClient.bootstrap": ("self",),
    "aiokafka.client:AIOKafkaClient.set_topics": ("self", "topics"),
    "aiokafka.client:AIOKafkaClient.close": ("self",),
    "aiokafka.consumer.group_coordinator:GroupCoordinator.__init__": (
        "client",
        "subscription",
        "group_id",
        "group_instance_id",
        "session_timeout_ms",
        "heartbeat_interval_ms",
        "rebalance_timeout_ms",
        "max_poll_interval_ms",
        "enable_auto_commit",
        "assignors",
    ),
    "aiokafka.consumer.group_coordinator:GroupCoordinator.check_errors": ("self",),
    "aiokafka.consumer.group_coordinator:GroupCoordinator.request_rejoin": ("self",),
    "aiokafka.consumer.group_coordinator:GroupCoordinator.close": ("self",),
    "aiokafka.consumer.subscription_state:SubscriptionState.subscribe": ("topics", "listener"),
    "aiokafka.consumer.subscription_state:SubscriptionState.register_fetch_waiters": ("waiters",),
    "aiokafka.coordinator.assignors.abstract:AbstractPartitionAssignor.name": (),
    "aiokafka.coordinator.assignors.abstract:AbstractPartitionAssignor.metadata": ("topics",),
    "aiokafka.coordinator.assignors.abstract:AbstractPartitionAssignor.assign": ("cluster", "members"),
    "aiokafka.coordinator.assignors.abstract:AbstractPartitionAssignor.on_assignment": ("assignment",),
    "aiokafka.coordinator.protocol:ConsumerProtocolMemberMetadata": (),
    "aiokafka.coordinator.protocol:ConsumerProtocolMemberAssignment": (),
    "aiokafka.producer.sender:Sender.sender_task": (),
    "aiokafka.producer.message_accumulator:BatchBuilder.append": ("timestamp", "key", "value", "headers"),
    "aiokafka.producer.message_accumulator:BatchBuilder.record_count": ("self",),
    "aiokafka.consumer.fetcher:FetchResult.check_assignment": ("self", "tp"),
    "aiokafka.consumer.fetcher:FetchResult.getall": ("self", "max_records"),
    "aiokafka.consumer.fetcher:FetchResult.has_more": ("self",),
    "aiokafka.consumer.fetcher:FetchResult._update_position": ("self",),
    "aiokafka.consumer.fetcher:PartitionRecords._consume_aborted_up_to": ("self", "batch_offset"),
    "aiokafka.consumer.fetcher:PartitionRecords._contains_abort_marker": ("self", "next_batch"),
    "aiokafka.consumer.fetcher:READ_COMMITTED": (),
    "aiokafka.partitioner:DefaultPartitioner.__call__": ("key", "all_partitions", "available"),
    "aiokafka.errors:CorruptRecordException": (),
    "aiokafka.errors:ProducerFenced": (),
    "aiokafka.errors:InvalidProducerEpoch": (),
    "aiokafka.errors:OutOfOrderSequenceNumber": (),
    "aiokafka.errors:InconsistentGroupProtocolError": (),
    "aiokafka.errors:InvalidSessionTimeoutError": (),
    "aiokafka.errors:OffsetOutOfRangeError": (),
    "aiokafka.errors:UnknownTopicOrPartitionError": (),
    "aiokafka.errors:GroupAuthorizationFailedError": (),
    "aiokafka.errors:TransactionalIdAuthorizationFailed": (),
    "aiokafka.errors:TopicAuthorizationFailedError": (),
    "aiokafka.errors:ClusterAuthorizationFailedError": (),
}
"""What must be there, and the parameters that it must take."""

ATTRIBUTES = {
    "_client": "AIOKafkaConsumer._client",
    "_sender": "AIOKafkaProducer._sender",
    "_fetcher": "AIOKafkaConsumer._fetcher",
    "_records": "Fetcher._records and PartitionRecords._records",
    "_partition_records": "FetchResult._partition_records",
    "_update_position": "FetchResult._update_position",
    "_check_crcs": "PartitionRecords._check_crcs",
    "_isolation_level": "PartitionRecords._isolation_level",
    "_aborted_producers": "PartitionRecords._aborted_producers",
    "_consume_aborted_up_to": "PartitionRecords._consume_aborted_up_to",
    "_contains_abort_marker": "PartitionRecords._contains_abort_marker",
    "_builder": "BatchBuilder._builder",
    "_relative_offset": "BatchBuilder._relative_offset",
    "_replace": "a named tuple's, and promised",
}
"""Underlined attributes of others' objects."""

PUBLIC = {"aiokafka", "faust", "mode"}
"""Modules whose own names are promised."""


def found(name: str) -> Any:
    module, _, path = name.partition(":")
    value: Any = import_module(module)
    for part in path.split("."):
        assert hasattr(value, part), f"{name}, which pipeline/engine uses, is not in {VERSIONS}"
        value = getattr(value, part)
    return value


@pytest.mark.parametrize("name", NAMES)
def test_a_private_name_is_there_and_takes_what_it_is_given(name: str) -> None:
    value = found(name)
    if NAMES[name]:
        missing = set(NAMES[name]) - set(inspect.signature(value).parameters)
        assert not missing, (
            f"{name}, which pipeline/engine calls with {sorted(missing)}, takes it no more in {VERSIONS}"
        )


async def test_a_consumer_has_its_client() -> None:
    consumer = aiokafka.AIOKafkaConsumer()
    assert hasattr(consumer, "_client"), f"AIOKafkaConsumer._client is not in {VERSIONS}"
    await consumer.stop()


def test_a_batch_tells_that_it_is_full_by_none_but_takes_any_first_record() -> None:
    batch = BatchBuilder(100, 0, is_transactional=True)
    told = "BatchBuilder.append of aiokafka tells otherwise whether a record was taken"
    assert batch.append(timestamp=0, key=b"a", value=bytes(1000), headers=[]) is not None, told
    assert batch.append(timestamp=0, key=b"b", value=b"", headers=[]) is None, told
    assert batch.record_count() == 1


def test_members_say_and_are_told_bytes_of_their_own() -> None:
    said = ConsumerProtocolMemberMetadata(0, ["x"], b"own")
    assert ConsumerProtocolMemberMetadata.decode(said.encode()).user_data == b"own"
    told = ConsumerProtocolMemberAssignment.decode(ConsumerProtocolMemberAssignment(0, [("x", [1])], b"own").encode())
    assert (told.user_data, told.partitions()) == (b"own", [TopicPartition("x", 1)])


def test_a_faust_app_tells_its_agents_their_topics_and_the_changelogs_of_its_tables() -> None:
    app = faust.App("an-app", broker="kafka://127.0.0.1:1", autodiscover=False)
    table = app.Table("one")

    @app.agent(app.topic("a", "b"), name="an-agent")
    async def agent(_: Any) -> None: ...

    app.finalize()
    for owner, path in ((agent, "channel.topics"), (agent, "fun"), (table, "changelog_topic.get_topic_name")):
        value = owner
        for part in path.split("."):
            assert hasattr(value, part), (
                f"{type(owner).__name__}.{path}, which pipeline/engine uses, is not in {VERSIONS}"
            )
            value = getattr(value, part)
    assert list(agent.channel.topics) == ["a", "b"]
    assert table.changelog_topic.get_topic_name() == "an-app-one-changelog"
    assert app.tables["one"] is table


def trees() -> Iterator[tuple[Path, ast.AST]]:
    for path in ENGINE.rglob("*.py"):
        if "stock" not in path.relative_to(ENGINE).parts:
            yield path, ast.parse(path.read_text("utf-8"))


def test_no_name_is_imported_that_is_not_in_the_list() -> None:
    listed = {name.partition(":")[0] + ":" + name.partition(":")[2].partition(".")[0] for name in NAMES}
    promised = {"aiokafka.errors:KafkaError", "aiokafka.errors:KafkaConnectionError"}
    promised.add("aiokafka.errors:RequestTimedOutError")
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in PUBLIC:
                for alias in node.names:
                    name = f"{node.module}:{alias.name}"
                    assert node.module in PUBLIC or name in listed | promised, f"{path.name}: {name} is not listed"


def test_no_underlined_attribute_of_another_object_is_used_that_is_not_in_the_list() -> None:
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.startswith("__"):
                own = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
                assert own or node.attr in ATTRIBUTES, f"{path.name}:{node.lineno}: {node.attr} is not listed"
