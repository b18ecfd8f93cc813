"""`kxwatch simulate` writes the run to a file or down a pipe."""

import subprocess
import sys
from pathlib import Path

import pytest
import typer
from simulate.runs import SMALL
from typer.testing import CliRunner

from pipeline.commands.simulate import simulate
from pipeline.errors import Refused
from pipeline.simulate import network

ARGUMENTS = ["--sites", "20", "--patients", "60", "--days", "5", "--seed", "7"]
PROGRAM = [sys.executable, "-c", "import typer; from pipeline.commands.simulate import simulate; typer.run(simulate)"]

app = typer.Typer()
app.command()(simulate)


def expected() -> bytes:
    return b"".join(line + b"\n" for line in network(**SMALL))


def test_writes_the_run_to_a_file(tmp_path: Path) -> None:
    CliRunner().invoke(app, [*ARGUMENTS, "--out", str(tmp_path / "events.jsonl")])
    assert (tmp_path / "events.jsonl").read_bytes() == expected()


def test_writes_the_run_to_standard_output_and_nothing_to_standard_error() -> None:
    done = subprocess.run([*PROGRAM, *ARGUMENTS], capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (expected(), b"")


def test_ends_quietly_when_its_reader_has_enough() -> None:
    with subprocess.Popen([*PROGRAM, "--days", "30"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        running.stdout.readline()
        running.stdout.close()
        assert (running.stderr.read(), running.wait(timeout=60)) == (b"", 0)


def test_refuses_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"cannot write .*events\.jsonl: No such file or directory"):
        CliRunner().invoke(app, [*ARGUMENTS, "--out", str(tmp_path / "none" / "events.jsonl")], catch_exceptions=False)


def test_refuses_a_start_beyond_the_years_it_knows() -> None:
    with pytest.raises(Refused, match="--start 9999-12-30 is out of range"):
        CliRunner().invoke(app, [*ARGUMENTS, "--start", "9999-12-30"], catch_exceptions=False)


@pytest.mark.parametrize("arguments", [["--sites", "0"], ["--days", "0"], ["--start", "2026-02-30"], ["--seed", "-1"]])
def test_refuses_arguments_that_make_no_run(arguments: list[str]) -> None:
    assert CliRunner().invoke(app, arguments).exit_code == 2


def test_help_says_the_fixed_start() -> None:
    assert "2026-01-05" in CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"}).output
