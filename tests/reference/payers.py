"""What each payer goes by, typed in apart from the product's own profiles."""

from typing import Any

UNLISTED = {
    "unit_rule": "ama_midpoint",
    "price": {"by": "schedule"},
    "multiple_procedure": False,
    "thresholds": False,
    "kx": False,
    "not_valid_status_applies": False,
    "discipline_modifiers": True,
    "assistant_modifiers": True,
    "part_b_deductible": False,
    "coinsurance_percent": 20,
    "takes_copay": True,
    "copay_cents": None,
    "assistant_reduction": True,
}
MEDICARE = {
    "unit_rule": "cms_total",
    "price": {"by": "schedule", "of": "site"},
    "multiple_procedure": True,
    "thresholds": True,
    "kx": True,
    "not_valid_status_applies": True,
    "part_b_deductible": True,
    "takes_copay": False,
}
KNOWN: dict[str, dict[str, Any]] = {
    "medicare-b": MEDICARE,
    "medicare-advantage": MEDICARE
    | {"thresholds": False, "kx": False, "part_b_deductible": False, "takes_copay": True},
    "medicare-secondary": MEDICARE | {"part_b_deductible": False, "coinsurance_percent": None},
    "uhc": {"multiple_procedure": True},
    "cigna": {},
    "self-pay": {"coinsurance_percent": 100, "takes_copay": False, "assistant_reduction": False},
}

_own: dict[str, dict[str, Any]] = {}


def use(own: dict[str, dict[str, Any]] | None) -> None:
    """Lay a network's own payers over the known ones; what they do not say is as for a payer that nobody knows."""
    _own.clear()
    _own.update(own or {})


def listed(payer: str) -> bool:
    return payer in _own or payer in KNOWN


def lacking(payer: str, date: str) -> list[str]:
    """Name the fields that have values by date, and none on this one."""
    return [name for name, value in _own.get(payer, {}).items() if stated(value, date) is None and dated(value)]


def rule(payer: str, field: str, date: str) -> Any:
    """Give what a payer goes by; where the date has no value, None for a price, and else what `unlisted` has."""
    said = UNLISTED | _own.get(payer, KNOWN.get(payer, {}))
    if field in lacking(payer, date):
        return None if field == "price" else UNLISTED[field]
    return stated(said[field], date)


def dated(value: Any) -> bool:
    return isinstance(value, dict) and "values" in value


def stated(value: Any, date: str) -> Any:
    if not dated(value):
        return value
    starts = [start for start in sorted(value["values"]) if start <= date]
    if not starts or date > value.get("through", "9999"):
        return None
    return value["values"][starts[-1]]
