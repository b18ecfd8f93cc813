"""The rules' cases: worked figures of the manual, the law, CMS's files and the guide, each a sentence with its source.

A case of events has `name`, `source`, `events` in the compact form of compact.py, optional `sites`, `payers` (a
network's own profiles: the fields in which they differ from `unlisted`), `settings` (what a network may choose),
`daily_units` (the most units of a code on a day, by code, in tables by the date on which they take effect) and
`date` (the service date of rows that say none), and `expect`:

- `day`, `claim`: the billable day and the claim day of p-anchor on the case's date; `total`: p-anchor's OT of its year;
- `billable-days`, `claim-days`, `threshold-totals`: by key; null says that there is no value;
- `care`: the care alerts of p-anchor in order, each event being a batch of its own; `network`: those of no patient.

What is expected is a part: only the fields named are compared, lists in full length. `findings` lists kinds, and is
compared with those kinds alone that every implementation names alike.

A case of a parameter has `name`, `source`, `parameter`, `date` and `expect`; null says that the date has no figure. A
table expects many at once: each row is a case, its parameter `parameter of key`.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from conformance.compact import PATIENT, Expansion, plain

FOLDER = Path(__file__).parent / "cases"
FIRST_DATE = "2025-03-03"

DAY_FINDINGS = {
    *("halves_do_not_fit", "code_not_listed", "no_unit", "no_price", "unlisted_payer"),
    *("times_missing", "bundled", "not_valid_for_medicare"),
    *("overlap", "blocked", "modifier_not_used", "modifier_contradiction", "no_figure", "provisional"),
    *("no_profile_value", "in_visit_rate", "in_case_rate"),
    *("upcoded", "undercoded", "not_known", "code_of_another_discipline", "once_a_day", "evaluations_together"),
    *("group_overlap", "pair_order", "telehealth_not_allowed", "telehealth_place", "supervision", "wrong_body_part"),
    *("modifier_missing", "units_over_mue", "documentation_missing", "documented_without_minutes"),
}
CLAIM_FINDINGS = {"kx_not_attested", "no_figure", "remittance_without_line"}
KINDS = {"billable-days": DAY_FINDINGS, "claim-days": CLAIM_FINDINGS}


@dataclass(frozen=True)
class Case:
    """Events and what must come of them, in part: topic -> key -> fields; `subject` is the name of its file.

    `alerts` are the care alerts that must come, in part and in order, by their subject.
    """

    name: str
    source: str
    events: list[dict]
    expect: dict[str, dict[str, Any]]
    sites: dict[str, dict] = field(default_factory=dict)
    payers: dict[str, dict] = field(default_factory=dict)
    subject: str = ""
    alerts: dict[str, list[dict]] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    daily_units: dict[str, dict[str, int]] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class ParameterCase:
    """A dated figure: cents and seconds as whole numbers, factors and shares as decimals; None where there is none."""

    name: str
    source: str
    parameter: str
    date: str
    expect: Decimal | None

    def __str__(self) -> str:
        return self.name


@cache
def entries() -> list[dict]:
    return [
        plain(entry) | {"subject": path.stem}
        for path in sorted(FOLDER.glob("*.yaml"))
        for entry in yaml.safe_load(path.read_text(encoding="utf-8"))
    ]


def cases() -> list[Case]:
    """Give every case of events; its text, `str(case)`, is its sentence."""
    return [case(entry) for entry in entries() if "parameter" not in entry]


def parameter_cases() -> list[ParameterCase]:
    """Give every case of a dated figure."""
    return [found for entry in entries() if "parameter" in entry for found in _figures(entry)]


def _figures(entry: dict) -> list[ParameterCase]:
    name, parameter, expected = entry["name"], entry["parameter"], entry["expect"]
    rows = {(name, parameter): expected}
    if isinstance(expected, dict):
        rows = {(f"{name}: {key}", f"{parameter} of {key}"): value for key, value in expected.items()}
    return [
        ParameterCase(name, entry["source"], parameter, entry["date"], None if value is None else Decimal(str(value)))
        for (name, parameter), value in rows.items()
    ]


def case(entry: dict) -> Case:
    date = entry.get("date", FIRST_DATE)
    expansion = Expansion(date)
    for row in entry["events"]:
        ((kind, what),) = row.items()
        expansion.add(kind, what)
    short = {
        "day": ("billable-days", f"{PATIENT}|{date}"),
        "claim": ("claim-days", f"{PATIENT}|{date}"),
        "total": ("threshold-totals", f"{PATIENT}|{date[:4]}|OT"),
    }
    subjects = {"care": PATIENT, "network": "-"}
    alerts = {subjects[name]: value for name, value in entry["expect"].items() if name in subjects}
    expect: dict[str, dict[str, Any]] = {}
    for name, value in entry["expect"].items():
        if name in subjects:
            continue
        if name in short:
            topic, key = short[name]
            expect.setdefault(topic, {})[key] = value
        else:
            expect.setdefault(name, {}).update(value)
    return Case(
        entry["name"],
        entry["source"],
        expansion.events,
        expect,
        entry.get("sites", {}),
        entry.get("payers", {}),
        entry["subject"],
        alerts,
        entry.get("settings", {}),
        entry.get("daily_units", {}),
    )


def check(case: Case, outputs: dict[str, dict[str, Any]]) -> list[str]:
    """Name each expectation of a case that outputs, topic -> key -> value, do not meet."""
    failures = []
    for topic, values in case.expect.items():
        for key, expected in values.items():
            actual = outputs.get(topic, {}).get(key)
            failures += unmet(f"{topic} {key}", readable(topic, actual), expected)
    return failures


def check_alerts(case: Case, alerts: dict[str, list[dict]]) -> list[str]:
    """Name each expectation of a case that care alerts, in order by subject, do not meet."""
    found = [(subject, alerts.get(subject, []), expected) for subject, expected in case.alerts.items()]
    return [failure for subject, actual, expected in found for failure in unmet(f"care {subject}", actual, expected)]


def readable(topic: str, value: dict | None) -> dict | None:
    """Give a value with the kinds of its findings in their place."""
    if value is None or "findings" not in value:
        return value
    known = KINDS.get(topic, set())
    return value | {"findings": sorted({finding.get("kind") for finding in value["findings"]} & known)}


def unmet(where: str, actual: Any, expected: Any) -> list[str]:
    if where.endswith(".findings"):
        expected = sorted(expected)
    if isinstance(expected, dict) and isinstance(actual, dict):
        return [
            failure
            for name, inner in expected.items()
            for failure in (
                unmet(f"{where}.{name}", actual[name], inner) if name in actual else [f"{where}.{name}: missing"]
            )
        ]
    if isinstance(expected, list) and isinstance(actual, list) and len(actual) == len(expected):
        pairs = zip(actual, expected, strict=True)
        return [failure for at, (a, e) in enumerate(pairs) for failure in unmet(f"{where}[{at}]", a, e)]
    same = actual == expected or (where.endswith(".code") and actual == str(expected))
    return [] if same else [f"{where}: {actual!r}, expected {expected!r}"]


def check_parameter(case: ParameterCase, value: Any) -> list[str]:
    """Name the difference between a case of a dated figure and the value found; None stands for no figure."""
    found = None if value is None else Decimal(str(value))
    return [] if found == case.expect else [f"{case.parameter} on {case.date}: {found}, expected {case.expect}"]
