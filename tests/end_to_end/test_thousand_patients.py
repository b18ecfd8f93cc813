"""A thousand patients: each in one partition number of every topic, and no topic of another prefix touched."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from typing import NamedTuple

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.partitioner import DefaultPartitioner
from end_to_end.deployment import Deployment, unlike, until
from end_to_end.events import simulated

from pipeline.connection import bootstrap, consumer, started
from pipeline.topics.admin import partition_counts
from pipeline.topics.catalog import declared

EVENTS = simulated(sites=20, patients=1_050, days=2)
BY_PATIENT = [title for title, topic in declared().items() if topic.partitioned_by == "patient"]


class Broker(NamedTuple):
    """What there is on a Kafka: all topics, all groups, and where the partitions of one network end."""

    topics: set[str]
    groups: set[str]
    ends: dict[TopicPartition, int]


@pytest.fixture(scope="module")
def neighbour(deploy: Callable[..., Deployment]) -> Deployment:
    """Another network on the same Kafka, its events not processed."""
    deployment = deploy()
    deployment.publish(EVENTS[:100])
    return deployment


@pytest.fixture(scope="module")
def before(neighbour: Deployment) -> Broker:
    """What was there before, the neighbour's ends among it."""
    return asyncio.run(_look(neighbour))


@pytest.fixture(scope="module")
def network(deploy: Callable[..., Deployment], neighbour: Deployment, before: Broker) -> Deployment:
    """A network with the same app id and a prefix that begins as its neighbour's: its events processed."""
    del before  # Looked at by now.
    own = neighbour.settings
    deployment = deploy(topic_prefix=f"{own.topic_prefix}east.", app_id=own.app_id)
    deployment.publish(EVENTS)
    with deployment.working() as worker:
        until(deployment.finished)
        assert worker.stop() == 0
    return deployment


def test_every_record_of_a_patient_lies_in_the_partition_that_kafka_gives_the_patients_id(network: Deployment) -> None:
    patients: dict[str, set[bytes]] = defaultdict(set)
    partition, numbers, astray = DefaultPartitioner(), list(range(12)), []
    titles = {declared()[title].full_name(network.settings): title for title in BY_PATIENT}
    for record in network.held(*BY_PATIENT):
        patient = record.key.partition(b"|")[0]
        patients[titles[record.topic]].add(patient)
        if record.partition != partition(patient, numbers, numbers):
            astray.append((record.topic, record.key, record.partition))
    assert astray == []
    assert all(
        len(patients[title]) >= 1_000 for title in ("session-events", "billable-days", "claim-days", "years-changelog")
    )
    # Whether any patient is owed a care alert is left open; of every other topic there are some.
    assert {title for title in BY_PATIENT if not patients[title]} <= {"care-alerts"}


def test_the_network_comes_to_what_the_file_does(network: Deployment) -> None:
    assert unlike(network.values(), network.rated(EVENTS)) == []


def test_nothing_outside_the_prefix_is_touched(network: Deployment, neighbour: Deployment, before: Broker) -> None:
    after = asyncio.run(_look(neighbour))
    assert after.ends == before.ends
    assert {
        name for name in after.topics - before.topics if not name.startswith(network.settings.topic_prefix)
    } == set()
    assert {
        name for name in after.groups - before.groups if not name.startswith(network.settings.topic_prefix)
    } == set()


def test_every_topic_of_the_network_has_the_prefix(network: Deployment, before: Broker) -> None:
    made = asyncio.run(_look(network)).topics - before.topics
    assert made == {topic.full_name(network.settings) for topic in declared().values()}


async def _look(deployment: Deployment) -> Broker:
    settings, names = deployment.settings, [topic.full_name(deployment.settings) for topic in declared().values()]
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap(settings))
    async with started(settings, client) as admin, started(settings, consumer(settings)) as looker:
        counts = await partition_counts(settings, names)
        ends = await looker.end_offsets(
            [TopicPartition(name, number) for name in names for number in range(counts[name])]
        )
        # Kafka's own topics, such as that of offsets, begin with two of these.
        topics = {name for name in await admin.list_topics() if not name.startswith("__")}
        return Broker(topics, {name for name, _ in await admin.list_consumer_groups()}, ends)
