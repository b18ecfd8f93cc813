"""`kxwatch rate`: the same rules on files, without a Kafka."""

import gc
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, BinaryIO

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from pipeline.errors import Refused
from pipeline.events.codec import encode
from pipeline.rate import Output, Rater
from pipeline.settings import Settings
from pipeline.terminal import leave_the_pipe

_LINES_BETWEEN_SIGHTS = 2_000
_ALLOCATIONS_BETWEEN_LOOKS = 100_000


def rate(
    files: Annotated[list[str], typer.Argument(metavar="FILE…", help="JSON lines; - is standard input.")],
    *,
    out: Annotated[
        Path | None, typer.Option(dir_okay=False, help="File to write; without it, the standard output.")
    ] = None,
    final: Annotated[bool, typer.Option("--final", help="Only final values and dead letters; faster.")] = False,
) -> None:
    """Compute what the stream would from the same events, as JSON lines {"topic", "key", "value"}.

    Alerts and dead letters come in the order of the events, each line taken as a batch; then the final value of every
    compacted key, patient by patient. A line that cannot be taken goes to rejected-events and never stops it. Exit
    code 2 when a file cannot be read or written.
    """
    for name in files:
        if name != "-" and (not Path(name).exists() or Path(name).is_dir()):
            raise Refused(f"{name}: there is no such file")
        if name != "-" and out is not None and out.exists() and out.samefile(name):
            raise Refused(f"--out {out} is a file to be read: name another")
    rater = Rater(Settings.load(), final=final)
    # What is loaded by now stays to the end: nothing of it need be looked at for garbage. Nor is what comes in circles.
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS_BETWEEN_LOOKS, *gc.get_threshold()[1:])
    columns = TextColumn("Rating {task.fields[lines]:,} lines"), BarColumn(), TimeElapsedColumn()
    # Where the output is the terminal, it is what there is to see.
    hidden = out is None and sys.stdout.isatty()
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=hidden) as bars:
        size = None if "-" in files else sum(Path(name).stat().st_size for name in files)
        task = bars.add_task("", total=size, lines=0)
        try:
            with out.open("wb") if out else nullcontext(sys.stdout.buffer) as sink:
                for name in files:
                    _rate_file(rater, name, sink, bars, task)
                _write(sink, rater.results())
                sink.flush()
        except BrokenPipeError:
            leave_the_pipe()
        except OSError as error:
            raise Refused(f"cannot write {out or 'the standard output'}: {error.strerror}") from None


def _rate_file(rater: Rater, name: str, sink: BinaryIO, bars: Progress, task: TaskID) -> None:
    with nullcontext(sys.stdin.buffer) if name == "-" else _opened(name) as file:
        _write(sink, rater.lines(name, _lines(file, name, bars, task)))


def _opened(name: str) -> BinaryIO:
    try:
        return Path(name).open("rb")
    except OSError as error:
        raise Refused(f"{name}: cannot be read: {error.strerror}") from None


def _lines(file: BinaryIO, name: str, bars: Progress, task: TaskID) -> Iterator[bytes]:
    seen, taken = 0, 0
    try:
        for line in file:
            seen, taken = seen + 1, taken + len(line)
            if seen == _LINES_BETWEEN_SIGHTS:
                bars.update(task, advance=taken, lines=bars.tasks[0].fields["lines"] + seen)
                seen = taken = 0
            yield line.removesuffix(b"\n").removesuffix(b"\r")
    except OSError as error:
        raise Refused(f"{name}: cannot be read: {error.strerror}") from None
    bars.update(task, advance=taken, lines=bars.tasks[0].fields["lines"] + seen)


def _write(sink: BinaryIO, outputs: Iterator[Output]) -> None:
    sink.writelines(encode(output) + b"\n" for output in outputs)
