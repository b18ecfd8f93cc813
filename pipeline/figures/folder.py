"""The folder of a network's own figures: read whole and checked at start, written one file at a time."""

import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import yaml

from pipeline.errors import Refused
from pipeline.rules.network import (
    Carried,
    EditPairs,
    EditRow,
    IndexRow,
    Item,
    Localities,
    RelativeRow,
    RelativeValues,
    UnitsRow,
    install,
)

_ROWS: dict[str, Any] = {
    "relative_values": RelativeRow,
    "localities": IndexRow,
    "edit_pairs": EditRow,
    "daily_units": UnitsRow,
}


def file_name(item: Item) -> str:
    """Name the file of a release, or of a year carried forward: a later one of the same takes its place."""
    if isinstance(item, Carried):
        return f"carried-{item.year}.yaml"
    if isinstance(item, RelativeValues):
        return f"relative-values{'' if item.rows else '-apm'}-{item.year}.yaml"
    if isinstance(item, Localities):
        return f"localities-{item.year}.yaml"
    if isinstance(item, EditPairs):
        return f"edit-pairs{f'-{item.part}' if item.part else ''}.yaml"
    return f"daily-units-{item.first.isoformat()}.yaml"


def load(folder: Path | None) -> list[Item]:
    """Read every YAML file of a folder, in the order of their names; none is no figure.

    Errors: `Refused`, naming the file, and the line and column of what is wrong in it.
    """
    if folder is None:
        return []
    try:
        paths = sorted(folder.glob("*.yaml"))
        texts = [(path, path.read_text(encoding="utf-8")) for path in paths]
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"the figures in {folder} cannot be read: {type(error).__name__}") from None
    items = []
    for path, text in texts:
        item = _item(path, text)
        if path.name != file_name(item):
            raise Refused(f"{path}: what it holds belongs in {file_name(item)}: rename it or take it away")
        items.append(item)
    return items


def use(folder: Path | None) -> list[Item]:
    """Read a network's figures and lay them over the packaged ones, for the whole process; gives what was read.

    Errors: `Refused`, as `load`.
    """
    items = load(folder)
    install(items)
    return items


def releases(items: Sequence[Item]) -> list[str]:
    """Name the releases and the carried years of a network, for a log."""
    return [
        f"{item.year} carried forward as provisional" if isinstance(item, Carried) else item.release for item in items
    ]


def write(folder: Path, items: Sequence[Item]) -> list[Path]:
    """Write releases or carried years, each in place of an older one of the same; gives the files.

    Errors: `Refused` when a file cannot be written.
    """
    paths = []
    for item in items:
        path = folder / file_name(item)
        fresh = path.with_suffix(".new")
        plain = msgspec.to_builtins(item, builtin_types=(date,))
        text = yaml.safe_dump(plain, sort_keys=False, default_flow_style=None, width=120)
        try:
            fresh.write_text(text, encoding="utf-8")
            os.replace(fresh, path)  # noqa: PTH105 -- what is read meanwhile is the old file or the new one.
        except OSError as error:
            raise Refused(f"{path} cannot be written: {error.strerror}") from None
        paths.append(path)
    return paths


def _item(path: Path, text: str) -> Item:
    try:
        item: Item = msgspec.convert(yaml.safe_load(text), Item)
    except yaml.MarkedYAMLError as error:
        raise Refused(f"{path}: {_place(error.problem_mark)}{error.problem or 'no YAML'}") from None
    except (msgspec.ValidationError, yaml.YAMLError, ValueError) as error:
        raise Refused(f"{path}: {_place(_mark(text, str(error)))}{' '.join(str(error).split())}") from None
    return item


def _place(mark: Any) -> str:
    return f"line {mark.line + 1}, column {mark.column + 1}: " if mark is not None else ""


def _mark(text: str, error: str) -> Any:
    """Find where a value stands that does not fit: the field that the error names, and in a table its row."""
    top = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(top, yaml.MappingNode):
        return None if top is None else top.start_mark
    fields = {key.value: value for key, value in top.value}
    named = error.partition("`$.")[2].partition("`")[0].partition("[")[0]
    node = fields.get(named)
    kind = _ROWS.get(fields["kind"].value) if "kind" in fields else None
    if named == "rows" and kind is not None and isinstance(node, yaml.CollectionNode):
        for child in node.value:
            row = child[1] if isinstance(child, tuple) else child
            try:
                msgspec.convert(yaml.safe_load(yaml.serialize(row)), kind)
            except msgspec.ValidationError:
                return row.start_mark
    return (top if node is None else node).start_mark
