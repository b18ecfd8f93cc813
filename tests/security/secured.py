"""A real Kafka with a listener for each way to be let in: TLS, mTLS, SASL over TLS and without."""

import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from homes import free_ports
from security.certificates import authority, certificate

from pipeline.broker import embedded, java
from pipeline.broker.configuration import SETTINGS
from pipeline.broker.handshake import cluster_at

USER, PASSWORD = "kx", "not-to-be-told"
LISTENERS = {
    "INSIDE": "PLAINTEXT",
    "TLS": "SSL",
    "MTLS": "SSL",
    "ELSEWHERE": "SSL",
    "SECRET": "SASL_SSL",
    "OPEN": "SASL_PLAINTEXT",
}
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
_MODULE = "org.apache.kafka.common.security"


class Secured(msgspec.Struct, frozen=True):
    """The addresses of the listeners by name, and the files that a client needs."""

    address: dict[str, str]
    authority: Path
    stranger: Path
    certificate: Path
    key: Path
    key_password: str


@contextmanager
def secured(folder: Path, classpath: str) -> Iterator[Secured]:
    """Run the broker in that folder for as long as the block."""
    signer, stranger = authority(folder, "authority"), authority(folder, "stranger")
    for name, names in (("broker", "DNS:localhost,IP:127.0.0.1"), ("elsewhere", "DNS:elsewhere.example")):
        signed, key = certificate(folder, name, signer, names)
        (folder / f"{name}-store.pem").write_text(key.read_text() + signed.read_text())
    mine, my_key = certificate(folder, "client", signer, "DNS:client", password="key password")
    ports = free_ports(len(LISTENERS) + 1)
    address = {name: f"127.0.0.1:{port}" for name, port in zip((*LISTENERS, "CONTROLLER"), ports, strict=True)}
    (folder / "server.properties").write_text(_properties(address), "utf-8")

    users = [f"{mechanism}=[name={USER},password={PASSWORD}]" for mechanism in MECHANISMS[1:]]
    scram = [argument for user in users for argument in ("--add-scram", user)]
    cluster = uuid.uuid4().hex[:22]
    arguments = ("format", "--standalone", f"--cluster-id={cluster}", "--config", "server.properties", *scram)
    log = folder / "kafka.log"
    assert java.run(java.command(classpath, folder, "kafka.tools.StorageTool", *arguments), folder, log) == 0, (
        log.read_text()
    )
    line = java.command(classpath, folder, "kafka.Kafka", "server.properties")
    with (
        log.open("ab") as out,
        # Under the supervisor of the embedded broker, so that it ends with the tests however those end.
        subprocess.Popen(
            [sys.executable, "-I", "-S", str(embedded.SUPERVISOR), *line],
            cwd=folder,
            env=java.ENVIRONMENT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=out,
        ) as process,
    ):
        inside = int(address["INSIDE"].rpartition(":")[2])
        while cluster_at(inside) != cluster:
            assert process.poll() is None, log.read_text()
            time.sleep(0.05)
        yield Secured(address, signer, stranger, mine, my_key, "key password")
        assert process.stdin is not None
        process.stdin.close()


def _properties(address: dict[str, str]) -> str:
    protocols = LISTENERS | {"CONTROLLER": "PLAINTEXT"}
    own = {
        "listeners": ",".join(f"{name}://{where}" for name, where in address.items()),
        "advertised.listeners": ",".join(f"{name}://{address[name]}" for name in LISTENERS),
        "listener.security.protocol.map": ",".join(f"{name}:{kind}" for name, kind in protocols.items()),
        "inter.broker.listener.name": "INSIDE",
        "controller.quorum.bootstrap.servers": address["CONTROLLER"],
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": "broker-store.pem",
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": "authority.pem",
        "listener.name.elsewhere.ssl.keystore.type": "PEM",
        "listener.name.elsewhere.ssl.keystore.location": "elsewhere-store.pem",
        "listener.name.mtls.ssl.client.auth": "required",
        "listener.name.secret.sasl.enabled.mechanisms": ",".join(MECHANISMS),
        "listener.name.open.sasl.enabled.mechanisms": "SCRAM-SHA-256",
    }
    for listener in ("secret", "open"):
        before = f"listener.name.{listener}"
        own[f"{before}.plain.sasl.jaas.config"] = f'{_MODULE}.plain.PlainLoginModule required user_{USER}="{PASSWORD}";'
        for mechanism in ("scram-sha-256", "scram-sha-512"):
            own[f"{before}.{mechanism}.sasl.jaas.config"] = f"{_MODULE}.scram.ScramLoginModule required;"
    return "".join(f"{name}={value}\n" for name, value in (SETTINGS | own).items())
