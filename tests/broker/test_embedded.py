import os
import socket
from pathlib import Path

import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from pipeline.broker import EmbeddedBroker
from pipeline.broker.handshake import cluster_at
from pipeline.broker.home import Home
from pipeline.errors import Refused
from pipeline.settings import MAX_RECORD_BYTES, Settings
from tests.conftest import MakeHome, MakeSettings, free_port


def port_of(address: str) -> int:
    return int(address.rpartition(":")[2])


def open_to_others(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & 0o077)
    except FileNotFoundError:  # Of a topic that another test had: it is being deleted.
        return False


async def make_topic(bootstrap: str, name: str, **configuration: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, 1, 1, topic_configs=configuration)])
    finally:
        await admin.close()


async def send(bootstrap: str, topic: str, value: bytes) -> None:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, max_request_size=4 * MAX_RECORD_BYTES) as producer:
        await producer.send_and_wait(topic, value)


async def first_value(bootstrap: str, topic: str) -> bytes | None:
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest") as consumer:
        consumer.assign([TopicPartition(topic, 0)])
        return (await consumer.getone()).value


async def test_a_dead_letter_of_one_and_a_half_records_is_kept(kafka: str, settings: Settings) -> None:
    topic, letter = f"{settings.topic_prefix}letters", os.urandom(MAX_RECORD_BYTES * 3 // 2 - 500)
    await make_topic(kafka, topic)

    await send(kafka, topic, letter)

    assert await first_value(kafka, topic) == letter


@pytest.mark.parametrize("compression", ["gzip", "zstd", "lz4", "snappy"])
async def test_the_broker_can_compress_with(kafka: str, kafka_home: Path, settings: Settings, compression: str) -> None:
    topic = f"{settings.topic_prefix}{compression}"
    # By the broker, not by us: its native libraries must load.
    await make_topic(kafka, topic, **{"compression.type": compression})

    await send(kafka, topic, b"the same again " * 10_000)

    assert 0 < (kafka_home / "data" / f"{topic}-0" / f"{0:020}.log").stat().st_size < 15_000


async def test_a_topic_that_nobody_declared_is_not_made_by_asking_for_it(kafka: str, settings: Settings) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        await admin.describe_topics([f"{settings.topic_prefix}nobody"])

        assert f"{settings.topic_prefix}nobody" not in await admin.list_topics()
    finally:
        await admin.close()


def test_only_this_machine_can_reach_the_broker(kafka: str, kafka_home: Path) -> None:
    serving = Home(kafka_home).serving()
    assert serving is not None

    listening = [c.laddr for c in psutil.Process(serving.pid).net_connections("inet") if c.status == psutil.CONN_LISTEN]

    assert port_of(kafka) in {address.port for address in listening}
    assert {address.ip.removeprefix("::ffff:") for address in listening} == {"127.0.0.1"}


def test_only_its_user_can_read_what_the_broker_keeps(kafka: str, kafka_home: Path) -> None:
    kept = [kafka_home / "data"]
    for folder, folders, files in os.walk(kafka_home / "data"):
        kept += [Path(folder, name) for name in folders + files]

    assert kafka
    assert len(kept) > 10
    assert [path for path in kept if open_to_others(path)] == []


async def test_what_was_sent_is_there_after_a_restart_on_another_port(make_home: MakeHome) -> None:
    home = make_home()
    with EmbeddedBroker(Settings(home=home, broker_port=free_port())) as broker:
        await make_topic(broker.bootstrap, "kept")
        await send(broker.bootstrap, "kept", b"still here")

    with EmbeddedBroker(Settings(home=home, broker_port=free_port())) as broker:
        assert await first_value(broker.bootstrap, "kept") == b"still here"


def test_a_taken_port_is_left_to_its_owner_and_another_one_used(make_home: MakeHome) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with EmbeddedBroker(Settings(home=make_home(), broker_port=port)) as broker:
            assert port_of(broker.bootstrap) != port
            assert cluster_at(port_of(broker.bootstrap)) is not None


def test_a_port_taken_between_the_look_and_the_start_is_tried_again(
    make_home: MakeHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ports = iter([taken.getsockname()[1]])
        monkeypatch.setattr("pipeline.broker.embedded._free_port", lambda _: next(ports, None) or free_port())
        with EmbeddedBroker(Settings(home=make_home())) as broker:
            assert cluster_at(port_of(broker.bootstrap)) is not None


def test_a_second_owner_of_a_served_home_is_told_where_the_broker_is(kafka: str, kafka_home: Path) -> None:
    second = EmbeddedBroker(Settings(home=kafka_home))

    with pytest.raises(Refused, match=f"already serves .* at {kafka}"):
        second.start()


def test_a_home_with_a_comma_and_an_accent_in_its_name_works(make_home: MakeHome) -> None:
    home = make_home(new=True)
    strange = home.rename(home.with_name("Praxis Müller, Zürich"))

    with EmbeddedBroker(Settings(home=strange, broker_port=free_port())) as broker:
        assert cluster_at(port_of(broker.bootstrap)) == Home(strange).check()


def test_settings_of_two_tests_share_no_topic_and_no_group(make_settings: MakeSettings, settings: Settings) -> None:
    assert make_settings(app_id="mine").app_id == "mine"
    assert make_settings().topic_prefix == settings.topic_prefix != ""
