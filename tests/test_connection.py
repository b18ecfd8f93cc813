from pathlib import Path

import pytest
from faust.types.auth import AuthProtocol

from pipeline.connection import bootstrap, client_options, consumer, faust_credentials, partition_of, producer, started
from pipeline.errors import Refused
from pipeline.settings import Settings
from pipeline.topics import admin
from pipeline.topics.catalog import declared, topic_name

SASL = {"sasl_username": "u", "sasl_password": "p"}


@pytest.mark.parametrize(
    ("key", "hashed"),
    [
        ("21", -973932308),
        ("foobar", -790332482),
        ("a-little-bit-long-string", -985981536),
        ("a-little-bit-longer-string", -1486304829),
        ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        ("abc", 479470107),
    ],
)
def test_a_patients_partition_is_kafkas_own_murmur2_of_the_id(key: str, hashed: int) -> None:
    """The values are those of Apache Kafka's UtilsTest.testMurmur2."""
    for count in (1, 12, 97):
        assert partition_of(key, count) == (hashed & 0x7FFFFFFF) % count


def test_the_kafka_that_is_set_is_used_as_it_is() -> None:
    assert bootstrap(Settings(brokers="a:9092,b:9092")) == "a:9092,b:9092"


def test_without_a_kafka_the_user_is_told_both_ways_to_one(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"kxwatch broker start.*KXWATCH_BROKERS"):
        bootstrap(Settings(home=tmp_path))


@pytest.mark.parametrize("brokers", ["nowhere", ":9092", "host:port"])
async def test_an_address_that_is_none_is_refused(brokers: str) -> None:
    with pytest.raises(Refused, match="KXWATCH_BROKERS must be host:port"):
        await admin.check(Settings(brokers=brokers))


async def test_the_first_broker_may_be_down(settings: Settings, kafka: str) -> None:
    two = settings.model_copy(update={"brokers": f"127.0.0.1:9,{kafka}"})
    topics = {"care-alerts": declared()["care-alerts"]}
    done, left = await admin.apply(two, topics)
    assert ([one.kind for one in done], left) == (["missing"], [])


def test_a_plain_kafka_is_asked_for_nothing() -> None:
    assert client_options(Settings()) == {"security_protocol": "PLAINTEXT"}
    assert faust_credentials(Settings()) is None


def test_faust_connects_as_every_other_client_does() -> None:
    scram = Settings(security_protocol="SASL_SSL", sasl_mechanism="SCRAM-SHA-512", **SASL)
    credentials = faust_credentials(scram)
    assert (credentials.protocol, credentials.mechanism.value) == (AuthProtocol.SASL_SSL, "SCRAM-SHA-512")
    assert faust_credentials(Settings(security_protocol="SASL_PLAINTEXT", **SASL)).protocol is (
        AuthProtocol.SASL_PLAINTEXT
    )
    assert faust_credentials(Settings(security_protocol="SSL")).protocol is AuthProtocol.SSL


def test_hosts_are_checked_unless_it_is_set_otherwise() -> None:
    assert client_options(Settings(security_protocol="SSL"))["ssl_context"].check_hostname
    unchecked = client_options(Settings(security_protocol="SSL", ssl_check_hostname=False))["ssl_context"]
    assert not unchecked.check_hostname
    assert unchecked.verify_mode.name == "CERT_REQUIRED"


def test_a_file_that_is_no_certificate_is_refused_by_its_setting(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.pem"
    wrong.write_text("no certificate")
    with pytest.raises(Refused, match="KXWATCH_SSL_CA_FILE"):
        client_options(Settings(security_protocol="SSL", ssl_ca_file=wrong))
    with pytest.raises(Refused, match="KXWATCH_SSL_CERT_FILE"):
        client_options(Settings(security_protocol="SSL", ssl_cert_file=wrong, ssl_key_file=wrong))


async def test_a_dead_letter_of_the_largest_size_goes_through_every_client(settings: Settings) -> None:
    await admin.apply(settings, {"rejected-events": declared()["rejected-events"]})
    name, value = topic_name(settings, "rejected-events"), b"x" * (1_572_882 - 100)
    async with started(settings, producer(settings)) as sender:
        await sender.send_and_wait(name, value=value, partition=0)
    async with started(settings, consumer(settings, name)) as reader:
        assert (await reader.getone()).value == value


async def test_a_consumer_sees_only_what_is_committed(settings: Settings) -> None:
    await admin.apply(settings, {"care-alerts": declared()["care-alerts"]})
    name = topic_name(settings, "care-alerts")
    async with started(settings, producer(settings, transactional_id=f"{settings.app_id}-test")) as sender:
        await sender.begin_transaction()
        await sender.send_and_wait(name, value=b"taken back", partition=0)
        await sender.abort_transaction()
        async with sender.transaction():
            await sender.send_and_wait(name, value=b"stands", partition=0)
    async with started(settings, consumer(settings, name)) as reader:
        assert (await reader.getone()).value == b"stands"
