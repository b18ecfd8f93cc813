"""What the product makes of events: the values that `kxwatch rate` ends in, by topic and key."""

import json
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from conformance.case import Case
from conformance.network import write
from pipeline.events.codec import encode
from pipeline.rate import Rater
from pipeline.rules.fees import indices_of_year, relative_values
from pipeline.rules.parameters import parameter
from pipeline.settings import Settings


def settings_for(
    sites: dict[str, dict],
    folder: Path,
    payers: dict[str, dict] | None = None,
    daily_units: dict[str, dict[str, int]] | None = None,
    **said: str,
) -> Settings:
    """Give settings whose directory lists the sites and says what else it is to say.

    `payers` differ from `unlisted` in what is given, `daily_units` are imported tables by date.
    """
    return Settings(**write(folder, sites, payers or {}, daily_units or {}, **said))


def settings_of(case: Case, folder: Path) -> Settings:
    """Give the settings that a case is of."""
    return settings_for(case.sites, folder, case.payers, case.daily_units).model_copy(update=case.settings)


def rated(events: Iterable[dict | bytes], settings: Settings | None = None, *, final: bool = False) -> dict[str, Any]:
    """Give the final value of every compacted key by topic and key, and under `alerts` the alerts in order.

    Under `care-alerts` are those of care, by their subject.
    """
    rater = Rater(settings or Settings(), final=final)
    lines = [event if isinstance(event, bytes) else json.dumps(event).encode() for event in events]
    outputs: dict[str, Any] = {name: {} for name in ("billable-days", "threshold-totals", "claim-days")}
    outputs |= {"alerts": [], "rejected": [], "care-alerts": {}}
    for output in rater.lines("events", lines):
        name = "rejected" if output.topic == "rejected-events" else "alerts"
        outputs[name].append(json.loads(encode(output.value)))
        if output.topic == "care-alerts":
            outputs["care-alerts"].setdefault(output.key, []).append(outputs[name][-1])
    for output in rater.results():
        outputs[output.topic][output.key] = json.loads(encode(output.value))
    return outputs


_RELATIVE = {"work": "work", "practice_expense": "practice_expense", "malpractice": "malpractice"}
_INDICES = ("work_index", "practice_expense_index", "malpractice_index")


def stated(name: str, day: str) -> object:
    """Give a figure as the product has it, by the name that a case gives it; `NoFigure` where it has none."""
    figure, _, key = name.partition(" of ")
    if figure in _INDICES:
        return decimal(indices_of_year(int(day[:4]))[key][_INDICES.index(figure)])
    if key:
        return decimal(getattr((relative_values(int(day[:4])) or {})[key], _RELATIVE[figure]))
    if name == "longest_segment_seconds":
        return Settings().max_segment_minutes * 60
    if name.endswith("_approaching_share"):
        return parameter(f"approaching_{name.removesuffix('_approaching_share')}").at(day) / 100
    return parameter(name).at(day)


def decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)
