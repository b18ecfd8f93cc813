"""`kxwatch rate` as a command: what it reads, writes and refuses."""

import json
import subprocess
import sys
from pathlib import Path

from ledger.emr import segment


def rate(*arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "pipeline", "rate", *arguments], input=given, capture_output=True, check=False
    )


def events(folder: Path) -> Path:
    path = folder / "events.jsonl"
    path.write_bytes(json.dumps(segment("e-1")).encode() + b"\n\nno JSON\n")
    return path


def test_it_gives_a_line_for_each_final_value_and_each_broken_line(tmp_path: Path) -> None:
    done = rate(str(events(tmp_path)), "--final")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0
    assert [(line["topic"], line["key"]) for line in lines] == [
        ("rejected-events", None),
        ("billable-days", "p-1|2025-03-03"),
        ("threshold-totals", "p-1|2025|OT"),
        ("claim-days", "p-1|2025-03-03"),
    ]
    letter = lines[0]["value"]
    assert (letter["topic"], letter["partition"], letter["offset"], letter["received_at"]) == (
        str(tmp_path / "events.jsonl"),
        0,
        2,
        None,
    )


def test_standard_input_is_read_where_the_file_is_a_hyphen(tmp_path: Path) -> None:
    path = events(tmp_path)
    assert rate("-", "--final", given=path.read_bytes()).stdout.count(b"\n") == 4


def test_a_file_that_is_not_there_ends_it_with_2() -> None:
    done = rate("/nowhere/at-all.jsonl")
    assert (done.returncode, done.stderr.decode()) == (2, "kxwatch: /nowhere/at-all.jsonl: there is no such file\n")


def test_it_does_not_write_over_what_it_reads(tmp_path: Path) -> None:
    path = events(tmp_path)
    before = path.read_bytes()
    assert rate(str(path), "--out", str(path)).returncode == 2
    assert path.read_bytes() == before
