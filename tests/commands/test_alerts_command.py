import os
import signal
import subprocess
import sys
from typing import Any

import pytest
from commands.commandline import Kxwatch, make, put

from pipeline.events.alerts import ClaimAlert, ClaimNews
from pipeline.events.codec import encode
from pipeline.settings import Settings

pytestmark = pytest.mark.usefixtures("environment")
TOPICS = ("threshold-alerts", "care-alerts", "claim-alerts")


def alert(sentence: str) -> bytes:
    news: dict[str, Any] = dict.fromkeys(("bucket", "service_date", "payer_id", "submitted"))
    data = ClaimNews(kind="kx", year=2026, lines=[], sentence=sentence, action="Hold the claim.", **news)
    return encode(ClaimAlert(id="a", type="kxwatch.claim.kx", subject="p", time="2026-03-02T10:05:00Z", data=data))


def test_alerts_of_all_topics_are_sentences_in_the_order_in_which_they_were_raised(
    settings: Settings, kxwatch: Kxwatch
) -> None:
    make(settings, *TOPICS)
    for number in range(6):
        put(settings, TOPICS[number % 3], [("p", alert(f"Sentence {number} [bold]."), number)])
    ended = kxwatch("alerts")
    assert ended.code == 0
    assert [line.split("●")[1] for line in ended.out.splitlines()] == [
        f" Sentence {number} [bold]. Hold the claim." for number in range(6)
    ]


def test_one_kind_may_be_asked_for_and_the_newest_alone(settings: Settings, kxwatch: Kxwatch) -> None:
    make(settings, *TOPICS)
    for number in range(4):
        put(settings, TOPICS[number % 2], [("p", alert(f"Sentence {number}."), None)])
    assert kxwatch("alerts", "--topic", "care", "--last", "1", "--json").out == alert("Sentence 3.").decode() + "\n"


def test_no_alert_steers_the_terminal(settings: Settings, kxwatch: Kxwatch) -> None:
    make(settings, *TOPICS)
    put(settings, "claim-alerts", [("p", alert("\x1b[2J gone"), 0), ("p", b"no json: patient Doe", 0)])
    out = kxwatch("alerts").out
    assert "\x1b" not in out
    assert "Doe" not in out
    assert "0:1 is no alert that can be read" in out


def test_without_alerts_it_says_so(settings: Settings, kxwatch: Kxwatch) -> None:
    make(settings, *TOPICS)
    assert kxwatch("alerts").out == "No alerts.\n"
    assert kxwatch("alerts", "--new").code == 2


@pytest.mark.parametrize(("flags", "first"), [((), b"old"), (("--new",), b"new")])
def test_following_shows_what_is_there_unless_told_otherwise_and_then_each_as_it_comes_until_interrupted(
    settings: Settings, flags: tuple[str, ...], first: bytes
) -> None:
    make(settings, *TOPICS)
    put(settings, "claim-alerts", [("p", alert("old"), 0)])
    command = [sys.executable, "-c", "from pipeline.cli import main; main()", "alerts", "--follow", "--json", *flags]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ) as follower:
        assert follower.stdout is not None
        assert follower.stderr is not None
        assert b"Waiting" in follower.stderr.readline()
        put(settings, "care-alerts", [("p", alert("new"), 0)])
        assert b'"sentence":"' + first in follower.stdout.readline()
        if first == b"old":
            assert b'"sentence":"new' in follower.stdout.readline()
        follower.send_signal(signal.SIGINT)
        out, err = follower.communicate()
    assert (follower.returncode, out, err) == (130, b"", b"")
