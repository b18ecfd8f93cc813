"""`kxwatch report`: revenue and denials, from events of a simulated network, from topics, and what it refuses."""

import csv
import json
from collections import defaultdict
from pathlib import Path

import pytest
from commands.commandline import Kxwatch, make, put
from commands.conftest import environment, kxwatch  # noqa: F401 -- the fixtures of the command line.
from ledger.emr import base, segment

from pipeline.connection import partition_of
from pipeline.events.codec import encode
from pipeline.rate import Rater
from pipeline.settings import Settings

PERIOD = ("--from", "2025-03-03", "--through", "2025-03-09")


def remittance(name: str, code: str, allowed: int, adjustments: list[tuple[str, str, int]], **said: object) -> dict:
    listed = [{"group": group, "reason": reason, "amount_cents": cents} for group, reason, cents in adjustments]
    answer = {"remittance_id": name, "revision": 1, "payer_id": "medicare-b", "service_date": "2025-03-03", "units": 1}
    answer |= {"code": code, "modifiers": ["GO"], "allowed_cents": allowed, "paid_cents": 0}
    return (
        base("remittance.posted", f"e-{name}")
        | answer
        | {
            "adjudicated_on": "2025-03-20",
            "adjustments": listed,
            "site_id": "clearing-house",
            **said,
        }
    )


EVENTS = [
    segment("1", minutes=30, site_id="site-b", therapist_id="t-2"),
    segment(
        "2", minutes=16, code="97110", started_at="2025-03-03T10:00:00-05:00", stopped_at="2025-03-03T10:16:00-05:00"
    ),
    segment(
        "3", minutes=5, code="97999", started_at="2025-03-03T11:00:00-05:00", stopped_at="2025-03-03T11:05:00-05:00"
    ),
    segment("4", date="2025-04-01"),
    remittance("r-1", "97530", 0, [("CO", "50", 6_922)]),
    remittance("r-2", "97110", 2_183, [("CO", "45", 696), ("PR", "2", 437)]),
    remittance("r-3", "97110", 0, [("CO", "16", 2_879)], adjudicated_on="2025-03-24"),
    remittance("r-4", "97110", 0, [("CO", "18", 1_000)]),
    remittance("r-5", "97110", 0, [("CO", "18", -1_000)], reverses="r-4"),
]


def written(folder: Path) -> str:
    path = folder / "events.jsonl"
    path.write_text("".join(json.dumps(event) + "\n" for event in EVENTS) + "no JSON\n")
    return str(path)


def sections(out: str) -> dict[str, list[dict]]:
    told = json.loads(out)
    return {one["name"]: [dict(zip(one["columns"], row, strict=True)) for row in one["rows"]] for one in told}


def test_revenue_of_a_period_by_site_therapist_code_finding_and_state(kxwatch: Kxwatch, tmp_path: Path) -> None:  # noqa: F811
    ended = kxwatch("report", "revenue", *PERIOD, "--file", written(tmp_path), "--json")
    assert ended.code == 0
    told = sections(ended.out)
    assert told["minutes"] == [
        {"site": "site-a", "therapist": "t-1", "billed_minutes": 16, "unbilled_minutes": 5},
        {"site": "site-b", "therapist": "t-2", "billed_minutes": 30, "unbilled_minutes": 0},
    ]
    of_97530 = {"code": "97530", "units": 2, "full_cents": 6_922, "multiple_procedure_cents": 1_003}
    assert told["codes"][1] == of_97530 | {"allowed_cents": 5_919, "units_without_price": 0}
    assert {"finding": "code_not_listed", "therapist": "t-1", "count": 1} in told["findings"]
    assert told["states"] == [{"year": 2025, "bucket": "OT", "kx": "clear", "review": "clear", "patients": 1}]


def test_revenue_is_a_table_for_a_person(kxwatch: Kxwatch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    monkeypatch.setenv("COLUMNS", "160")
    ended = kxwatch("report", "revenue", *PERIOD, "--file", written(tmp_path))
    assert "Minutes by site and therapist" in ended.out
    assert "$10.03" in ended.out
    assert "p-1" not in ended.out


def test_denials_of_a_week_leave_out_what_was_reversed_and_other_weeks(kxwatch: Kxwatch, tmp_path: Path) -> None:  # noqa: F811
    ended = kxwatch("report", "denials", "--week", "2025-03-17", "--file", written(tmp_path), "--json")
    assert ended.code == 0
    rows = [tuple(row.values()) for row in sections(ended.out)["denials"]]
    assert rows == [
        ("medicare-b", "site-a", "97110", "CO", "45", 1, 0, 696),
        ("medicare-b", "site-a", "97110", "PR", "2", 1, 0, 437),
        ("medicare-b", "site-b", "97530", "CO", "50", 1, 1, 6_922),
    ]


def test_order_and_repetition_of_events_change_no_report(kxwatch: Kxwatch, tmp_path: Path) -> None:  # noqa: F811
    events = Path(written(tmp_path))
    again = tmp_path / "again.jsonl"
    again.write_text("\n".join(reversed(events.read_text().splitlines() * 2)) + "\n")
    for asked in (["revenue", *PERIOD], ["denials", "--week", "2025-03-20"]):
        told = [kxwatch("report", *asked, "--file", str(path), "--json").out for path in (events, again)]
        assert told[0] == told[1]


def test_each_table_is_a_file_for_a_spreadsheet(kxwatch: Kxwatch, tmp_path: Path) -> None:  # noqa: F811
    folder = tmp_path / "tables"
    ended = kxwatch("report", "revenue", *PERIOD, "--file", written(tmp_path), "--csv", str(folder))
    assert (ended.code, ended.out) == (0, "")
    assert sorted(path.name for path in folder.iterdir()) == ["codes.csv", "findings.csv", "minutes.csv", "states.csv"]
    with (folder / "minutes.csv").open() as file:
        assert next(csv.DictReader(file)) == {
            "site": "site-a",
            "therapist": "t-1",
            "billed_minutes": "16",
            "unbilled_minutes": "5",
        }


def test_merged_patients_are_reported_as_one(kxwatch: Kxwatch, tmp_path: Path) -> None:  # noqa: F811
    merge = base("patient.merged", "m") | {"into_patient_id": "p-9", "revision": 1}
    events, apart = tmp_path / "merged.jsonl", tmp_path
    events.write_text("".join(json.dumps(event) + "\n" for event in [merge, *EVENTS]))
    for asked in (["revenue", *PERIOD], ["denials", "--week", "2025-03-20"]):
        alone = kxwatch("report", *asked, "--file", written(apart), "--json")
        assert kxwatch("report", *asked, "--file", str(events), "--json").out == alone.out


@pytest.mark.parametrize(("name", "begins"), [("report.png", b"\x89PNG"), ("report.svg", b"<?xml")])
def test_revenue_is_drawn(name: str, begins: bytes, kxwatch: Kxwatch, tmp_path: Path) -> None:  # noqa: F811
    path = tmp_path / name
    ended = kxwatch("report", "revenue", *PERIOD, "--file", written(tmp_path), "--chart", str(path))
    assert ended.code == 0
    assert path.read_bytes().startswith(begins)


def test_a_simulated_network_is_accounted_for_to_the_minute_and_cent(kxwatch: Kxwatch, tmp_path: Path) -> None:  # noqa: F811
    events, out = tmp_path / "events.jsonl", tmp_path / "out.jsonl"
    made = ("--sites", "2", "--patients", "30", "--days", "60", "--start", "2025-03-03")
    kxwatch("simulate", *made, "--out", str(events))
    kxwatch("rate", str(events), "--final", "--out", str(out))
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    days = [line["value"] for line in lines if line["topic"] == "billable-days"]
    units: dict[str, int] = defaultdict(int)
    for day in days:
        for line in day["lines"]:
            units[line["code"]] += line["units"]
    ended = kxwatch(
        "report", "revenue", "--from", "2025-01-01", "--through", "2025-12-31", "--file", str(events), "--json"
    )
    told = sections(ended.out)
    assert {row["code"]: row["units"] for row in told["codes"]} == units
    allowed = sum(line["allowed_cents"] or 0 for day in days for line in day["lines"])
    assert sum(row["allowed_cents"] for row in told["codes"]) == allowed
    for row in told["codes"]:
        if not row["units_without_price"]:
            assert row["full_cents"] - row["multiple_procedure_cents"] == row["allowed_cents"]
    counted = sum(1 for day in days for finding in day["findings"] if finding["kind"] == "no_unit")
    assert sum(row["count"] for row in told["findings"] if row["finding"] == "no_unit") >= counted
    assert sum(row["patients"] for row in told["states"]) == sum(
        line["topic"] == "threshold-totals" and line["value"]["year"] == 2025 for line in lines
    )


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["revenue", "--from", "2024-01-01", "--through", "2024-01-31"], 1, ""),
        (["denials", "--week", "2024-01-01"], 1, ""),
        (["revenue", "--from", "2025-03-09", "--through", "2025-03-03"], 2, "kxwatch: --through is before --from\n"),
        (["revenue", *PERIOD, "--chart", "report.pdf"], 2, "name a file that ends in .png or .svg"),
    ],
)
def test_how_it_ends(arguments: list[str], code: int, said: str, kxwatch: Kxwatch, tmp_path: Path) -> None:  # noqa: F811
    ended = kxwatch("report", *arguments, "--file", written(tmp_path))
    assert ended.code == code
    assert said in ended.err


def test_a_file_that_is_not_there_ends_it_with_2(kxwatch: Kxwatch) -> None:  # noqa: F811
    ended = kxwatch("report", "denials", "--week", "2025-03-20", "--file", "/nowhere.jsonl")
    assert (ended.code, ended.err) == (2, "kxwatch: /nowhere.jsonl: cannot be read: No such file or directory\n")


@pytest.mark.usefixtures("environment")
def test_what_the_topics_hold_is_reported_as_it_is_from_the_events(
    settings: Settings,
    kxwatch: Kxwatch,  # noqa: F811
    tmp_path: Path,
) -> None:
    rater = Rater(Settings())
    lines = [json.dumps(event).encode() for event in EVENTS]
    list(rater.lines("events", lines))
    make(settings, "billable-days", "claim-days", "threshold-totals", "session-events")
    place = partition_of("p-1", 12)
    for output in rater.results():
        put(settings, output.topic, [(output.key, encode(output.value), place)])
    put(settings, "session-events", [("p-1", line, place) for line in lines])
    for asked in (["revenue", *PERIOD], ["denials", "--week", "2025-03-20"]):
        told = kxwatch("report", *asked, "--json")
        assert told.code == 0
        assert told.out == kxwatch("report", *asked, "--json", "--file", written(tmp_path)).out
