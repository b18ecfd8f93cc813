"""The declared topics on a Kafka: what is unlike, and what is made or changed there. Nothing is ever deleted."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Literal

import aiokafka.errors
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from msgspec import Struct

from pipeline.connection import bootstrap, client_options, started
from pipeline.errors import Refused
from pipeline.settings import Settings
from pipeline.topics.alteration import Alteration
from pipeline.topics.catalog import Topic, declared

ALREADY_EXISTS = 36
READY_SECONDS = 30.0
RETENTION = ("retention.ms", "retention.bytes", "delete.retention.ms")


class Difference(Struct, frozen=True, kw_only=True):
    """One thing that is unlike: on which topic, which setting, what is declared and what was found.

    `kind` is `missing` (the topic), `partitions`, `destructive` (a change that may lose records) or `change`.
    """

    topic: str
    setting: str
    wanted: str
    found: str | None
    kind: Literal["missing", "partitions", "destructive", "change"]


class _Found(Struct, frozen=True):
    partitions: int
    config: dict[str, str]


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
                raise Refused(_mend(difference))
        left = [] if allow_destructive else [one for one in unlike if one.kind == "destructive"]
        done = [one for one in unlike if one not in left]
        await _create(client, settings, {one.topic: named[one.topic] for one in done if one.kind == "missing"})
        await _alter(client, [one for one in done if one.kind != "missing"])
    return done, left


async def check(settings: Settings, topics: Mapping[str, Topic] | None = None) -> list[str]:
    """Give a line for each thing that a worker cannot rely on; none when it may start.

    More room or a longer retention than declared is no trouble.
    """
    return [_mend(one) for one in await differences(settings, topics) if _matters(one)]


async def limit_bytes(settings: Settings, topic: str) -> int:
    """Give the largest message that Kafka takes on a topic, by its full name.

    Errors: `Refused` when there is no such topic.
    """
    async with _client(settings) as client:
        found = (await _find(client, {topic: ["max.message.bytes"]})).get(topic)
    if found is None:
        raise Refused(f"there is no topic {topic}: make it with `kxwatch topics apply`")
    return int(found.config["max.message.bytes"])


def _named(settings: Settings, topics: Mapping[str, Topic] | None) -> dict[str, Topic]:
    return {topic.full_name(settings): topic for topic in (declared() if topics is None else topics).values()}


@asynccontextmanager
async def _client(settings: Settings) -> AsyncIterator[AIOKafkaAdminClient]:
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap(settings), **client_options(settings))
    async with started(settings, client):
        yield client


async def _compare(client: AIOKafkaAdminClient, named: Mapping[str, Topic]) -> list[Difference]:
    found = await _find(client, {name: list(topic.kafka_config()) for name, topic in named.items()})
    return [difference for name, topic in named.items() for difference in _unlike(name, topic, found.get(name))]


def _unlike(name: str, topic: Topic, found: _Found | None) -> list[Difference]:
    if found is None:
        wanted = f"{topic.partitions} partitions, {topic.cleanup}"
        return [Difference(topic=name, setting="topic", wanted=wanted, found=None, kind="missing")]
    unlike = []
    if found.partitions != topic.partitions:
        unlike.append(
            Difference(
                topic=name,
                setting="partitions",
                wanted=str(topic.partitions),
                found=str(found.partitions),
                kind="partitions",
            )
        )
    for setting, wanted in topic.kafka_config().items():
        there = found.config.get(setting)
        if there is None or _value(there) != _value(wanted):
            loses = there is not None and _loses(setting, there, wanted)
            unlike.append(
                Difference(
                    topic=name,
                    setting=setting,
                    wanted=wanted,
                    found=there,
                    kind="destructive" if loses else "change",
                )
            )
    return unlike


def _value(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _loses(setting: str, found: str, wanted: str) -> bool:
    """Tell whether the change may lose records: a shorter retention, or another way to clean up."""
    if setting == "cleanup.policy":
        # Deletion beside compaction is all that can be taken away without a record being lost by it.
        return not (set(found.split(",")) == {"compact", "delete"} and wanted == "compact")
    return setting in RETENTION and _less(wanted, found)


def _less(one: str, other: str) -> bool:
    """Compare two limits, -1 standing for none."""
    first, second = (float("inf") if text == "-1" else float(text) for text in (one, other))
    return first < second


def _matters(difference: Difference) -> bool:
    if difference.kind in ("missing", "partitions") or difference.found is None:
        return True
    if difference.setting in ("retention.ms", "retention.bytes", "max.message.bytes"):
        return _less(difference.found, difference.wanted)
    return difference.setting == "cleanup.policy"


def _mend(difference: Difference) -> str:
    topic, wanted, found = difference.topic, difference.wanted, difference.found
    if difference.kind == "missing":
        return f"topic {topic} is missing: make it with `kxwatch topics apply`"
    if difference.kind == "partitions":
        return (
            f"topic {topic} has {found} partitions, declared are {wanted}: adding some would move patients to other "
            f"partitions; declare {found} in topics/ for every topic by patient, or use another KXWATCH_TOPIC_PREFIX "
            "and replay"
        )
    flag = " --allow-destructive" if difference.kind == "destructive" else ""
    return f"topic {topic} has {difference.setting}={found}, declared is {wanted}: run `kxwatch topics apply{flag}`"


async def _find(client: AIOKafkaAdminClient, settings: Mapping[str, list[str]]) -> dict[str, _Found]:
    """Read of the topics that are there the partitions and the named settings."""
    # All topics are asked for: asking for one by its name would make it where a broker creates topics by itself.
    partitions = {topic["topic"]: len(topic["partitions"]) for topic in await client.describe_topics()}
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
            found[name] = _Found(partitions[name], config)
    return found


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


def _raise(code: int, message: str | None, topic: str) -> None:
    if code:
        said = message or aiokafka.errors.for_code(code).__name__
        raise Refused(f"topic {topic}: Kafka refused: {said}")
