"""Official files to figures of the network's own: each recognised by its headings, all of them taken or none."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from pipeline.errors import Refused
from pipeline.figures import daily_units, edit_pairs, localities, relative_values
from pipeline.figures.folder import file_name
from pipeline.figures.sheet import Sheet, sheets
from pipeline.rules.network import Item, RelativeValues
from pipeline.rules.parameters import packaged


class Import(Struct, frozen=True):
    """What files gave: figures to be written, members of a zip that were left out, and what an operator should hear."""

    items: list[Item]
    left: list[str]
    notes: list[str]


def read(paths: Sequence[Path], known: Sequence[Item], first: date | None = None) -> Import:
    """Read official files; `known` are the network's figures until now.

    `first` is the date that a changed conversion factor, or a table of most units whose name says none, holds from.

    Errors: `Refused`, naming file, line and column, when any of them is of no known layout or wrong in its own.
    """
    found: dict[str, Item] = {}
    left: list[str] = []
    notes: list[str] = []
    for path in paths:
        members, others = sheets(path)
        left += others
        # CMS publishes a table twice: as .csv, and with fixed columns as .txt.
        twice = {Path(sheet.name).stem.casefold() for sheet in members if sheet.name.lower().endswith(".csv")}
        taken = 0
        for sheet in members:
            again = sheet.name.lower().endswith(".txt") and Path(sheet.name).stem.casefold() in twice
            item = None if again else _item(sheet, [*known, *found.values()], first, notes)
            if item is None:
                left.append(sheet.name)
                continue
            taken += 1
            if item in found.values():
                continue
            key = file_name(item).removesuffix(".yaml")
            if key in found:
                raise Refused(f"{sheet.name}: {key} is in two of the files: import one release at a time")
            found[key] = item
        if not taken:
            raise Refused(
                f"{path}: none of the layouts: CMS's PPRRVU and GPCI as CSV, NCCI's practitioner edits (ccipra) as "
                "text, its practitioner MUE table as CSV, or their zips"
            )
    return Import(list(found.values()), left, notes)


def _item(sheet: Sheet, known: Sequence[Item], first: date | None, notes: list[str]) -> Item | None:
    if relative_values.recognise(sheet):
        found = relative_values.read(sheet)
        if found.lacks:
            notes.append(f"{sheet.name} has no row of {', '.join(found.lacks)}: lines of these have no price")
        return replace(found.values, factors=_factors(found, known, first))
    if localities.recognise(sheet):
        return localities.read(sheet)
    if edit_pairs.recognise(sheet):
        return edit_pairs.read(sheet)
    return daily_units.read(sheet, first) if daily_units.recognise(sheet) else None


def _factors(found: relative_values.Found, known: Sequence[Item], first: date | None) -> dict[date, str]:
    """Give what a file's conversion factor adds to what is stated for its year: nothing where it is stated already."""
    values, factor = found.values, Decimal(found.conversion_factor)
    before: dict[date, str] = {}
    for item in known:
        if isinstance(item, RelativeValues) and (item.year, item.factor) == (values.year, values.factor):
            before |= item.factors
    stated = {day: str(value) for day, value in packaged(values.factor).of_year(values.year).items() if value} | before
    if first is not None and first.year != values.year:
        raise Refused(f"--from {first} is no day of {values.year}, the year of {values.file}")
    if any(Decimal(value) == factor for value in stated.values()):
        return before
    if not stated or first is not None:
        return before | {first or date(values.year, 1, 1): found.conversion_factor}
    last = stated[max(stated)]
    raise Refused(
        f"{values.file}: its conversion factor {factor} is not the {last} stated for {values.year}: say with --from "
        "from which date it holds"
    )
