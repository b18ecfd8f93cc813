"""The same events by other rules: other figures, another release, or what another system made of them."""

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import SecretStr

from pipeline.errors import Refused
from pipeline.events.codec import encode
from pipeline.explaining.outputs import TOPICS, of_file, of_lines
from pipeline.figures import folder
from pipeline.rate import Rater
from pipeline.settings import PREFIX, Settings

Values = dict[str, dict[str, bytes]]


def rated(settings: Settings, lines: Iterable[bytes]) -> Values:
    """Give the final values that events lead to by the rules of this process and the figures that are set."""
    rater = Rater(settings, final=True)
    for _ in rater.lines("events", lines):
        pass
    found: Values = {topic: {} for topic in TOPICS}
    for output in rater.results():
        if output.topic in found and output.key is not None:
            found[output.topic][output.key] = encode(output.value)
    return found


def with_tokens(settings: Settings) -> Settings:
    """Give settings for events whose ids are replaced already, as those of `session-events` are."""
    return settings.model_copy(update={"patient_key": SecretStr(""), "id_namespace": "none"})


def rated_against(settings: Settings, lines: list[bytes], other: Path) -> Values:
    """Give the final values that events lead to by other rules.

    `other` is a folder of figures or one file of them (laid over those that are set), the folder of another release
    of kxwatch, or what a `kxwatch rate` has written already.

    Errors: `Refused`, where it is none of these, or the other release fails.
    """
    if not other.exists():
        raise Refused(f"--against {other}: there is no such file or folder")
    if (other / "pipeline" / "rate.py").is_file():
        return _by_release(settings, lines, other)
    if other.is_dir():
        return _by_figures(settings, lines, other)
    if other.suffix in (".yaml", ".yml"):
        with _laid_over(settings, other) as figures:
            return _by_figures(settings, lines, figures)
    return of_file(other)


def _by_figures(settings: Settings, lines: list[bytes], figures: Path) -> Values:
    try:
        return rated(settings.model_copy(update={"figures": figures}), lines)
    finally:
        folder.use(settings.figures)


@contextmanager
def _laid_over(settings: Settings, file: Path) -> Iterator[Path]:
    with TemporaryDirectory() as made:
        items = {folder.file_name(item): item for item in folder.load(settings.figures)}
        folder.write(Path(made), list(items.values()))
        target = Path(made) / file.name
        try:
            target.write_bytes(file.read_bytes())
        except OSError as error:
            raise Refused(f"{file}: cannot be read: {error.strerror}") from None
        yield Path(made)


def _by_release(settings: Settings, lines: list[bytes], release: Path) -> Values:
    """Run another release's own `rate` on the events; its folder holds its `pipeline`."""
    with TemporaryDirectory() as made:
        events = Path(made) / "events.jsonl"
        events.write_bytes(b"".join(line + b"\n" for line in lines))
        dropped = [] if settings.patient_key.get_secret_value() else [f"{PREFIX}PATIENT_KEY", f"{PREFIX}ID_NAMESPACE"]
        own = {name: value for name, value in os.environ.items() if name not in dropped}
        words = [sys.executable, "-m", "pipeline", "rate", str(events), "--final"]
        environment = own | {"PYTHONPATH": str(release.resolve())}
        done = subprocess.run(words, cwd=release, env=environment, capture_output=True, check=False)  # noqa: S603
        if done.returncode:
            last = (done.stderr.decode(errors="replace").strip().splitlines() or ["it said nothing"])[-1]
            raise Refused(f"--against {release}: its `kxwatch rate` ended with {done.returncode}: {last}")
        return of_lines(str(release), done.stdout.splitlines())
