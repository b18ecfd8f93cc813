"""Every figure that a day is computed with: its dates, its unit, where it is from, and whether it is provisional."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct

from pipeline.figures.carrying import dated
from pipeline.figures.folder import file_name
from pipeline.rules.network import Carried, DailyUnits, EditPairs, Item, Localities, RelativeValues
from pipeline.rules.parameters import document, official, parameter


class Entry(Struct, frozen=True, kw_only=True):
    """A figure from a date through a date (None: until it is replaced), and where it is from.

    `value` is the figure as stated, or what a table holds in words. `checksum` is the SHA-256 of the packaged file, or
    of the official file that was imported.
    """

    name: str
    first: date | None
    through: date | None
    value: str
    unit: str
    source: str
    link: str | None
    release: str
    checksum: str
    origin: Literal["packaged", "network"]
    provisional: bool


def entries(items: Sequence[Item]) -> list[Entry]:
    """Give every figure, packaged and the network's own (which are laid over), by name and date."""
    found = [*_packaged(), *(entry for item in items for entry in _imported(item))]
    return sorted(found, key=lambda entry: (entry.name, entry.first or date.min, entry.origin))


def _packaged() -> Iterator[Entry]:
    folder = files("pipeline.rules") / "params"
    figures = dated()
    for file, name in sorted(_yaml(folder, ""), key=lambda found: found[1]):
        stated = document(name)
        if not isinstance(stated, dict):
            continue
        about = _about(file, stated)
        if name.removesuffix(".yaml") in figures:
            yield from _dated(stated["name"], about)
        elif name == "fees/cms.yaml":
            yield from _tables(folder / "fees", stated, about)
        else:
            title = str(stated.get("name") or stated.get("payer_id") or name.removesuffix(".yaml"))
            values = stated.get("values")
            yield Entry(
                name=title,
                first=_day(stated.get("from")),
                through=_day(stated.get("through")),
                value=f"{len(values)} values" if isinstance(values, dict) else str(stated.get("label", "")),
                unit=str(stated.get("unit", "")),
                **about,
            )


def _yaml(folder: Traversable, under: str) -> Iterator[tuple[Traversable, str]]:
    for file in folder.iterdir():
        if file.is_dir():
            yield from _yaml(file, f"{under}{file.name}/")
        elif file.name.endswith(".yaml"):
            yield file, f"{under}{file.name}"


def _about(file: Traversable, stated: dict[str, Any]) -> dict[str, Any]:
    sources = stated.get("source")
    first: dict[str, Any] = sources[0] if isinstance(sources, list) and sources else {}
    return {
        "source": "; ".join(source["title"] for source in sources) if isinstance(sources, list) else "",
        "link": first.get("link"),
        "release": f"packaged {file.name}",
        "checksum": hashlib.sha256(file.read_bytes()).hexdigest(),
        "origin": "packaged",
        "provisional": False,
    }


def _dated(name: str, about: dict[str, Any]) -> Iterator[Entry]:
    stated, now = official(name), parameter(name)
    own = sorted(day for day, value in document(f"{name}.yaml")["values"].items() if value is not None)
    days = sorted(now.values)
    for position, day in enumerate(days):
        value = now.values[day]
        if value is None or day > now.through:
            continue
        last = days[position + 1] - timedelta(days=1) if position + 1 < len(days) else now.through
        yield Entry(
            name=name,
            first=day,
            through=min(last, now.through),
            value=str(value),
            unit=now.unit,
            **(about if day in own and day.year not in now.provisional else about | _of_network(stated.values, day)),
        )


def _of_network(stated: dict[date, Any], day: date) -> dict[str, Any]:
    if stated.get(day) is None:
        return {"release": "carried forward", "origin": "network", "provisional": True, "checksum": ""}
    return {"release": "imported with its relative values", "origin": "network"}


def _tables(folder: Traversable, stated: dict[str, Any], about: dict[str, Any]) -> Iterator[Entry]:
    for table in ("relative_values", "localities"):
        for year, name in stated[table].items():
            data = (folder / name).read_bytes()
            own = {"release": f"packaged {name}", "checksum": hashlib.sha256(data).hexdigest()}
            yield Entry(
                name=table,
                first=date(year, 1, 1),
                through=date(year, 12, 31),
                value=f"{len(data.splitlines()) - 1} rows",
                unit=_UNITS[table],
                **(about | own),
            )


_UNITS = {"relative_values": "relative value units", "localities": "indices"}
_CMS = "https://www.cms.gov/medicare/payment/fee-schedules/physician/pfs-relative-value-files"
_NCCI = "https://www.cms.gov/medicare/coding-billing/national-correct-coding-initiative-ncci-edits"


def _imported(item: Item) -> Iterator[Entry]:
    if isinstance(item, Carried):
        for name, origin in item.figures.items():
            if name in _UNITS:
                yield Entry(
                    name=name,
                    first=date(item.year, 1, 1),
                    through=date(item.year, 12, 31),
                    value=f"the rows of {origin}",
                    unit=_UNITS[name],
                    source=f"carried forward from {origin} by the network",
                    link=None,
                    release="carried forward",
                    checksum="",
                    origin="network",
                    provisional=True,
                )
        return
    name, first, through, unit, link = _place(item)
    rows = len(item.rows)
    if rows:
        yield Entry(
            name=name,
            first=first,
            through=through,
            value=f"{rows} rows",
            unit=unit,
            source=f"{item.file}, as {Path(file_name(item)).name}",
            link=link,
            release=item.release,
            checksum=item.sha256,
            origin="network",
            provisional=False,
        )


def _place(
    item: RelativeValues | Localities | EditPairs | DailyUnits,
) -> tuple[str, date | None, date | None, str, str]:
    if isinstance(item, RelativeValues | Localities):
        name = "relative_values" if isinstance(item, RelativeValues) else "localities"
        return name, date(item.year, 1, 1), date(item.year, 12, 31), _UNITS[name], _CMS
    if isinstance(item, EditPairs):
        return "edit_pairs", None, None, "pairs of codes", _NCCI
    return "daily_units", item.first, None, "units a day", _NCCI


def _day(value: Any) -> date | None:
    return date.fromisoformat(str(value)) if value is not None else None
