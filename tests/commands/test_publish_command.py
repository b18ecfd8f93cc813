import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from commands.commandline import Kxwatch, held, make

from pipeline.settings import Settings

pytestmark = pytest.mark.usefixtures("environment")

GOOD = b'{"event_id":"e-1","patient_id":"p-1"}'


def test_the_lines_of_files_arrive_as_they_are_keyed_by_patient_where_that_can_be_read(
    settings: Settings, kxwatch: Kxwatch, tmp_path: Path
) -> None:
    make(settings, "emr-events")
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    odd = [b"no json", b"\xff\xfe", b"[" * 3000, b'{"patient_id": 7}', b"  spaced  "]
    first.write_bytes(GOOD + b"\n\n" + b"\r\n".join(odd))
    second.write_bytes(GOOD.replace(b"p-1", b"p-\xc3\xa9") + b"\n")
    ended = kxwatch("publish", str(first), str(second))
    assert (ended.code, ended.out) == (0, "7 events sent.\n")
    assert sorted(held(settings, "emr-events"), key=str) == sorted(
        [(b"p-1", GOOD), *((None, line) for line in odd), (b"p-\xc3\xa9", GOOD.replace(b"p-1", b"p-\xc3\xa9"))], key=str
    )


def test_one_patients_events_stay_in_order(settings: Settings, kxwatch: Kxwatch, tmp_path: Path) -> None:
    make(settings, "emr-events")
    lines = [json.dumps({"patient_id": "p-1", "n": number}).encode() for number in range(2000)]
    (tmp_path / "many.jsonl").write_bytes(b"\n".join(lines))
    assert kxwatch("publish", "--json", str(tmp_path / "many.jsonl")).out == '{"sent":2000,"failed":0}\n'
    assert [value for _, value in held(settings, "emr-events")] == lines


def test_a_line_that_is_too_large_is_told_by_its_place_and_the_rest_goes_on(
    settings: Settings, kxwatch: Kxwatch, tmp_path: Path
) -> None:
    make(settings, "emr-events")
    # The second is as large as a record may be, its overhead not counted; the third comes in many chunks.
    lines = [GOOD, b"x" * 1_048_588, b"y" * 3_000_000, GOOD]
    path = tmp_path / "large.jsonl"
    path.write_bytes(b"\n".join(lines))
    ended = kxwatch("publish", str(path))
    assert (ended.code, ended.out) == (1, "2 events sent. 2 not.\n")
    assert [line for line in ended.err.splitlines() if "large.jsonl:" in line] == [
        f"{path}:2: is larger than the topic takes",
        f"{path}:3: is larger than the topic takes",
    ]
    assert [value for _, value in held(settings, "emr-events")] == [GOOD, GOOD]


def test_a_file_that_is_not_there_is_refused_before_anything_is_sent(kxwatch: Kxwatch, tmp_path: Path) -> None:
    ended = kxwatch("publish", str(tmp_path / "none.jsonl"))
    assert (ended.code, ended.err) == (2, f"kxwatch: {tmp_path}/none.jsonl: there is no such file\n")


def test_without_the_topic_the_user_is_told_how_to_make_it(kxwatch: Kxwatch, tmp_path: Path) -> None:
    (tmp_path / "one.jsonl").write_bytes(GOOD)
    ended = kxwatch("publish", str(tmp_path / "one.jsonl"))
    assert ended.code == 2
    assert "make it with `kxwatch topics apply`" in ended.err


def test_a_rate_spreads_the_events_over_time(settings: Settings, kxwatch: Kxwatch, tmp_path: Path) -> None:
    make(settings, "emr-events")
    (tmp_path / "ten.jsonl").write_bytes(b"\n".join([GOOD] * 10))
    began = time.monotonic()
    assert kxwatch("publish", "--rate", "20", str(tmp_path / "ten.jsonl")).code == 0
    assert time.monotonic() - began >= 9 / 20


def test_what_comes_through_a_pipe_is_sent_while_the_pipe_is_open(settings: Settings) -> None:
    make(settings, "emr-events")
    command = [sys.executable, "-c", "from pipeline.cli import main; main()", "publish", "-"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ) as sender:
        assert sender.stdin is not None
        sender.stdin.write(GOOD + b"\n")
        sender.stdin.flush()
        deadline = time.monotonic() + 20
        while not held(settings, "emr-events"):
            assert time.monotonic() < deadline
        out, _ = sender.communicate(GOOD)
    assert (sender.returncode, out) == (0, b"2 events sent.\n")
