"""A report as a picture: minutes by site, and what each code comes to with what the reduction takes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline.errors import Refused
from pipeline.reports.section import Section

KINDS = (".png", ".svg")
_MOST = 20
Bars = tuple[list[str], list[float], list[float]]


def draw(path: Path, sections: Sequence[Section], title: str) -> None:
    """Draw minutes billed and not by site, and dollars by code, in the kind that the file is named after.

    Errors: `Refused`, where matplotlib is not there (the extra `charts`), or the file cannot be written.
    """
    try:
        import matplotlib as mpl  # noqa: PLC0415 -- an extra, and slow to load.
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ImportError:
        raise Refused("--chart needs matplotlib: install kxwatch with its extra `charts`") from None
    by_name = {section.name: section for section in sections}
    # The same report is the same picture, byte for byte.
    with mpl.rc_context({"svg.hashsalt": "kxwatch"}):
        figure = Figure(figsize=(12, 5), layout="constrained")
        figure.suptitle(title)
        left, right = figure.subplots(1, 2)
        _bars(left, "Minutes by site", _by_site(by_name["minutes"]), ("billed", "not billed"))
        _bars(right, "Dollars by code", _by_code(by_name["codes"]), ("allowed", "taken by the reduction"))
        try:
            figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else {"Software": None})
        except OSError as error:
            raise Refused(f"--chart {path}: cannot be written: {error.strerror}") from None


def _by_site(section: Section) -> Bars:
    sums: dict[str, list[float]] = {}
    for site, _, billed, unbilled in section.rows:
        total = sums.setdefault(str(site), [0, 0])
        total[0] += int(billed)
        total[1] += int(unbilled)
    return _largest(sums)


def _by_code(section: Section) -> Bars:
    return _largest({str(row[0]): [int(row[4]) / 100, int(row[3]) / 100] for row in section.rows})


def _largest(sums: dict[str, list[float]]) -> Bars:
    names = sorted(sums, key=lambda name: (-sum(sums[name]), name))[:_MOST]
    return names, [sums[name][0] for name in names], [sums[name][1] for name in names]


def _bars(axes: Any, title: str, bars: Bars, labels: tuple[str, str]) -> None:
    names, below, above = bars
    places = range(len(names))
    axes.bar(places, below, label=labels[0], color="#2a6f97")
    axes.bar(places, above, bottom=below, label=labels[1], color="#e09f3e")
    axes.set_xticks(places, names, rotation=60, ha="right")
    axes.set_title(title)
    axes.legend()
