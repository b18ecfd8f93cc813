"""What the runs of all peers come to: medians with the least and the most, as JSON and as a table in Markdown."""

from collections.abc import Callable, Iterable, Mapping
from statistics import median

from bench.peers.measure import Figures
from bench.peers.peer import Peer

HEADINGS = (
    "",
    "events",
    "events/s",
    "steady, events/s",
    "CPU µs an event",
    "peak memory",
    "start",
    "without its state",
    "changelog, records/s",
    "counted twice",
    "what it is",
)
LEGEND = """Medians; in brackets the least and the most. Every output of every run was checked. Steady: without the
first tenth of the outputs. Start: from the start of the process to its first output. Without its state: the same after
the folder of its state was removed, to an output in each partition. Counted twice: events, over that restart. What took
too short to tell has no figure: work of less than 1 s, a changelog that was loaded in less than 1.5 s.
"""


def row(peer: Peer, runs: list[Figures]) -> dict[str, object]:
    """Give a peer's figures over its rounds; a figure that no round has is null."""
    figures: dict[str, object] = {}
    for name in Figures._fields:
        values = [value for run in runs if (value := getattr(run, name)) is not None]
        figures[name] = {"median": median(values), "min": min(values), "max": max(values)} if values else None
    return {"name": peer.name, "about": peer.about, "versions": peer.versions(), "rounds": len(runs), **figures}


def unavailable(peer: Peer, why: str) -> dict[str, object]:
    """Give the row of a peer that gave no figures: it is named all the same, with the reason."""
    return {"name": peer.name, "about": peer.about, "unavailable": why}


def markdown(machine: Mapping[str, object], rows: Iterable[Mapping[str, object]], setting: str) -> str:
    """Give the table, the fastest first, with what it holds for above it and what is missing below."""
    rows = list(rows)
    measured = sorted((one for one in rows if "unavailable" not in one), key=_speed, reverse=True)
    lines = [
        f"{machine['processor']}, {machine['cores']} cores, Python {machine['python']}; {setting}",
        "",
        f"| {' | '.join(HEADINGS)} |",
        f"| --- |{' ---: |' * (len(HEADINGS) - 2)} --- |",
        *(_line(one) for one in measured),
        "",
        LEGEND,
    ]
    lines += [f"`{one['name']}` was not measured: {one['unavailable']}" for one in rows if "unavailable" in one]
    return "\n".join(lines) + "\n"


def _line(one: Mapping[str, object]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in one["versions"].items())
    cells = [
        f"`{one['name']}`",
        _cell(one["events"], lambda value: f"{value:,.0f}", spread=False),
        _cell(one["events_a_second"], lambda value: f"{value:,.0f}"),
        _cell(one["steady_events_a_second"], lambda value: f"{value:,.0f}"),
        _cell(one["cpu_us_an_event"], lambda value: f"{value:.1f}"),
        _cell(one["peak_bytes"], lambda value: f"{value / 1e6:,.0f} MB", spread=False),
        _cell(one["start_seconds"], lambda value: f"{value:.1f} s", spread=False),
        _cell(one["ready_seconds"], lambda value: f"{value:.1f} s", spread=False),
        _cell(one["recovery_records_a_second"], lambda value: f"{value:,.0f}"),
        _cell(one["doubled"], lambda value: f"{value:,.0f}"),
        f"{one['about']} ({versions})",
    ]
    return f"| {' | '.join(cells)} |"


def _cell(figure: Mapping[str, float] | None, shown: Callable[[float], str], *, spread: bool = True) -> str:
    if figure is None:
        return ""
    middle = shown(figure["median"])
    if not spread or figure["min"] == figure["max"]:
        return middle
    return f"{middle} ({shown(figure['min'])} to {shown(figure['max'])})"


def _speed(one: Mapping[str, object]) -> float:
    return one["events_a_second"]["median"]
