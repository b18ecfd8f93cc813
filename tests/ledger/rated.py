"""What the product makes of events: the values that `kxwatch rate` ends in, by topic and key."""

import json
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import yaml

from pipeline.events.codec import encode
from pipeline.rate import Rater
from pipeline.rules.payers import packaged_profiles
from pipeline.settings import Settings


def settings_for(sites: dict[str, dict], folder: Path, payers: dict[str, dict] | None = None, **said: str) -> Settings:
    """Give settings whose directory lists the sites and says what else it is to say.

    `payers` differ from `unlisted` in what is given.
    """
    given = {}
    if sites or said:
        given["directory"] = folder / "directory.yaml"
        given["directory"].write_text(json.dumps({"sites": sites, **said}), encoding="utf-8")
    if payers:
        given["payers"] = folder / "payers"
        given["payers"].mkdir()
    for payer_id, fields in (payers or {}).items():
        profile = msgspec.to_builtins(packaged_profiles()["unlisted.yaml"]) | {"payer_id": payer_id}
        for name, value in fields.items():
            said = dated(value) if isinstance(value, dict) and "values" in value else {"value": value}
            profile[name] = said | {"source": "the case"}
        (given["payers"] / f"{payer_id}.yaml").write_text(yaml.safe_dump(profile), encoding="utf-8")
    return Settings(**given)


def dated(said: dict) -> dict:
    """Give values by date with dates in place of their texts, as YAML has them."""
    found = said | {"values": {date.fromisoformat(day): value for day, value in said["values"].items()}}
    return found | ({"through": date.fromisoformat(said["through"])} if "through" in said else {})


def rated(events: Iterable[dict | bytes], settings: Settings | None = None, *, final: bool = False) -> dict[str, Any]:
    """Give the final value of every compacted key by topic and key, and under `alerts` the alerts in order."""
    rater = Rater(settings or Settings(), final=final)
    lines = [event if isinstance(event, bytes) else json.dumps(event).encode() for event in events]
    outputs: dict[str, Any] = {name: {} for name in ("billable-days", "threshold-totals", "claim-days")}
    outputs |= {"alerts": [], "rejected": []}
    for output in rater.lines("events", lines):
        name = "rejected" if output.topic == "rejected-events" else "alerts"
        outputs[name].append(json.loads(encode(output.value)))
    for output in rater.results():
        outputs[output.topic][output.key] = json.loads(encode(output.value))
    return outputs
