"""The network that the histories are of: its sites, and settings that list them."""

import json
import tempfile
from functools import cache
from pathlib import Path

from pipeline.directory import load
from pipeline.ledger.terms import Terms
from pipeline.settings import Settings

SITES: dict[str, dict[str, str]] = {
    "site-a": {"tin": "tin-1"},
    "site-b": {"tin": "tin-1", "schedule": "guide-2025"},
    "site-c": {"tin": "tin-2", "locality": "13202-01"},
    "site-d": {"tin": "tin-1", "locality": "10112-00", "schedule": "guide-2025"},
    "site-e": {"tin": "tin-2", "locality": "99999-99"},
}
UNLISTED_SITE = "site-z"


@cache
def settings() -> Settings:
    """Give settings with the directory of the sites; the folder is gone with the process."""
    _FOLDERS.append(folder := tempfile.TemporaryDirectory())
    path = Path(folder.name) / "directory.yaml"
    path.write_text(json.dumps({"sites": SITES}), encoding="utf-8")
    return Settings(directory=path)


@cache
def terms() -> Terms:
    """Give what the folds go by."""
    return Terms(load(settings().directory), settings().max_segment_minutes)


_FOLDERS: list[tempfile.TemporaryDirectory[str]] = []
