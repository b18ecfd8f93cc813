"""A process in the place of a container: an environment of its own, and a stop as an engine stops it."""

import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pipeline.broker.embedded import SUPERVISOR


class Container:
    """A running command; it ends with this process, however that ends."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
        health: Sequence[str] | None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / "log"
        self.environment = dict(environment)
        self._folder = folder
        self._health = health
        with self.log.open("wb") as log:
            self._supervisor = subprocess.Popen(
                [sys.executable, "-I", "-S", str(SUPERVISOR), *command],
                env=self.environment, cwd=folder, start_new_session=True,
                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=log,
            )  # fmt: skip

    def healthy(self) -> bool:
        """Run the health check as an engine does, within the container's environment."""
        assert self._health is not None
        assert self._supervisor.poll() is None, self.log.read_text()
        return answers(self._health, self.environment)

    def ended(self) -> int:
        """Wait for an end of its own, and give its exit code."""
        return self._supervisor.wait(60)

    def stop(self, seconds: float) -> int:
        """Send SIGTERM, and give the exit code; fail when it takes longer than it is given."""
        assert self._supervisor.stdin is not None
        self._supervisor.stdin.close()
        return self._supervisor.wait(seconds)


def answers(health: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Tell whether a health check ends with 0."""
    try:
        return not subprocess.run(health, env=environment, capture_output=True, timeout=10, check=False).returncode
    except subprocess.TimeoutExpired:
        return False


def until(claim: Callable[[], bool], what: str, seconds: float = 60) -> None:
    """Wait until a claim holds."""
    deadline = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)
