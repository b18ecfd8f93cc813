"""The rights that the README tells an operator to give are enough, where nobody has any that is not given."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.admin import CreateAclsRequest
from homes import free_port
from security.certificates import OPENSSL
from security.secured import PASSWORD, USER, Secured, secured
from streams.stream import apply, compacted, publish, rated, simulated, until, working

from pipeline.broker.configuration import SETTINGS
from pipeline.broker.jars import classpath
from pipeline.settings import PREFIX, Settings

pytestmark = pytest.mark.skipif(OPENSSL is None, reason="the certificates of the secured Kafka are made by `openssl`")

NAME = "rehab."
LINES = simulated(20)[:60]
TOPIC, GROUP, TRANSACTIONAL_ID = 2, 3, 5
LITERAL, PREFIXED = 3, 4
ALLOW, OPERATIONS = 3, {"Read": 3, "Write": 4, "Describe": 8, "DescribeConfigs": 10}
RIGHTS = [
    (TRANSACTIONAL_ID, PREFIXED, f"{NAME}kxwatch-", ("Write", "Describe")),
    (GROUP, LITERAL, f"{NAME}kxwatch", ("Read",)),
    (TOPIC, PREFIXED, NAME, ("Read", "Write", "Describe", "DescribeConfigs")),
]


@pytest.fixture
def strict(kafka_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Secured]:
    """A Kafka that lets nobody do what no ACL allows, but for who comes by its listener for administrators."""
    monkeypatch.setitem(SETTINGS, "authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer")
    monkeypatch.setitem(SETTINGS, "super.users", "User:ANONYMOUS")
    with secured(tmp_path, classpath(kafka_home / "jars")) as broker:
        yield broker


async def give(brokers: str) -> None:
    client = AIOKafkaClient(bootstrap_servers=brokers)
    await client.bootstrap()
    try:
        for kind, pattern, name, operations in RIGHTS:
            for operation in operations:
                request = CreateAclsRequest(kind, name, pattern, f"User:{USER}", "*", OPERATIONS[operation], ALLOW)
                answer = await client.send(client.get_random_node(), request)
                assert [error for error, *_ in answer.creation_responses] == [0]
    finally:
        await client.close()


def test_a_worker_does_its_work_with_these_rights_and_no_other(
    strict: Secured, kafka_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = {"home": kafka_home, "topic_prefix": NAME, "data_dir": tmp_path / "data", "metrics_port": free_port()}
    office = Settings(**own, brokers=strict.address["INSIDE"])  # type: ignore[arg-type]
    apply(office)
    asyncio.run(give(office.brokers))
    login = {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "SCRAM-SHA-256", "sasl_username": USER}
    for setting, value in (login | {"sasl_password": PASSWORD}).items():
        monkeypatch.setenv(PREFIX + setting.upper(), value)
    worker = Settings(**own | login, brokers=strict.address["OPEN"], sasl_password=PASSWORD)  # type: ignore[arg-type]
    publish(office, LINES)
    with working(worker, tmp_path / "log") as running:
        until(lambda: compacted(office) == rated(office, LINES))
        assert running.stop() == 0
