"""The live view: the network's day, events a second, patients by state, the newest alerts as sentences."""

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from pipeline.demo.scene import Scene
from pipeline.terminal import plain

_STATES = ("clear", "approaching", "exceeded")
_COLOURS = {"clear": "green", "approaching": "yellow", "exceeded": "red", "": "cyan"}


class Pulse:
    """How the run goes: what was sent of what is to be sent, what is processed, and how fast."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.sent = 0
        self.processed = 0
        self.rate = 0.0


def picture(pulse: Pulse, scene: Scene) -> RenderableType:
    """Draw the view as it is now."""
    done = Table.grid(padding=(0, 2))
    done.add_row("events sent", ProgressBar(pulse.total, pulse.sent, width=40), f"{pulse.sent:,} of {pulse.total:,}")
    done.add_row("processed", ProgressBar(pulse.total, pulse.processed, width=40), f"{pulse.rate:,.0f} a second")
    counts = Text(
        f"{scene.units:,} units billed on {len(scene.values['billable-days']):,} patient-days of "
        f"{scene.patients:,} patients; {sum(scene.rejected.values())} dead letters"
    )
    return Panel(
        Group(done, counts, _states(scene), _newest(scene)),
        title="kxwatch: a clinic network on a real Kafka",
        padding=(1, 2),
    )


def _states(scene: Scene) -> Table:
    table = Table(box=None, padding=(0, 3, 0, 0), title_justify="left")
    table.add_column("patients by state")
    for state in _STATES:
        table.add_column(state, justify="right", style=_COLOURS[state])
    for threshold, title in (("kx", "KX threshold"), ("review", "targeted review")):
        for bucket in ("OT", "PT-SLP"):
            numbers = [f"{scene.states[threshold, bucket, state]:,}" for state in _STATES]
            table.add_row(f"{title}, {bucket}", *numbers)
    return table


def _newest(scene: Scene) -> RenderableType:
    if not scene.newest:
        return Text("no alerts yet", style="dim")
    lines = []
    for alert in scene.newest:
        line = Text.assemble(("● ", _COLOURS.get(alert.data.level, "cyan")), plain(alert.data.sentence))
        line.truncate(150, overflow="ellipsis")
        lines.append(line)
    return Group(Text("newest alerts", style="bold"), *lines)
