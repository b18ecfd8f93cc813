"""What two computations of the same events must agree on: figures and kinds, not wording."""

from collections.abc import Callable
from typing import Any

from reference.facts import instant

DAY_FINDINGS = {
    *("halves_do_not_fit", "code_not_listed", "no_unit", "no_price", "unlisted_payer"),
    *("times_missing", "bundled", "not_valid_for_medicare"),
    *("overlap", "blocked", "modifier_not_used", "modifier_contradiction", "no_figure"),
    *("no_profile_value", "in_visit_rate", "in_case_rate"),
    *("upcoded", "undercoded", "not_known", "code_of_another_discipline", "once_a_day", "evaluations_together"),
    *("group_overlap", "pair_order", "telehealth_not_allowed", "telehealth_place", "supervision", "wrong_body_part"),
    *("modifier_missing", "units_over_mue", "documentation_missing", "documented_without_minutes"),
}
CLAIM_FINDINGS = {"kx_not_attested", "no_figure", "remittance_without_line"}

LINE = (
    *("payer_id", "discipline", "code", "units", "minutes", "modifiers"),
    *("allowed_cents", "full_cents", "segment_ids"),
)
OWED = ("patient_cents", "payer_cents")
PROJECTION = ("visits_left", "crosses_on", "basis")
THRESHOLD = ("threshold_cents", "remaining_cents", "state", "crossed_on")
TOTAL = (
    *("patient_id", "year", "bucket", "total_cents", "own_cents", "external_cents"),
    *("estimated", "days", "last_service_date", "provenance"),
)
SUBMITTED_LINE = ("code", "modifiers", "units", "charge_cents", "control_number")


def picked(value: dict, names: tuple[str, ...]) -> dict:
    return {name: value.get(name) for name in names}


def kinds(value: dict, known: set[str]) -> list[str]:
    return sorted({finding.get("kind") for finding in value.get("findings") or []} & known)


def line_meaning(line: dict) -> dict:
    return {**picked(line, LINE), "segment_ids": sorted(line.get("segment_ids") or [])}


def day_meaning(value: dict) -> dict:
    return {
        **picked(value, ("patient_id", "service_date", "minutes", "units")),
        "site_ids": sorted(value.get("site_ids") or []),
        "payers": sorted(value.get("payers") or []),
        "lines": [line_meaning(line) for line in value.get("lines") or []],
        "findings": kinds(value, DAY_FINDINGS),
    }


def total_meaning(value: dict) -> dict:
    states = {name: picked(value.get(name) or {}, THRESHOLD) for name in ("kx", "review")}
    ahead = {name: picked(value.get(name) or {}, PROJECTION) for name in ("projection", "review_projection")}
    return {**picked(value, TOTAL), **states, **ahead}


def claim_meaning(value: dict) -> dict:
    return {
        **picked(value, ("patient_id", "service_date", "kx_lines", "kx_attested")),
        "lines": [line_meaning(line) | picked(line, OWED) for line in value.get("lines") or []],
        "findings": kinds(value, CLAIM_FINDINGS),
        "submitted": submitted_meaning(value.get("submitted")),
    }


def submitted_meaning(claim: dict | None) -> dict | None:
    if claim is None:
        return None
    return {
        **picked(claim, ("claim_id", "payer_id")),
        "submitted_at": instant(claim["submitted_at"]),
        "lines": [
            {**picked(line, SUBMITTED_LINE), "modifiers": line.get("modifiers") or []} for line in claim["lines"]
        ],
    }


MEANING: dict[str, Callable[[dict], dict]] = {
    "billable-days": day_meaning,
    "threshold-totals": total_meaning,
    "claim-days": claim_meaning,
}


def compare(actual: dict[str, dict[str, Any]], expected: dict[str, dict[str, Any]]) -> list[str]:
    """Name each difference in meaning between two outputs, topic -> key -> value; a null value is a tombstone."""
    found = []
    for topic, meaning in MEANING.items():
        ours = {key: value for key, value in (actual.get(topic) or {}).items() if value is not None}
        theirs = {key: value for key, value in (expected.get(topic) or {}).items() if value is not None}
        found += [f"{topic} {key}: not expected" for key in sorted(ours.keys() - theirs.keys())]
        found += [f"{topic} {key}: missing" for key in sorted(theirs.keys() - ours.keys())]
        for key in sorted(ours.keys() & theirs.keys()):
            found += differences(f"{topic} {key}", meaning(ours[key]), meaning(theirs[key]))
    return found


def differences(where: str, actual: Any, expected: Any) -> list[str]:
    if isinstance(actual, dict) and isinstance(expected, dict):
        names = sorted(actual.keys() | expected.keys())
        return [d for name in names for d in differences(f"{where}.{name}", actual.get(name), expected.get(name))]
    if isinstance(actual, list) and isinstance(expected, list) and len(actual) == len(expected):
        pairs = zip(actual, expected, strict=True)
        return [d for at, (a, e) in enumerate(pairs) for d in differences(f"{where}[{at}]", a, e)]
    same = actual == expected and type(actual) is type(expected)
    return [] if same else [f"{where}: {actual!r}, expected {expected!r}"]
