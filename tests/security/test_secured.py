"""Every client of ours gets into a Kafka that asks who it is, and tells in a line why it does not."""

import gc
import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from faust.transport.drivers.aiokafka import credentials_to_aiokafka_auth
from security.certificates import OPENSSL
from security.secured import PASSWORD, USER, Secured, secured

from pipeline.broker.jars import classpath
from pipeline.connection import consumer, faust_credentials, producer, started
from pipeline.errors import Refused
from pipeline.settings import PREFIX, Settings
from pipeline.topics import admin
from pipeline.topics.catalog import declared, topic_name

pytestmark = pytest.mark.skipif(OPENSSL is None, reason="the certificates of these tests are made by `openssl`")

TLS = {"security_protocol": "SSL"}
SECRET = {"security_protocol": "SASL_SSL", "sasl_username": USER, "sasl_password": PASSWORD}
OPEN = SECRET | {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "SCRAM-SHA-256"}
TOPICS = {"care-alerts": declared()["care-alerts"]}

Make = Callable[..., Settings]


@pytest.fixture(scope="module")
def kafka_secured(kafka_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    """One broker with all listeners, of the same jars as the run's own."""
    with secured(tmp_path_factory.mktemp("secured"), classpath(kafka_home / "jars")) as broker:
        yield broker


@pytest.fixture
def to(kafka_secured: Secured) -> Make:
    """Make settings for a listener; the authority is known, a certificate of the client's own is there on demand."""

    def make(listener: str, *, with_certificate: bool = False, **overrides: Any) -> Settings:
        known: dict[str, Any] = {
            "brokers": kafka_secured.address[listener],
            "topic_prefix": f"t-{uuid.uuid4().hex[:12]}.",
            "ssl_ca_file": kafka_secured.authority,
        }
        if with_certificate:
            known["ssl_cert_file"] = kafka_secured.certificate
            known["ssl_key_file"] = kafka_secured.key
            known["ssl_key_password"] = kafka_secured.key_password
        return Settings(**(known | overrides))

    return make


@pytest.mark.parametrize(
    ("listener", "given"),
    [
        pytest.param("TLS", TLS, id="TLS"),
        pytest.param("MTLS", TLS | {"with_certificate": True}, id="mTLS with a key under a password"),
        pytest.param("ELSEWHERE", TLS | {"ssl_check_hostname": False}, id="TLS, host unchecked"),
        pytest.param("SECRET", SECRET, id="SASL_SSL PLAIN"),
        pytest.param("SECRET", SECRET | {"sasl_mechanism": "SCRAM-SHA-256"}, id="SASL_SSL SCRAM-SHA-256"),
        pytest.param("SECRET", SECRET | {"sasl_mechanism": "SCRAM-SHA-512"}, id="SASL_SSL SCRAM-SHA-512"),
        pytest.param("OPEN", OPEN, id="SASL_PLAINTEXT SCRAM-SHA-256"),
    ],
)
async def test_topics_are_made_and_records_go_through(to: Make, listener: str, given: dict[str, Any]) -> None:
    settings = to(listener, **given)
    await admin.apply(settings, TOPICS)
    name = topic_name(settings, "care-alerts")
    async with started(settings, producer(settings)) as sender:
        await sender.send_and_wait(name, value=b"through")
    async with started(settings, consumer(settings, name)) as reader:
        assert (await reader.getone()).value == b"through"
    # Faust's clients, made as its driver makes them of the credentials.
    options = credentials_to_aiokafka_auth(faust_credentials(settings))
    reader = AIOKafkaConsumer(
        name, bootstrap_servers=settings.brokers, auto_offset_reset="earliest", enable_auto_commit=False, **options
    )
    async with started(settings, reader):
        assert (await reader.getone()).value == b"through"


WRONG = {"sasl_password": "wrong"}


@pytest.fixture
def forgotten() -> Iterator[None]:
    """Collect what is left of a connection that was refused.

    Where the loop has ended before a refused handshake has, aiokafka's connection was never closed, and Python warns
    when it is collected: that is to be here, where it is known, and not in whatever test comes then.
    """
    yield
    gc.collect()


@pytest.mark.usefixtures("forgotten")
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.parametrize(
    ("listener", "given", "said"),
    [
        pytest.param("SECRET", SECRET | WRONG, "does not accept KXWATCH_SASL_USERNAME", id="PLAIN password"),
        pytest.param(
            "SECRET",
            SECRET | WRONG | {"sasl_mechanism": "SCRAM-SHA-512"},
            "does not accept KXWATCH_SASL_USERNAME",
            id="SCRAM password",
        ),
        pytest.param("OPEN", OPEN | {"sasl_mechanism": "SCRAM-SHA-512"}, "offers no SCRAM-SHA-512", id="mechanism"),
        pytest.param("TLS", TLS | {"ssl_ca_file": None}, "is not trusted .* KXWATCH_SSL_CA_FILE", id="authority"),
        pytest.param("ELSEWHERE", TLS, "is not trusted .* KXWATCH_SSL_CHECK_HOSTNAME", id="host"),
        pytest.param("MTLS", TLS, "see .*certificate|KXWATCH_SSL_CERT_FILE", id="no certificate"),
        pytest.param("INSIDE", TLS, "KXWATCH_SECURITY_PROTOCOL", id="TLS to a plain listener"),
        pytest.param("TLS", {}, "KXWATCH_SECURITY_PROTOCOL", id="plain to a TLS listener"),
        pytest.param("SECRET", TLS, "KXWATCH_SECURITY_PROTOCOL", id="TLS alone to SASL"),
    ],
)
async def test_who_is_not_let_in_is_told_why_in_a_line(
    to: Make, listener: str, given: dict[str, Any], said: str
) -> None:
    with pytest.raises(Refused, match=said) as refused:
        await admin.check(to(listener, **given), TOPICS)
    assert "\n" not in str(refused.value)
    assert PASSWORD not in str(refused.value)


def test_a_stranger_cannot_stand_in_for_the_broker(kafka_secured: Secured, to: Make, tmp_path: Path) -> None:
    """The whole command: one line, no traceback, no word of the client library's own."""
    settings = to("TLS")
    environment = os.environ | {
        PREFIX + "HOME": str(tmp_path),
        PREFIX + "BROKERS": settings.brokers,
        PREFIX + "SECURITY_PROTOCOL": "SSL",
        PREFIX + "SSL_CA_FILE": str(kafka_secured.stranger),
    }
    command = [sys.executable, "-c", "from pipeline.cli import main; main()", "topics", "check"]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)
    assert ended.stderr.startswith(f"kxwatch: the certificate of Kafka at {settings.brokers} is not trusted")
