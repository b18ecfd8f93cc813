"""The network of a case as files: its sites, payers and imported tables, where a system is told of them by files."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import yaml

UNLISTED = Path(__file__).parents[1] / "pipeline" / "rules" / "params" / "payers" / "unlisted.yaml"
"""The profile that a payer of a case is like in all that the case does not say."""


def write(
    folder: Path,
    sites: dict[str, dict],
    payers: dict[str, dict],
    daily_units: dict[str, dict[str, int]],
    **said: str,
) -> dict[str, Path]:
    """Write what there is to say of a network.

    That is `directory`, a YAML file, `payers`, a folder of profiles, and `figures`, one of imported tables. Gives the
    paths of what was written; `said` is what else the directory says.
    """
    written = {}
    if sites or said:
        written["directory"] = folder / "directory.yaml"
        written["directory"].write_text(json.dumps({"sites": sites, **said}), encoding="utf-8")
    if payers:
        written["payers"] = folder / "payers"
        written["payers"].mkdir(exist_ok=True)
    for payer_id, fields in payers.items():
        text = yaml.safe_dump(profile(payer_id, fields))
        (written["payers"] / f"{payer_id}.yaml").write_text(text, encoding="utf-8")
    if daily_units:
        written["figures"] = folder / "figures"
        written["figures"].mkdir(exist_ok=True)
    for day, units in daily_units.items():
        table = yaml.safe_dump(_table(day, units))
        (written["figures"] / f"daily-units-{day}.yaml").write_text(table, encoding="utf-8")
    return written


def profile(payer_id: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Give a whole profile: that of an unlisted payer, but for the fields that a case gives a value or dated values."""
    whole: dict[str, Any] = yaml.safe_load(UNLISTED.read_text(encoding="utf-8")) | {"payer_id": payer_id}
    for name, value in fields.items():
        stated = _dated(value) if isinstance(value, dict) and "values" in value else {"value": value}
        whole[name] = stated | {"source": "the case"}
    return whole


def _table(day: str, units: dict[str, int]) -> dict[str, Any]:
    return {
        "kind": "daily_units",
        "release": f"the case, {day}",
        "file": "the-case.csv",
        "sha256": "0" * 64,
        "first": date.fromisoformat(day),
        "rows": {code: [most, 3, "the case"] for code, most in units.items()},
    }


def _dated(stated: dict[str, Any]) -> dict[str, Any]:
    found = stated | {"values": {date.fromisoformat(day): value for day, value in stated["values"].items()}}
    return found | ({"through": date.fromisoformat(stated["through"])} if "through" in stated else {})
