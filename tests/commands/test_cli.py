import json
import os
import subprocess
import sys

import pytest
import typer
from commands.commandline import Kxwatch

from pipeline import cli
from pipeline.identity import Identity
from pipeline.settings import Settings

KEY = "a key of sixteen"


def test_the_version_is_told(kxwatch: Kxwatch) -> None:
    assert kxwatch("--version").out.startswith("kxwatch 0.")


def test_help_loads_no_faust() -> None:
    """A worker's libraries would make every command wait for them."""
    code = "import sys; from pipeline.cli import cli; sys.exit('faust' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_unknown_setting_is_told_in_a_line(kxwatch: Kxwatch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KXWATCH_BROKER", "localhost")
    ended = kxwatch("topics", "check")
    assert ended.code == 2
    assert ended.err.startswith("kxwatch: unknown setting KXWATCH_BROKER")
    assert ended.err.count("\n") == 1


def test_without_a_kafka_every_command_says_what_to_do(kxwatch: Kxwatch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KXWATCH_BROKERS", "127.0.0.1:9")
    for arguments in (("totals",), ("alerts",), ("rejected", "list"), ("topics", "diff"), ("publish", __file__)):
        ended = kxwatch(*arguments)
        assert ended.code == 2
        assert "127.0.0.1:9 cannot be reached" in ended.err
        assert ended.err.count("\n") == 1


def test_a_defect_is_told_by_its_place_and_never_with_its_data(
    kxwatch: Kxwatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise RuntimeError("Jane Doe")

    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(broken)
    monkeypatch.setattr(cli, "cli", app)
    ended = kxwatch()
    assert ended.code == 70
    assert ended.err.startswith("kxwatch: a defect, please report it: RuntimeError in pipeline/cli.py:")
    assert "Doe" not in ended.err


def test_a_reader_that_goes_away_is_no_error() -> None:
    command = f"{sys.executable} -c 'from pipeline.cli import main; main()' settings --json | head -c 1"
    ended = subprocess.run(command, shell=True, capture_output=True, check=False, env=os.environ)
    assert (ended.stdout, ended.stderr) == (b"[", b"")


def test_every_setting_is_shown_and_no_secret(kxwatch: Kxwatch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KXWATCH_PATIENT_KEY", KEY)
    monkeypatch.setenv("KXWATCH_TOPIC_PREFIX", "north.")
    shown, programs = kxwatch("settings").out, kxwatch("settings", "--json").out
    assert KEY not in shown + programs
    rows = {row["variable"]: row for row in json.loads(programs)}
    assert len(rows) == len(Settings.model_fields)
    assert (rows["KXWATCH_PATIENT_KEY"]["set"], rows["KXWATCH_PATIENT_KEY"]["value"]) == (True, None)
    assert rows["KXWATCH_TOPIC_PREFIX"]["value"] == "north."
    assert rows["KXWATCH_BROKERS"]["set"] is False


def test_settings_that_are_wrong_are_shown_and_refused(kxwatch: Kxwatch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KXWATCH_METRICS_PORT", "many")
    ended = kxwatch("settings", "--json")
    assert ended.code == 2
    assert "KXWATCH_METRICS_PORT" in ended.err
    assert json.loads(ended.out)


def test_a_token_is_what_the_intake_makes(kxwatch: Kxwatch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KXWATCH_PATIENT_KEY", KEY)
    assert kxwatch("token", "mrn-77").out == Identity(Settings(patient_key=KEY)).token("mrn-77") + "\n"


def test_without_a_key_there_is_no_token(kxwatch: Kxwatch) -> None:
    ended = kxwatch("token", "mrn-77")
    assert ended.code == 2
    assert "KXWATCH_PATIENT_KEY" in ended.err


def test_where_ids_are_of_their_source_the_source_is_asked_for(
    kxwatch: Kxwatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KXWATCH_ID_NAMESPACE", "source")
    assert kxwatch("token", "mrn-77").code == 2
    assert kxwatch("token", "mrn-77", "--source", "emr|north").out == "emr%7Cnorth:mrn-77\n"
    assert kxwatch("token", "mrn-77", "--source", "x" * 130).code == 2
