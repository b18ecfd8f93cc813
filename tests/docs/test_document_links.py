import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from docs.manual import PAGES, README, ROOT, blocks, links, quoted

from pipeline.events.codec import EVENT_TYPES
from pipeline.topics.catalog import FOLDER, declared

FOLDERS = "pipeline|topics|tests|docs|deploy|examples|bench|conformance"
PATH = re.compile(rf"(?:{FOLDERS})/[\w./-]*|[\w.-]+\.(?:yml|toml|lock|env)")
NOT_IN_GIT = {"deploy/kxwatch.env"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_link_within_the_project_leads_somewhere(page: Path) -> None:
    for link in links(page):
        parts = urlsplit(link)
        if not parts.scheme:
            assert (page.parent / parts.path).exists(), link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_file_that_is_named_exists(page: Path) -> None:
    for name in quoted(page.read_text("utf-8")):
        if PATH.fullmatch(name) and name not in NOT_IN_GIT and not name.endswith(("NAME.yaml", "latest.json")):
            assert (ROOT / name).exists() or list(ROOT.glob(f"pipeline/**/{name}")), name


def test_a_decision_is_listed_in_the_architecture_under_its_own_title() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    listed = re.findall(r"^- \[(.+)\]\(decisions/(.+)\)$", text, re.MULTILINE)
    assert listed
    for title, name in listed:
        assert (ROOT / "docs" / "decisions" / name).read_text("utf-8").startswith(f"# {title}\n")


def test_the_messages_are_the_examples_that_the_tests_hold_against_the_readers() -> None:
    page = ROOT / "docs" / "messages.md"
    told = [json.loads(block.text) for block in blocks(page, "json")]
    outputs = [title for title in declared() if title not in ("emr-events", "session-events")]
    named = re.findall(r"^### `([^`]+)`$", page.read_text("utf-8"), re.MULTILINE)
    assert set(EVENT_TYPES) <= set(named)
    assert {title for title in outputs if declared()[title].messages} <= set(named)
    assert told == [json.loads((FOLDER / "examples/good" / f"{name}.json").read_text())["value"] for name in named]


def test_the_event_that_the_readme_shows_is_the_example() -> None:
    shown = json.loads(blocks(README, "json")[0].text)
    assert shown == json.loads((FOLDER / "examples/good/segment.recorded.json").read_text())["value"]


def test_the_licence_is_the_one_that_the_package_names() -> None:
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text
    assert 'license = "Apache-2.0"' in (ROOT / "pyproject.toml").read_text("utf-8")
