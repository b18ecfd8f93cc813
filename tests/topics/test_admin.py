import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from pipeline.errors import Refused
from pipeline.settings import Settings
from pipeline.topics import admin
from pipeline.topics.alteration import Alteration
from pipeline.topics.catalog import Topic, declared

TITLES = ("emr-events", "claim-days")
TOPICS = {title: declared()[title] for title in TITLES}


def changed(title: str, **changes: Any) -> Mapping[str, Topic]:
    return TOPICS | {title: msgspec.structs.replace(TOPICS[title], **changes)}


async def test_what_is_missing_is_made_as_declared_and_then_nothing_is_unlike(settings: Settings) -> None:
    assert [one.kind for one in await admin.differences(settings, TOPICS)] == ["missing", "missing"]
    done, left = await admin.apply(settings, TOPICS)
    assert (len(done), left) == (2, [])
    assert await admin.differences(settings, TOPICS) == []
    assert await admin.check(settings, TOPICS) == []


async def test_all_declared_topics_can_be_made_on_a_real_kafka(settings: Settings) -> None:
    await admin.apply(settings)
    assert await admin.differences(settings) == []


async def test_a_second_apply_does_nothing(settings: Settings) -> None:
    await admin.apply(settings, TOPICS)
    assert await admin.apply(settings, TOPICS) == ([], [])


async def test_two_applies_at_once_both_end_well(settings: Settings) -> None:
    await asyncio.gather(admin.apply(settings, TOPICS), admin.apply(settings, TOPICS))
    assert await admin.differences(settings, TOPICS) == []


async def test_a_longer_retention_is_applied_and_what_others_set_on_the_topic_stays(settings: Settings) -> None:
    await admin.apply(settings, TOPICS)
    name = TOPICS["emr-events"].full_name(settings)
    async with admin._client(settings) as client:
        await client._send_to_controller(Alteration({name: {"flush.messages": "4711"}}))
    done, _ = await admin.apply(settings, changed("emr-events", retention_days=60))
    assert [(one.setting, one.wanted) for one in done] == [("retention.ms", "5184000000")]
    assert await config(settings, name, "flush.messages") == "4711"
    assert await config(settings, name, "retention.ms") == "5184000000"


async def test_a_shorter_retention_is_left_unless_it_is_allowed(settings: Settings) -> None:
    await admin.apply(settings, TOPICS)
    shorter = changed("emr-events", retention_days=7)
    done, left = await admin.apply(settings, shorter)
    assert (done, [one.setting for one in left]) == ([], ["retention.ms"])
    assert await admin.differences(settings, TOPICS) == []
    done, left = await admin.apply(settings, shorter, allow_destructive=True)
    assert ([one.setting for one in done], left) == (["retention.ms"], [])


async def test_another_cleanup_is_left_unless_it_is_allowed(settings: Settings) -> None:
    await admin.apply(settings, TOPICS)
    _, left = await admin.apply(settings, changed("claim-days", cleanup="delete", retention_days=900))
    assert "cleanup.policy" in {one.setting for one in left}


async def test_another_count_of_partitions_is_refused_before_anything_is_done(settings: Settings) -> None:
    await admin.apply(settings, {"claim-days": TOPICS["claim-days"]})
    more = changed("claim-days", partitions=24)
    with pytest.raises(Refused, match=r"claim-days has 12 partitions, declared are 24: .* move patients"):
        await admin.apply(settings, more)
    assert [one.kind for one in await admin.differences(settings, more)] == ["missing", "partitions"]


async def test_a_worker_is_told_of_what_it_cannot_rely_on_and_of_nothing_else(settings: Settings) -> None:
    await admin.apply(settings, {"claim-days": TOPICS["claim-days"]})
    fewer = changed("claim-days", max_message_bytes=2_000_000, config={"segment.bytes": 1 << 20})
    lines = await admin.check(settings, fewer)
    prefix = settings.topic_prefix
    assert sorted(lines) == [
        f"topic {prefix}claim-days has max.message.bytes=1048588, declared is 2000000: run `kxwatch topics apply`",
        f"topic {prefix}emr-events is missing: make it with `kxwatch topics apply`",
    ]


async def test_what_kafka_does_not_take_is_refused_with_its_word(settings: Settings) -> None:
    with pytest.raises(Refused, match=r"claim-days: Kafka refused: .*segment\.bytes"):
        await admin.apply(settings, changed("claim-days", config={"segment.bytes": 1}))


async def test_more_replicas_than_brokers_are_refused(make_settings: Any) -> None:
    with pytest.raises(Refused, match=r"Kafka refused: .*[Rr]eplication"):
        await admin.apply(make_settings(replication_factor=3), TOPICS)


async def test_a_kafka_that_is_not_there_is_refused_in_a_line() -> None:
    with pytest.raises(Refused, match=r"127\.0\.0\.1:9 cannot be reached by PLAINTEXT"):
        await admin.check(Settings(brokers="127.0.0.1:9"))


async def config(settings: Settings, topic: str, name: str) -> str | None:
    async with admin._client(settings) as client:
        assert isinstance(client, AIOKafkaAdminClient)
        (answer,) = await client.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic, {name: None})])
    value: str | None = answer.to_object()["resources"][0]["config_entries"][0]["config_value"]
    return value
