"""NCCI's medically unlikely edits for practitioners: the most units of a code on a day."""

import re
from datetime import date

from pipeline.errors import Refused
from pipeline.figures.sheet import Sheet
from pipeline.rules.codes import table
from pipeline.rules.network import DailyUnits, UnitsRow

_HEADING = ["HCPCS/ CPT Code", "Practitioner Services MUE Values", "MUE Adjudication Indicator", "MUE Rationale"]
_CODE = re.compile(r"HCPCS\s*/\s*CPT Code")
_EFFECTIVE = re.compile(r"Eff_(\d{2})-(\d{2})-(\d{4})", re.IGNORECASE)


def recognise(sheet: Sheet) -> bool:
    """Tell whether a sheet is a table of medically unlikely edits, of practitioners or others, by its headings."""
    first = [row.cells for row, _ in zip(sheet.rows(), range(4), strict=False)]
    return any(cells and _CODE.fullmatch(cells[0]) and "MUE Rationale" in cells for cells in first)


def read(sheet: Sheet, first: date | None = None) -> DailyUnits:
    """Read the practitioners' table, effective on the date in its file's name or on `first`.

    Errors: `Refused`, naming line and column, when anything in it is not of its layout.
    """
    rows = sheet.rows()
    row = next(row for row in rows if row.cells and _CODE.fullmatch(row.cells[0]))
    sheet.heading(row, [row.cells[0], *_HEADING[1:]])
    effective = first or _effective(sheet)
    codes, kept, begun = table(), {}, False
    for row in rows:
        if row.blank():
            continue
        begun = True
        sheet.width(row, len(_HEADING))
        code = sheet.code(row, 0)
        units, indicator = row.cells[1], row.cells[2][:1]
        if not units.isdigit():
            sheet.refuse(row, 1, f"{units[:40]!r} is no number of units")
        if indicator not in {"1", "2", "3"}:
            sheet.refuse(row, 2, "an adjudication indicator is 1, 2 or 3")
        if code in kept:
            sheet.refuse(row, 0, f"a second row of {code}")
        if code in codes:
            kept[code] = UnitsRow(int(units), int(indicator), row.cells[3])
    if not begun:
        raise Refused(f"{sheet.name}: no code is in it; nothing of it was taken")
    return DailyUnits(
        release=f"NCCI medically unlikely edits for practitioners, {effective.isoformat()}",
        file=sheet.name,
        sha256=sheet.sha256,
        first=effective,
        rows=kept,
    )


def _effective(sheet: Sheet) -> date:
    named = _EFFECTIVE.search(sheet.name)
    if named is None:
        raise Refused(f"{sheet.name}: its name says no Eff_MM-DD-YYYY: say with --from when the table takes effect")
    month, day, year = (int(part) for part in named.groups())
    try:
        return date(year, month, day)
    except ValueError:
        raise Refused(f"{sheet.name}: {named[0]} is no date") from None
