"""`kxwatch demo`: the main job from end to end, watched."""

import asyncio
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.live import Live
from rich.table import Table

from pipeline.commands.broker import progress
from pipeline.demo.proof import differences
from pipeline.demo.run import Show, run
from pipeline.demo.scene import Scene
from pipeline.demo.view import Pulse, picture
from pipeline.demo.world import Worker, kafka, make_topics
from pipeline.errors import Refused
from pipeline.settings import Settings
from pipeline.simulate import START, network

SITES, PATIENTS, DAYS, SEED = 20, 2_000, 11, 1
_PLAIN_SECONDS = 5.0


def demo(
    *,
    keep: Annotated[bool, typer.Option("--keep", help="Leave Kafka and the worker up until Ctrl-C.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="Another seed is another network.")] = SEED,
) -> None:
    """Run the main job on a real Kafka: a simulated network sends, units, totals and alerts come out.

    It ends by itself in under two minutes, compares what came out with `kxwatch rate` on the same events, and leaves
    nothing running. The last line is JSON. Exit code 1 when something differs.
    """
    settings = Settings.load()
    console = Console(soft_wrap=True)
    console.print(f"A network of {SITES} sites, {PATIENTS:,} patients and {DAYS} days from {START}, seed {seed}.")
    lines = list(network(sites=SITES, patients=PATIENTS, days=DAYS, seed=seed))
    pulse, scene = Pulse(len(lines)), Scene()
    with ExitStack() as stack:
        with progress() as told:
            own = stack.enter_context(kafka(settings, told))
        console.print(f"Kafka answers at {own.brokers}; {make_topics(own)} topics made.")
        log = settings.home / "demo-worker.log"
        # What a refusal names is kept; nothing else is.
        stack.push(lambda kind, _error, _trace: None if kind is Refused else log.unlink(missing_ok=True))
        worker = Worker(own, log)
        stack.callback(worker.stop)
        _watched(console, pulse, scene, lambda draw: asyncio.run(run(Show(own, worker, lines, pulse, scene, draw))))
        compared, unlike = differences(own, lines, scene.values)
        _summary(console, scene, len(lines), compared, unlike)
        if keep:
            _keep(console, own)
    _next(console)
    alerts = scene.alerts.total()
    summary = {
        "events": len(lines),
        "rejected": scene.rejected.total(),
        "patients": scene.patients,
        "alerts": alerts,
    }
    typer.echo(msgspec.json.encode(summary))
    if unlike:
        raise typer.Exit(1)


def _watched(console: Console, pulse: Pulse, scene: Scene, go: Callable[[Callable[[], None]], None]) -> None:
    """Run with the live view; without a terminal, with a line every few seconds."""
    if console.is_terminal:
        with Live(picture(pulse, scene), console=console, refresh_per_second=8) as live:
            go(lambda: live.update(picture(pulse, scene)))
        return
    last = [0.0]

    def tell() -> None:
        if time.monotonic() - last[0] >= _PLAIN_SECONDS:
            last[0] = time.monotonic()
            sent = f"{pulse.sent:,} of {pulse.total:,} events sent, {pulse.processed:,} processed"
            made = f"{scene.units:,} units, {scene.alerts.total():,} alerts"
            console.print(f"{sent}, {pulse.rate:,.0f} a second; {made}")

    go(tell)


def _summary(console: Console, scene: Scene, sent: int, compared: int, unlike: list[str]) -> None:
    table = Table(title="What came out", title_justify="left", box=None, padding=(0, 3, 0, 0))
    table.add_column("")
    table.add_column("", justify="right")
    rows = {
        "events sent": sent,
        "dead letters": scene.rejected.total(),
        "patients": scene.patients,
        "patient-days": len(scene.values["billable-days"]),
        "units billed": scene.units,
        "totals": len(scene.values["threshold-totals"]),
        **{kind.removeprefix("kxwatch."): count for kind, count in sorted(scene.alerts.items())},
    }
    for name, count in rows.items():
        table.add_row(name, f"{count:,}")
    console.print(table)
    if unlike:
        console.print(f"[red]{len(unlike):,} of {compared:,} values differ from kxwatch rate, such as {unlike[0]}.[/]")
    else:
        console.print(f"All {compared:,} values equal those of `kxwatch rate` on the same events, byte for byte.")


def _keep(console: Console, settings: Settings) -> None:
    console.print("Kafka and the worker stay up until Ctrl-C. In another terminal:")
    for name in ("brokers", "topic_prefix"):
        if value := getattr(settings, name):
            console.print(f"  export KXWATCH_{name.upper()}={value}", highlight=False)
    console.print("  .venv/bin/kxwatch totals", highlight=False)
    console.print("  .venv/bin/kxwatch alerts --follow", highlight=False)
    try:
        while True:
            time.sleep(1)
    except KeyboardInterrupt:
        console.print("Stopping.")


def _next(console: Console) -> None:
    console.print("What to try next:")
    for command, what in (
        ("make demo DEMO=--keep", "the same, and it stays up for you to look around"),
        (".venv/bin/kxwatch simulate --out events.jsonl", "the events themselves"),
        (".venv/bin/kxwatch rate events.jsonl", "the same rules on a file"),
        (".venv/bin/kxwatch broker start", "a Kafka to work with; then topics apply, worker, publish, totals"),
    ):
        console.print(f"  {command:<48}{what}", highlight=False)
