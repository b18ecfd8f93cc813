"""The declared topics on a Kafka: what is unlike, and what is made or changed there. Nothing is ever deleted."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiokafka.errors
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from pipeline.connection import bootstrap, client_options, started
from pipeline.errors import Refused
from pipeline.settings import Settings
from pipeline.topics.alteration import Alteration
from pipeline.topics.catalog import Topic, declared
from pipeline.topics.comparison import Difference, Found, compare, matters, mend

ALREADY_EXISTS = 36
READY_SECONDS = 30.0


async def differences(settings: Settings, topics: Mapping[str, Topic] | None = None) -> list[Difference]:
    """Compare the declared topics with those of Kafka; what is not declared is not looked at.

    Errors: `Refused` when Kafka cannot be reached.
    """
    async with _client(settings) as client:
        return await _compare(client, _named(settings, topics))


async def apply(
    settings: Settings, topics: Mapping[str, Topic] | None = None, *, allow_destructive: bool = False
) -> tuple[list[Difference], list[Difference]]:
    """Make the topics that are missing and change what is configured unlike; give what was done, and what was left.

    Left is what may lose records, unless `allow_destructive`.

    Errors: `Refused` before anything is done where a topic has another number of partitions.
    """
    named = _named(settings, topics)
    async with _client(settings) as client:
        unlike = await _compare(client, named)
        for difference in unlike:
            if difference.kind == "partitions":
                raise Refused(mend(difference))
        left = [] if allow_destructive else [one for one in unlike if one.kind == "destructive"]
        done = [one for one in unlike if one not in left]
        await _create(client, settings, {one.topic: named[one.topic] for one in done if one.kind == "missing"})
        await _alter(client, [one for one in done if one.kind != "missing"])
        await _arrived(client, named, done)
    return done, left


async def check(settings: Settings, topics: Mapping[str, Topic] | None = None) -> list[str]:
    """Give a line for each thing that a worker cannot rely on; none when it may start.

    More room or a longer retention than declared is no trouble.
    """
    return [mend(one) for one in await differences(settings, topics) if matters(one)]


async def limit_bytes(settings: Settings, topic: str) -> int:
    """Give the largest message that Kafka takes on a topic, by its full name.

    Errors: `Refused` when there is no such topic.
    """
    async with _client(settings) as client:
        found = await _find(client, {topic: ["max.message.bytes"]})
    if topic not in found:
        raise _missing(topic)
    return int(found[topic].config["max.message.bytes"])


async def partition_counts(settings: Settings, topics: Iterable[str]) -> dict[str, int]:
    """Give how many partitions each of these topics has on Kafka, by full name.

    Errors: `Refused` when one is missing.
    """
    async with _client(settings) as client:
        counts = await _counts(client)
    for topic in topics:
        if topic not in counts:
            raise _missing(topic)
    return {topic: counts[topic] for topic in topics}


def _missing(topic: str) -> Refused:
    return Refused(f"there is no topic {topic}: make it with `kxwatch topics apply`, or see KXWATCH_TOPIC_PREFIX")


def _named(settings: Settings, topics: Mapping[str, Topic] | None) -> dict[str, Topic]:
    return {topic.full_name(settings): topic for topic in (declared() if topics is None else topics).values()}


@asynccontextmanager
async def _client(settings: Settings) -> AsyncIterator[AIOKafkaAdminClient]:
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap(settings), **client_options(settings))
    async with started(settings, client):
        yield client


async def _compare(client: AIOKafkaAdminClient, named: Mapping[str, Topic]) -> list[Difference]:
    found = await _find(client, {name: list(topic.kafka_config()) for name, topic in named.items()})
    return [difference for name, topic in named.items() for difference in compare(name, topic, found.get(name))]


async def _find(client: AIOKafkaAdminClient, settings: Mapping[str, list[str]]) -> dict[str, Found]:
    """Read of the topics that are there the partitions and the named settings."""
    partitions = await _counts(client)
    resources = [
        ConfigResource(ConfigResourceType.TOPIC, name, dict.fromkeys(names))
        for name, names in settings.items()
        if name in partitions
    ]
    found = {}
    for response in await client.describe_configs(resources) if resources else []:
        for resource in response.to_object()["resources"]:
            _raise(resource["error_code"], resource["error_message"], resource["resource_name"])
            config = {entry["config_names"]: entry["config_value"] for entry in resource["config_entries"]}
            name = resource["resource_name"]
            found[name] = Found(partitions[name], config)
    return found


async def _counts(client: AIOKafkaAdminClient) -> dict[str, int]:
    # All topics are asked for: asking for one by its name would make it where a broker creates topics by itself.
    return {topic["topic"]: len(topic["partitions"]) for topic in await client.describe_topics()}


async def _create(client: AIOKafkaAdminClient, settings: Settings, topics: Mapping[str, Topic]) -> None:
    if not topics:
        return
    replicas = settings.replication_factor
    # A record that was acknowledged outlives any one broker where there are three.
    durability = {"min.insync.replicas": str(max(1, replicas - 1))}
    new = [
        NewTopic(name, topic.partitions, replicas, topic_configs=topic.kafka_config() | durability)
        for name, topic in topics.items()
    ]
    response = await client.create_topics(new)
    for error in response.to_object()["topic_errors"]:
        if error["error_code"] != ALREADY_EXISTS:  # Another `topics apply` was quicker.
            _raise(error["error_code"], error.get("error_message"), error["topic"])
    await _ready(client, topics)


async def _ready(client: AIOKafkaAdminClient, topics: Mapping[str, Topic]) -> None:
    """Wait until every partition has a leader: who sends before that is refused."""
    async with asyncio.timeout(READY_SECONDS):
        while True:
            leading: dict[str, list[dict[str, Any]]] = {
                topic["topic"]: topic["partitions"] for topic in await client.describe_topics()
            }
            if all(
                name in leading
                and len(leading[name]) == topic.partitions
                and not any(one["error_code"] for one in leading[name])
                for name, topic in topics.items()
            ):
                return
            await asyncio.sleep(0.05)


async def _alter(client: AIOKafkaAdminClient, changes: list[Difference]) -> None:
    if not changes:
        return
    configs: dict[str, dict[str, str]] = {}
    for change in changes:
        configs.setdefault(change.topic, {})[change.setting] = change.wanted
    response = await client._send_to_controller(Alteration(configs))  # noqa: SLF001 -- aiokafka has no such request.
    for answer in response.to_object()["responses"]:
        _raise(answer["error_code"], answer["error_message"], answer["resource_name"])


async def _arrived(client: AIOKafkaAdminClient, named: Mapping[str, Topic], done: list[Difference]) -> None:
    """Wait until brokers say themselves what the controller has agreed to: they learn of it a little later."""
    wanted = {(one.topic, one.setting) for one in done}
    topics = {one.topic: named[one.topic] for one in done}
    async with asyncio.timeout(READY_SECONDS):
        while wanted & {(one.topic, one.setting) for one in await _compare(client, topics)}:  # noqa: ASYNC110 -- no one tells.
            await asyncio.sleep(0.05)


def _raise(code: int, message: str | None, topic: str) -> None:
    if code:
        said = message or aiokafka.errors.for_code(code).__name__
        raise Refused(f"topic {topic}: Kafka refused: {said}")
