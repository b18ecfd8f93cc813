"""deploy/prometheus: that Prometheus takes its configuration, and when it raises which alert."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from deploy.recipe import ROOT
from prometheus_client import generate_latest

from pipeline.ops.metrics import Metrics

FOLDER = ROOT / "deploy" / "prometheus"
CLAIMS = Path(__file__).with_name("alerts.yml")

needs_promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not on this machine")


def promtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, check=False)


@needs_promtool
def test_prometheus_takes_its_configuration_and_its_rules() -> None:
    done = promtool("check", "config", FOLDER / "prometheus.yml")
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_each_alert_is_raised_when_it_should_and_only_then() -> None:
    done = promtool("test", "rules", CLAIMS)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_has_a_test_of_when_it_is_raised() -> None:
    rules = yaml.safe_load((FOLDER / "rules.yml").read_text("utf-8"))["groups"][0]["rules"]
    tests = yaml.safe_load(CLAIMS.read_text("utf-8"))["tests"]
    raised = {one["alertname"] for test in tests for one in test["alert_rule_test"] if one.get("exp_alerts")}
    assert raised == {rule["alert"] for rule in rules if "alert" in rule}


def test_the_rules_ask_for_metrics_that_a_worker_has() -> None:
    rules = yaml.safe_load((FOLDER / "rules.yml").read_text("utf-8"))["groups"][0]["rules"]
    asked = set(re.findall(r"\bkxwatch_\w+", " ".join(rule["expr"] for rule in rules)))
    # A counter's samples end with _total, a histogram's with _bucket; what is told of each is its family.
    has = set(re.findall(r"^# TYPE (\S+)", generate_latest(Metrics().registry).decode(), re.MULTILINE))
    assert asked
    assert {name.removesuffix("_bucket") for name in asked} <= has
