"""The command line as a user has it, on the broker of the run."""

import sys

import pytest
from commands.commandline import Ended, Kxwatch

from pipeline.cli import main
from pipeline.settings import PREFIX, Settings


@pytest.fixture
def environment(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Make the command line use the test's own topics."""
    for name in ("brokers", "home", "topic_prefix", "app_id"):
        monkeypatch.setenv(PREFIX + name.upper(), str(getattr(settings, name)))
    monkeypatch.setenv("COLUMNS", "220")
    return settings


@pytest.fixture
def kxwatch(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Kxwatch:
    """Run `kxwatch` with these arguments."""

    def run(*arguments: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["kxwatch", *arguments])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        said = capsys.readouterr()
        return Ended(code, said.out, said.err)

    return run
