"""The way to Kafka: where it is, how every client proves who it is, and which partition a patient lives in."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any, TypeVar

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.conn import create_conn
from aiokafka.errors import (
    AuthenticationFailedError,
    AuthenticationMethodNotSupported,
    KafkaConnectionError,
    KafkaError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)
from aiokafka.partitioner import murmur2

from pipeline.errors import Refused
from pipeline.settings import MAX_RECORD_BYTES, Settings

LARGEST_RECORD_BYTES = MAX_RECORD_BYTES * 3 // 2
"""The largest record of all topics: a dead letter with the bytes of the largest event in base64."""
REACH_MILLISECONDS = 10_000

Client = TypeVar("Client", AIOKafkaProducer, AIOKafkaConsumer, AIOKafkaAdminClient)


def bootstrap(settings: Settings) -> str:
    """Give the Kafka to use, host:port[,host:port]: the one that is set, or the embedded broker that is running.

    Errors: `Refused` when there is neither.
    """
    if settings.brokers:
        return settings.brokers
    from pipeline.broker import running  # noqa: PLC0415 -- who has a Kafka of their own never loads it.

    if address := running(settings):
        return address
    raise Refused("no Kafka: start the embedded one with `kxwatch broker start`, or set KXWATCH_BROKERS to yours")


def client_options(settings: Settings) -> dict[str, Any]:
    """Give what every aiokafka client must be told to connect: protocol, TLS and SASL, without the address.

    Errors: `Refused` when a certificate, key or authority cannot be read.
    """
    options: dict[str, Any] = {"security_protocol": settings.security_protocol}
    if settings.security_protocol.endswith("SSL"):
        options["ssl_context"] = ssl_context(settings)
    if settings.security_protocol.startswith("SASL"):
        options["sasl_mechanism"] = settings.sasl_mechanism
        options["sasl_plain_username"] = settings.sasl_username
        options["sasl_plain_password"] = settings.sasl_password.get_secret_value()
    return options


def ssl_context(settings: Settings) -> ssl.SSLContext:
    """Make the TLS context: the machine's authorities or the one that is set, and this client's certificate.

    A broker's certificate is always checked; that it names its host, unless KXWATCH_SSL_CHECK_HOSTNAME is false.

    Errors: `Refused` when a file cannot be read as what it should be.
    """
    try:
        context = ssl.create_default_context(cafile=settings.ssl_ca_file)
    except (OSError, ssl.SSLError):
        raise Refused("KXWATCH_SSL_CA_FILE is no PEM file of certificates that can be read") from None
    context.check_hostname = settings.ssl_check_hostname
    if settings.ssl_cert_file is not None:
        password = settings.ssl_key_password.get_secret_value()
        try:
            # Always a password: without one, OpenSSL would ask for it at the terminal and wait.
            context.load_cert_chain(settings.ssl_cert_file, settings.ssl_key_file, lambda: password)
        except (OSError, ssl.SSLError, ValueError):
            raise Refused(
                "KXWATCH_SSL_CERT_FILE and KXWATCH_SSL_KEY_FILE are no PEM certificate and its key, or "
                "KXWATCH_SSL_KEY_PASSWORD does not open the key"
            ) from None
    return context


def faust_credentials(settings: Settings) -> Any:
    """Give the same for Faust's `broker_credentials`; none for a Kafka that asks for nothing."""
    options = client_options(settings)
    context = options.get("ssl_context")
    from faust.auth import SASLCredentials, SSLCredentials  # noqa: PLC0415 -- loading Faust takes half a second.

    if settings.security_protocol.startswith("SASL"):
        # Faust takes SASL_SSL for SASL_PLAINTEXT by whether there is a context.
        return SASLCredentials(
            username=options["sasl_plain_username"],
            password=options["sasl_plain_password"],
            mechanism=options["sasl_mechanism"],
            ssl_context=context,
        )
    return SSLCredentials(context) if context is not None else None


def producer(settings: Settings, **options: Any) -> AIOKafkaProducer:
    """Make a producer, not started: idempotent, every replica's acknowledgement, records as large as a dead letter."""
    own = {"enable_idempotence": True, "acks": "all", "max_request_size": LARGEST_RECORD_BYTES}
    return AIOKafkaProducer(bootstrap_servers=bootstrap(settings), **own | client_options(settings) | options)


def consumer(settings: Settings, *topics: str, **options: Any) -> AIOKafkaConsumer:
    """Make a consumer, not started: of what is committed, from the earliest, committing only when it is told to."""
    own = {
        "isolation_level": "read_committed",
        "auto_offset_reset": "earliest",
        "enable_auto_commit": False,
        "max_partition_fetch_bytes": 2 * LARGEST_RECORD_BYTES,
    }
    return AIOKafkaConsumer(*topics, bootstrap_servers=bootstrap(settings), **own | client_options(settings) | options)


@asynccontextmanager
async def started(settings: Settings, client: Client) -> AsyncIterator[Client]:
    """Start a client of Kafka, and end it with the block.

    Errors: `Refused` when Kafka cannot be reached, does not let this client in, or fails it within the block.
    """
    end = client.close if isinstance(client, AIOKafkaAdminClient) else client.stop
    try:
        await reach(settings)
        await client.start()
        yield client
    except (KafkaError, TimeoutError) as error:
        raise refusal(settings, error) from None
    finally:
        await end()


async def reach(settings: Settings) -> None:
    """Make one connection as every client makes it.

    The clients try for long and tell little of why they fail; this tells at once.

    Errors: `Refused` with the setting at fault, when no address lets this client in.
    """
    last: Exception = KafkaConnectionError()
    for address in bootstrap(settings).split(","):
        host, port = _parted(address)
        try:
            connection = await create_conn(
                host, port, request_timeout_ms=REACH_MILLISECONDS, **client_options(settings)
            )
        except (OSError, KafkaError, TimeoutError, ValueError) as error:
            last = error
        else:
            connection.close()
            return
    raise refusal(settings, last)


def refusal(settings: Settings, error: Exception) -> Refused:
    """Tell in a line what an error of Kafka's or of the connection means and what may mend it."""
    address, protocol = bootstrap(settings), settings.security_protocol
    if isinstance(error, ssl.SSLCertVerificationError):
        text = f"the certificate of Kafka at {address} is not trusted ({error.verify_message}): see KXWATCH_SSL_CA_FILE"
        if settings.ssl_check_hostname and "match" in error.verify_message.lower():
            text += " and KXWATCH_SSL_CHECK_HOSTNAME"
    elif isinstance(error, ssl.SSLError):
        text = f"Kafka at {address} refused the TLS connection: see KXWATCH_SECURITY_PROTOCOL and KXWATCH_SSL_CERT_FILE"
    elif isinstance(error, (SaslAuthenticationFailed, AuthenticationFailedError, ValueError)):
        # A ValueError is aiokafka's word for a broker that does not know the password either.
        text = f"Kafka at {address} does not accept KXWATCH_SASL_USERNAME with KXWATCH_SASL_PASSWORD"
    elif isinstance(error, (UnsupportedSaslMechanismError, AuthenticationMethodNotSupported)):
        text = f"Kafka at {address} offers no {settings.sasl_mechanism}: see KXWATCH_SASL_MECHANISM"
    elif isinstance(error, (OSError, TimeoutError, KafkaConnectionError)):
        text = (
            f"Kafka at {address} cannot be reached by {protocol}: see that it runs, KXWATCH_BROKERS, "
            "KXWATCH_SECURITY_PROTOCOL and the certificates"
        )
    else:
        text = f"Kafka at {address} refused: {type(error).__name__.removesuffix('Error')}"
    return Refused(text)


@lru_cache(maxsize=65_536)
def partition_of(patient_id: str, count: int) -> int:
    """Give the partition of a patient: Kafka's default, murmur2 of the id's UTF-8, of `count` partitions."""
    number: int = (murmur2(patient_id.encode()) & 0x7FFFFFFF) % count
    return number


def _parted(address: str) -> tuple[str, int]:
    host, _, port = address.strip().rpartition(":")
    if not host or not port.isdecimal():
        raise Refused("KXWATCH_BROKERS must be host:port[,host:port]")
    return host.strip("[]"), int(port)
