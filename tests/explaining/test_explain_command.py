"""`kxwatch explain`: from events, from topics, and against other rules."""

import asyncio
import json
import shutil
from pathlib import Path

import pytest
from commands.commandline import Kxwatch, make, put
from commands.conftest import environment, kxwatch  # noqa: F401 -- the fixtures of the command line.
from explaining.days import DATE, EVENTS, PATIENT, timed, written
from ledger.emr import base

from pipeline.connection import partition_of, producer, started
from pipeline.events.codec import encode
from pipeline.rate import Rater
from pipeline.settings import Settings
from pipeline.topics.catalog import topic_name

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "220")


def test_the_page_tells_units_prices_modifiers_and_sources(kxwatch: Kxwatch, tmp_path: Path) -> None:  # noqa: F811
    ended = kxwatch("explain", PATIENT, DATE, "--file", str(written(tmp_path)))
    assert ended.code == 0
    for told in (
        "97110 26 min = 2 units, 97140 16 min = 1 unit, 97530 18 min = 1 unit: by the total of timed minutes.",
        "therapist 16 min, assistant 10 min: 1 unit plain, 1 unit with CQ.",
        "1 unit at $29.06 (schedule cms, national), 1 of them reduced to $22.21: $22.21 allowed.",
        "120 s of segment s-3 are counted in earlier segments",
        "97530 beside 97140 is blocked",
        "$2,475.63 before it, $2,510.70 with it, over the KX threshold of $2,480.00: KX.",
        "KX threshold of $2,480.00: exceeded since 2026-03-02.",
        "chapter 5, section 20.2",
        "https://www.cms.gov/",
    ):
        assert told in ended.out


def test_a_program_gets_each_line_and_total_with_its_steps(kxwatch: Kxwatch, tmp_path: Path) -> None:  # noqa: F811
    ended = kxwatch("explain", PATIENT, DATE, "--file", str(written(tmp_path)), "--json")
    told = json.loads(ended.out)
    assert [one["line"]["modifiers"] for one in told["lines"]] == [["GP"], ["GP", "CQ"], ["GP"], ["GP", "KX"]]
    for part in (*told["lines"], *told["totals"]):
        for step in part["steps"]:
            assert step.keys() == {"rule", "about", "lines", "inputs", "result", "source"}
            assert step["source"] in told["sources"]
    assert told["totals"][0]["steps"][0]["result"] == {"total_cents": 251_070}


def test_a_day_that_bills_nothing_is_said_so_with_code_1(kxwatch: Kxwatch, tmp_path: Path) -> None:  # noqa: F811
    ended = kxwatch("explain", PATIENT, "2026-03-03", "--file", str(written(tmp_path)))
    assert (ended.code, ended.out) == (1, "Nothing is billed for this patient on that date.\n")


def test_a_file_that_is_not_there_ends_it_with_2(kxwatch: Kxwatch) -> None:  # noqa: F811
    ended = kxwatch("explain", PATIENT, DATE, "--file", "/nowhere/events.jsonl")
    assert ended.code == 2
    assert ended.err == "kxwatch: /nowhere/events.jsonl: cannot be read: No such file or directory\n"


def test_what_another_file_of_values_says_otherwise_is_shown_line_by_line(
    kxwatch: Kxwatch,  # noqa: F811
    tmp_path: Path,
) -> None:
    events = written(tmp_path)
    other = tmp_path / "other.jsonl"
    kxwatch("rate", str(events), "--final", "--out", str(other))
    other.write_text(other.read_text().replace('"allowed_cents":3507', '"allowed_cents":3600'))
    ended = kxwatch("explain", PATIENT, DATE, "--file", str(events), "--against", str(other), "--json")
    assert json.loads(ended.out)["differences"] == [
        {"about": "medicare-b PT 97530", "name": "allowed_cents", "now": 3507, "then": 3600}
    ]


def test_other_figures_show_what_a_year_of_them_would_change(kxwatch: Kxwatch, tmp_path: Path) -> None:  # noqa: F811
    figures = tmp_path / "figures"
    figures.mkdir()
    (figures / "carried-2027.yaml").write_text(
        "kind: carried\nyear: 2027\nfigures: {conversion_factor: 2026, relative_values: 2026, kx_threshold: 2026}\n"
    )
    later = timed("s-9", "97110", "09:00:00", "09:15:00") | {
        "started_at": "2027-03-02T09:00:00-05:00",
        "stopped_at": "2027-03-02T09:15:00-05:00",
    }
    events = written(tmp_path, [later])
    for against in (figures, figures / "carried-2027.yaml"):
        ended = kxwatch("explain", PATIENT, "2027-03-02", "--file", str(events), "--against", str(against))
        assert ended.code == 0
        row = next(line for line in ended.out.splitlines() if "allowed" in line)
        assert [cell.strip() for cell in row.strip("│").split("│")] == ["medicare-b PT 97110", "allowed", "-", "$29.06"]


def test_another_release_computes_the_day_by_its_own_rules(kxwatch: Kxwatch, tmp_path: Path) -> None:  # noqa: F811
    release = tmp_path / "release"
    for part in ("pipeline", "topics"):
        shutil.copytree(ROOT / part, release / part, ignore=shutil.ignore_patterns("__pycache__"))
    limit = release / "pipeline" / "rules" / "params" / "kx_threshold.yaml"
    limit.write_text(limit.read_text().replace("248000", "252000"))
    ended = kxwatch("explain", PATIENT, DATE, "--file", str(written(tmp_path)), "--against", str(release), "--json")
    told = {(one["about"], one["name"]): (one["now"], one["then"]) for one in json.loads(ended.out)["differences"]}
    assert told["medicare-b PT 97530", "modifiers"] == ("GP KX", "GP")
    assert told["PT-SLP", "kx"] == ("exceeded", "approaching")


def test_rules_that_change_nothing_say_so(kxwatch: Kxwatch, tmp_path: Path) -> None:  # noqa: F811
    empty = tmp_path / "none"
    empty.mkdir()
    ended = kxwatch("explain", PATIENT, DATE, "--file", str(written(tmp_path)), "--against", str(empty))
    assert (ended.code, ended.out) == (0, f"{DATE}: nothing differs.\n")


def test_other_rules_that_are_not_there_end_it_with_2(kxwatch: Kxwatch, tmp_path: Path) -> None:  # noqa: F811
    ended = kxwatch("explain", PATIENT, DATE, "--file", str(written(tmp_path)), "--against", "/nowhere")
    assert (ended.code, ended.err) == (2, "kxwatch: --against /nowhere: there is no such file or folder\n")


def fill(settings: Settings) -> None:
    rater = Rater(Settings())
    lines = [json.dumps(event).encode() for event in EVENTS]
    list(rater.lines("events", lines))
    make(settings, "billable-days", "claim-days", "threshold-totals", "session-events")
    place = partition_of(PATIENT, 12)
    for output in rater.results():
        put(settings, output.topic, [(output.key, encode(output.value), place)])
    put(settings, "session-events", [(PATIENT, line, place) for line in lines])


@pytest.mark.usefixtures("environment")
def test_what_the_topics_hold_is_told_as_it_is_from_the_events(
    settings: Settings,
    kxwatch: Kxwatch,  # noqa: F811
    tmp_path: Path,
) -> None:
    fill(settings)
    told = kxwatch("explain", PATIENT, DATE, "--json")
    assert told.code == 0
    assert told.out == kxwatch("explain", PATIENT, DATE, "--json", "--file", str(written(tmp_path))).out
    empty = tmp_path / "none"
    empty.mkdir()
    assert kxwatch("explain", PATIENT, DATE, "--against", str(empty)).out == f"{DATE}: nothing differs.\n"
    assert kxwatch("explain", "p-2", DATE).code == 1


@pytest.mark.usefixtures("environment")
def test_other_rules_are_given_the_events_of_merged_patients_too(
    settings: Settings,
    kxwatch: Kxwatch,  # noqa: F811
    tmp_path: Path,
) -> None:
    make(settings, "session-events")
    merge = base("patient.merged", "m") | {"into_patient_id": "p-9", "revision": 1}
    put(settings, "session-events", [(PATIENT, json.dumps(one).encode(), partition_of(PATIENT, 12)) for one in EVENTS])
    put_told(settings, PATIENT, merge, partition_of("p-9", 12))
    empty = tmp_path / "none"
    empty.mkdir()
    ended = kxwatch("explain", "p-9", DATE, "--against", str(empty), "--json")
    assert len(json.loads(ended.out)["now"]["lines"]) == 4


def put_told(settings: Settings, key: str, event: dict, partition: int) -> None:
    async def send() -> None:
        async with started(settings, producer(settings)) as sender:
            headers = [("event_type", event["event_type"].encode())]
            topic, value = topic_name(settings, "session-events"), json.dumps(event).encode()
            await sender.send_and_wait(topic, key=key.encode(), value=value, partition=partition, headers=headers)

    asyncio.run(send())
