from pathlib import Path
from typing import get_args

import pytest
from docs.manual import README, quoted, table

from pipeline.commands.settings import _row
from pipeline.events.rejected import Reason
from pipeline.ops.health import Facts
from pipeline.ops.metrics import Metrics
from pipeline.settings import Settings
from pipeline.topics.catalog import declared


def test_the_settings_are_those_that_the_command_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    rows = [_row(name) for name in Settings.model_fields]
    told = {cells[0].strip("`"): cells[1:] for cells in table("Settings")}
    assert list(told) == [row["variable"] for row in rows]
    for row in rows:
        default, text = told[row["variable"]]
        assert default.strip("`") == row["default"].replace(str(Path.home()), "~"), row["variable"]
        assert text == row["description"] or not row["description"], row["variable"]
        assert text, row["variable"]


def test_the_metrics_are_those_that_a_worker_exposes() -> None:
    metrics = Metrics()
    metrics.progress.facts = Facts(committed={("emr-events", 0): 1}, ends={("emr-events", 0): 1})
    exposed = {}
    for family in metrics.registry.collect():
        name = family.name + ("_total" if family.type == "counter" else "")
        labels = {label for sample in family.samples for label in sample.labels} - {"le"}
        exposed[name] = labels, family.documentation
    for name, metric in metrics._counters.items():
        exposed[f"kxwatch_{name}_total"] = set(metric._labelnames), exposed[f"kxwatch_{name}_total"][1]
    for name, histogram in (("latency", metrics._latency), ("commit", metrics._commit_seconds)):
        exposed[f"kxwatch_{name}_seconds"] = set(histogram._labelnames), exposed[f"kxwatch_{name}_seconds"][1]
    told = {cells[0].strip("`"): (set(quoted(cells[1])), cells[2]) for cells in table("Metrics")}
    assert told == exposed


def test_the_topics_are_those_that_are_declared() -> None:
    topics = [topic for topic in declared().values() if topic.changelog_of is None]
    assert table("Topics") == [
        [
            f"`{topic.title}`",
            topic.key,
            f"{topic.retention_days} days" if topic.retention_days else topic.cleanup,
            topic.what,
        ]
        for topic in topics
    ]


def test_the_reasons_of_dead_letters_are_all_told() -> None:
    section = README.read_text("utf-8").split("\n## Dead letters\n", 1)[1].split("\n## ", 1)[0]
    assert set(get_args(Reason)) <= set(quoted(section))
