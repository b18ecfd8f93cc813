"""The directory of sites: what it lists, what a site has that it does not list, and what is refused in a line."""

from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pipeline.directory import Directory, Site, load
from pipeline.errors import Refused


def directory(folder: Path, text: str) -> Path:
    path = folder / "directory.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_no_directory_is_one_of_defaults() -> None:
    assert load(None).site("anywhere") == Site(tin="network", locality="national", schedule="cms")


def test_a_site_has_what_the_directory_says_and_defaults_for_the_rest(tmp_path: Path) -> None:
    found = load(directory(tmp_path, "sites: {north: {locality: 10112-00, schedule: guide-2025}}"))
    assert found.site("north") == Site(tin="network", locality="10112-00", schedule="guide-2025")


def test_a_site_that_is_not_listed_has_the_directorys_default(tmp_path: Path) -> None:
    found = load(directory(tmp_path, "default: {tin: tin-1}"))
    assert found == Directory(default=Site(tin="tin-1"))
    assert found.site("elsewhere").tin == "tin-1"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("sites: {north: {schedule: guide-2024}}", "schedule"),
        ("sites: {north: {shedule: cms}}", "shedule"),
        ("site: {}", "site"),
        ("sites: [north]", "$.sites"),
        ("sites: {north: {tin: 5}}", "tin"),
        ("sites: {", "directory"),
    ],
)
def test_what_is_wrong_is_refused_with_the_file_and_the_field(tmp_path: Path, text: str, named: str) -> None:
    path = directory(tmp_path, text)
    with pytest.raises(Refused) as caught:
        load(path)
    assert str(path) in str(caught.value)
    assert named in str(caught.value)


def test_a_directory_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused):
        load(tmp_path / "none.yaml")


def test_a_refusal_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        load(directory(tmp_path, "sites: {"))
    assert "\n" not in str(caught.value)


def test_the_days_begin_in_utc_unless_it_says_a_time_zone(tmp_path: Path) -> None:
    assert load(None).zone() is UTC
    path = tmp_path / "directory.yaml"
    path.write_text("time_zone: America/New_York")
    assert load(path).zone() == ZoneInfo("America/New_York")


@pytest.mark.parametrize("name", ["America/Atlantis", "../etc/passwd", '""'])
def test_a_time_zone_that_is_none_is_refused_at_start(tmp_path: Path, name: str) -> None:
    path = tmp_path / "directory.yaml"
    path.write_text(f"time_zone: {name}")
    with pytest.raises(Refused, match="time_zone"):
        load(path)
