"""docker-compose.yml as it is written: what Compose, an operator and an attacker read in it."""

import json
import re
import subprocess
from importlib.util import find_spec
from pathlib import Path

import jsonschema
import pytest
import yaml
from deploy.composition import ENVIRONMENT_FILE, FILE, Service, document, services
from deploy.recipe import ROOT

from pipeline.broker.release import NEWEST
from pipeline.settings import Settings
from pipeline.topics.catalog import declared

SERVICES = services()
STAYING = [one for one in SERVICES.values() if one.said.get("restart") != "no"]
OURS = [one for one in SERVICES.values() if one.recipe]


def test_the_file_holds_to_the_schema_of_the_compose_specification() -> None:
    package = find_spec("check_jsonschema")
    assert package is not None
    assert package.origin is not None
    file = Path(package.origin).parent / "builtin_schemas" / "vendor" / "compose-spec.json"
    schema = json.loads(file.read_text("utf-8"))
    errors = jsonschema.validators.validator_for(schema)(schema).iter_errors(document())
    assert [f"{'/'.join(map(str, error.path))}: {error.message}" for error in errors] == []


def test_every_published_port_is_on_loopback_and_no_worker_publishes_one() -> None:
    ports = {name: one.said["ports"] for name, one in SERVICES.items() if "ports" in one.said}
    assert ports == {"kafka": ["127.0.0.1:9092:9092"], "prometheus": ["127.0.0.1:9090:9090"]}


def test_a_developer_is_told_the_address_of_kafka_that_is_published() -> None:
    listeners = SERVICES["kafka"].environment()["KAFKA_ADVERTISED_LISTENERS"].split(",")
    assert "HOST://127.0.0.1:9092" in listeners


def test_the_port_of_kafka_on_the_host_is_changed_in_one_place() -> None:
    said = document()["services"]["kafka"]
    assert said["ports"] == ["127.0.0.1:${KAFKA_PORT:-9092}:9092"]
    assert "HOST://127.0.0.1:${KAFKA_PORT:-9092}" in said["environment"]["KAFKA_ADVERTISED_LISTENERS"]


def test_images_are_pinned_and_kafka_is_the_version_that_is_embedded() -> None:
    images = {one.said["image"] for one in SERVICES.values() if not one.recipe}
    assert f"apache/kafka:{NEWEST.version}" in images
    assert all(re.search(r":v?\d+\.\d+\.\d+$", image) for image in images)


def test_kafka_takes_the_largest_record_of_any_topic_and_makes_no_topic_by_itself() -> None:
    environment = SERVICES["kafka"].environment()
    assert int(environment["KAFKA_MESSAGE_MAX_BYTES"]) >= max(one.max_message_bytes for one in declared().values())
    assert environment["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"


@pytest.mark.parametrize("service", STAYING, ids=lambda one: one.name)
def test_what_stays_has_a_health_check_a_limit_of_memory_and_comes_back(service: Service) -> None:
    assert service.health()
    assert service.said["deploy"]["resources"]["limits"]["memory"]
    assert service.said["restart"] == "unless-stopped"


@pytest.mark.parametrize("service", SERVICES.values(), ids=lambda one: one.name)
def test_no_service_has_a_right_of_roots_and_logs_cannot_fill_the_disk(service: Service) -> None:
    assert (service.said["cap_drop"], service.said["security_opt"]) == (["ALL"], ["no-new-privileges:true"])
    assert not {"privileged", "cap_add", "network_mode", "pid"} & service.said.keys()
    assert service.said["logging"]["options"]["max-size"]


@pytest.mark.parametrize("service", OURS, ids=lambda one: one.name)
def test_our_containers_write_nowhere_but_in_memory(service: Service) -> None:
    assert service.said["read_only"]
    assert [mount.partition(":")[0] for mount in service.said["tmpfs"]] == ["/tmp"]
    assert "volumes" not in service.said


@pytest.mark.parametrize("service", OURS, ids=lambda one: one.name)
def test_every_setting_of_our_services_is_one_that_kxwatch_knows(service: Service) -> None:
    assert Settings.load(service.environment()).brokers == "kafka:19092"


def test_metrics_listen_beyond_loopback_in_the_worker_alone() -> None:
    hosts = {name: one.environment().get("KXWATCH_METRICS_HOST") for name, one in SERVICES.items()}
    assert hosts == {"kafka": None, "topics": None, "worker": "0.0.0.0", "prometheus": None}


def test_no_secret_stands_in_a_file_of_the_project() -> None:
    secrets = [name for name, field in Settings.model_fields.items() if "Secret" in str(field.annotation)]
    text = FILE.read_text("utf-8") + (ROOT / "deploy" / "Dockerfile").read_text("utf-8")
    assert not [name for name in secrets if f"KXWATCH_{name.upper()}:" in text or f"KXWATCH_{name.upper()}=" in text]
    assert "KXWATCH_PATIENT_KEY=\n" in ENVIRONMENT_FILE.read_text("utf-8")
    ignored = subprocess.run(["git", "check-ignore", "--quiet", "deploy/kxwatch.env"], cwd=ROOT, check=False)
    assert ignored.returncode == 0


def test_prometheus_asks_for_the_workers_by_the_service_name_and_the_port_they_listen_on() -> None:
    configuration = yaml.safe_load((ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text("utf-8"))
    (job,) = configuration["scrape_configs"]
    (found,) = job["dns_sd_configs"]
    assert found["names"] == ["worker"]
    assert str(found["port"]) == SERVICES["worker"].environment()["KXWATCH_METRICS_PORT"]


def test_the_alert_about_a_missing_worker_counts_on_as_many_as_there_are() -> None:
    rules = yaml.safe_load((ROOT / "deploy" / "prometheus" / "rules.yml").read_text("utf-8"))
    (missing,) = [one for one in rules["groups"][0]["rules"] if one.get("alert") == "KxwatchWorkerMissing"]
    assert missing["expr"].endswith(f"< {SERVICES['worker'].replicas}")
