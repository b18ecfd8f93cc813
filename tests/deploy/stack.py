"""The services of docker-compose.yml on this machine, as an engine would start them.

What is put in for what an engine has: one loopback stands for the containers' networks, so that names become 127.0.0.1
and each port of a container a free one; folders below another stand for volumes and roots; Prometheus is given its
targets as addresses, where Docker's DNS would have told them, and asks every second. Kafka's image is its jars, with
the class that the image itself runs to make server.properties of its environment and to format its data.
"""

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from deploy.composition import Service, services
from deploy.container import Container, until
from deploy.image import Image
from deploy.recipe import ROOT
from homes import free_port, free_ports

from pipeline.broker import java
from pipeline.broker.jars import classpath

PATIENT_KEY = "an invented key of this test"
METRICS = "9464"


class Stack:
    """All services, started in the order that the file asks for."""

    def __init__(self, folder: Path, image: Image, jars: Path) -> None:
        self.folder = folder
        self.image = image
        self.kafka = classpath(jars)
        self.services = services()
        self.ports = dict(zip(("19092", "9092", "19093", "9090"), map(str, free_ports(4)), strict=True))
        self.running: dict[str, list[Container]] = {}
        self.ended: dict[str, int] = {}

    def up(self, without: frozenset[str] = frozenset()) -> None:
        """Start every service when what it depends on is as it asks, and wait until all are healthy."""
        for service in self.services.values():
            if service.name in without:
                continue
            for other, wanted in service.said.get("depends_on", {}).items():
                if wanted["condition"] == "service_healthy":
                    self.wait_healthy(other)
                else:
                    assert wanted["condition"] == "service_completed_successfully"
                    (container,) = self.running[other]
                    self.ended[other] = container.ended()
                    assert self.ended[other] == 0, container.log.read_text()
            self.running[service.name] = [self.start(service) for _ in range(service.replicas)]
        for name in self.running.keys() - self.ended.keys():
            self.wait_healthy(name)

    def down(self) -> None:
        """Stop all, the last first."""
        for containers in reversed(self.running.values()):
            for container in containers:
                container.stop(60)

    def wait_healthy(self, name: str) -> None:
        """Wait until each container of a service says that it is healthy."""
        for container in self.running[name]:
            until(container.healthy, f"{name} is not healthy: {container.log}")

    def start(self, service: Service) -> Container:
        """Start one container of a service."""
        folder = self.folder / f"{service.name}-{len(list(self.folder.glob(f'{service.name}-*')))}"
        folder.mkdir()
        if service.recipe:
            return self._kxwatch(service, folder)
        return {"kafka": self._kafka, "prometheus": self._prometheus}[service.name](service, folder)

    def address(self, port: str) -> str:
        """Give where a published port is."""
        return f"127.0.0.1:{self.ports[port]}"

    def here(self, text: str, ports: Mapping[str, str] | None = None) -> str:
        """Put this machine's addresses in the place of the containers'."""
        text = re.sub(r"\bkafka(?=:\d)|(?<=://)(?=:\d)|\b0\.0\.0\.0\b", "127.0.0.1", text)
        known = self.ports | dict(ports or {})
        return re.sub(r"(?<![\w.])\d{4,5}(?!\w)", lambda found: known.get(found[0], found[0]), text)

    def _kxwatch(self, service: Service, folder: Path) -> Container:
        port = str(free_port())
        said = service.environment() | {"KXWATCH_PATIENT_KEY": PATIENT_KEY}
        own = {name: self.here(value, {METRICS: port}) for name, value in said.items()}
        environment = {
            name: value.replace("/tmp", str(folder)) if name in ("HOME", "KXWATCH_DATA_DIR") else value
            for name, value in (own | {"PATH": self.image.environment()["PATH"]}).items()
        }
        return Container(service.command(), environment, folder, service.health())

    def _kafka(self, service: Service, folder: Path) -> Container:
        environment = {name: self.here(value) for name, value in service.environment().items()}
        environment["KAFKA_LOG_DIRS"] = str(folder / environment["KAFKA_LOG_DIRS"].strip("/"))
        folders = [folder / name for name in ("default", "mounted", "final")]
        for one in (*folders, folder / "tmp"):
            one.mkdir()
        for name in ("server.properties", "log4j2.yaml", "tools-log4j2.yaml"):
            (folders[0] / name).touch()
        (folders[2] / "server.properties").touch()
        flags = zip(("--default-configs-dir", "--mounted-configs-dir", "--final-configs-dir"), folders, strict=True)
        arguments = ["setup", *(str(part) for flag in flags for part in flag)]
        setup = java.command(self.kafka, folder / "tmp", "kafka.docker.KafkaDockerWrapper", *arguments)
        done = subprocess.run(setup, env=java.ENVIRONMENT | environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        run = java.command(self.kafka, folder / "tmp", "kafka.Kafka", str(folders[2] / "server.properties"))
        # The heap that the file gives it, behind that of the embedded broker: the last word counts.
        run[run.index("-cp") : run.index("-cp")] = environment["KAFKA_HEAP_OPTS"].split()
        return Container(
            run, {"PATH": os.environ["PATH"]}, folder, [self.here(part) for part in service.health() or []]
        )

    def _prometheus(self, service: Service, folder: Path) -> Container:
        bound = dict(volume.split(":")[1::-1] for volume in service.said["volumes"])
        configuration = folder / "etc"
        configuration.mkdir()
        for file in (ROOT / bound["/etc/prometheus"]).iterdir():
            (configuration / file.name).write_text(self._found(file.read_text("utf-8")), "utf-8")
        command = [
            re.sub(r"(?<==)/prometheus$", str(folder / "data"), part.replace("/etc/prometheus", str(configuration)))
            for part in service.command()
        ]
        listen = f"--web.listen-address={self.address('9090')}"
        health = [self.here(part) for part in service.health() or []]
        return Container(["prometheus", *command, listen], {"PATH": os.environ["PATH"]}, folder, health)

    def _found(self, text: str) -> str:
        """Give the targets as addresses in a configuration; leave the rules alone."""
        said: dict[str, Any] = yaml.safe_load(text)
        for job in said.get("scrape_configs", ()):
            (found,) = job.pop("dns_sd_configs")
            (name,) = found["names"]
            assert str(found["port"]) == METRICS
            workers = [one.environment["KXWATCH_METRICS_PORT"] for one in self.running[name]]
            job["static_configs"] = [{"targets": [f"127.0.0.1:{port}" for port in workers]}]
        if "global" in said:
            said["global"]["scrape_interval"] = "1s"
        return yaml.safe_dump(said)
