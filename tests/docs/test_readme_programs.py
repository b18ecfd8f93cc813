"""The programs of the README and of examples/, run as they stand against the broker of the run."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from commands.commandline import held, make, put
from docs.manual import README, ROOT, blocks

from pipeline.directory import Directory
from pipeline.settings import Settings
from pipeline.topics.catalog import FOLDER

DEADLINE_SECONDS = 20.0
ALERTS = ("threshold-alerts", "claim-alerts", "care-alerts")
EVENT = json.loads(blocks(README, "json")[0].text)
ALERT = json.loads((FOLDER / "examples/good/threshold-alerts.json").read_text())["value"]
SEND, FOLLOW = (block.text for block in blocks(README, "python"))


def pointed(program: str, settings: Settings) -> list[str]:
    """Give the command line of a program of the README, its addresses those of this test."""
    program = program.replace("127.0.0.1:29092", settings.brokers)
    for topic in ("emr-events", "threshold-alerts"):
        program = program.replace(f'"{topic}"', f'"{settings.topic_prefix}{topic}"')
    # Groups are not under the prefix of a test.
    return [sys.executable, "-W", "error::SyntaxWarning", "-c", program.replace('"a"', f'"{settings.app_id}"')]


def environment(settings: Settings) -> dict[str, str]:
    own = {"KXWATCH_BROKERS": settings.brokers, "KXWATCH_TOPIC_PREFIX": settings.topic_prefix}
    return os.environ | own


@contextmanager
def started(command: list[str], settings: Settings) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment(settings)) as process:
        # A line that never comes is an empty one after the deadline, and no test that hangs.
        deadline = threading.Timer(DEADLINE_SECONDS, process.kill)
        deadline.start()
        try:
            yield process
        finally:
            deadline.cancel()
            # As Ctrl-C: it leaves its group, so that the next need not wait until the group gives it up.
            process.send_signal(signal.SIGINT)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()


@pytest.mark.parametrize("program", [SEND, FOLLOW], ids=["send", "follow"])
def test_five_lines_are_five_lines(program: str) -> None:
    assert len(program.strip().splitlines()) == 5


def test_an_event_is_sent_in_five_lines(settings: Settings, tmp_path: Path) -> None:
    make(settings, "emr-events")
    (tmp_path / "event.json").write_text(json.dumps(EVENT))
    subprocess.run(pointed(SEND, settings), cwd=tmp_path, check=True, timeout=30)
    assert [(key, json.loads(value or b"")) for key, value in held(settings, "emr-events")] == [
        (EVENT["patient_id"].encode(), EVENT)
    ]


def test_alerts_are_followed_in_five_lines(settings: Settings) -> None:
    make(settings, "threshold-alerts")
    put(settings, "threshold-alerts", [(ALERT["subject"], json.dumps(ALERT).encode(), None)])
    with started(pointed(FOLLOW, settings), settings) as follower:
        assert follower.stdout is not None
        assert follower.stdout.readline() == ALERT["data"]["sentence"] + "\n"


def test_the_example_that_sends_sends_every_line(settings: Settings) -> None:
    make(settings, "emr-events")
    lines = [json.dumps(EVENT | {"event_id": f"e-{number}"}) for number in range(3)]
    ended = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "send_events.py")],
        input="\n".join(lines) + "\n",
        env=environment(settings),
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert ended.stdout == "3 events sent\n"
    assert [value for _, value in held(settings, "emr-events")] == [line.encode() for line in lines]


def test_the_example_that_follows_tells_an_alert_once_and_goes_on_where_it_stopped(settings: Settings) -> None:
    make(settings, *ALERTS)
    command = [sys.executable, str(ROOT / "examples" / "follow_alerts.py")]
    said = f"{ALERT['data']['sentence']} {ALERT['data']['action']}\n"
    other = ALERT | {"id": "other", "data": ALERT["data"] | {"sentence": "Another.", "action": "Look."}}
    key = ALERT["subject"]
    put(settings, "threshold-alerts", [(key, json.dumps(one).encode(), 0) for one in (ALERT, ALERT, other)])
    with started(command, settings) as follower:
        assert follower.stdout is not None
        assert [follower.stdout.readline() for _ in range(2)] == [said, "Another. Look.\n"]
    third = other | {"id": "third", "data": other["data"] | {"sentence": "The third."}}
    put(settings, "threshold-alerts", [(key, json.dumps(third).encode(), 0)])
    with started(command, settings) as follower:
        assert follower.stdout is not None
        line = follower.stdout.readline()
        if line == "Another. Look.\n":  # It may have been told and not yet committed when the follower was interrupted.
            line = follower.stdout.readline()
        assert line == "The third. Look.\n"


def test_the_directory_that_the_readme_shows_is_one() -> None:
    found = msgspec.yaml.decode(blocks(README, "yaml")[0].text, type=Directory)
    assert found.site("site-08").schedule == "guide-2025"
    assert found.site("elsewhere") == found.default
