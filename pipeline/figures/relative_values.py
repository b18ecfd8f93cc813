"""CMS's Physician Fee Schedule relative value file (PPRRVU): 31 columns through 2025, 32 from 2026 on."""

import re
from collections.abc import Iterator
from datetime import date

from msgspec import Struct

from pipeline.errors import Refused
from pipeline.figures.sheet import Row, Sheet
from pipeline.rules.codes import table
from pipeline.rules.network import FactorName, RelativeRow, RelativeValues

_BEFORE_2026 = [
    *("HCPCS", "MOD", "DESCRIPTION", "CODE", "PAYMENT", "RVU", "PE RVU", "INDICATOR", "PE RVU", "INDICATOR", "RVU"),
    *("TOTAL", "TOTAL", "IND", "DAYS", "OP", "OP", "OP", "PROC", "SURG", "SURG", "SURG", "SURG", "BASE", "FACTOR"),
    *("PROCEDURES", "FLAG", "INDICATOR", "AMOUNT", "AMOUNT", "AMOUNT"),
]
_SINCE_2026 = [*_BEFORE_2026[:23], "IND", *_BEFORE_2026[23:]]
# The row above the last of the headings tells columns of one name apart.
_ABOVE = {3: "STATUS", 5: "WORK", 6: "NON-FAC", 8: "FACILITY", 10: "MP", 18: "MULT"}
_HCPCS, _MODIFIER, _STATUS, _WORK, _EXPENSE, _MALPRACTICE, _MULTIPLE = 0, 1, 3, 5, 6, 10, 18
_TITLE = re.compile(r"(\d{4}) National Physician Fee Schedule Relative Value File .*")
_TWO_FACTORS_FROM = 2026


class Found(Struct, frozen=True):
    """What a relative value file says: the values of a year, its conversion factor, the listed codes that it lacks."""

    values: RelativeValues
    conversion_factor: str
    lacks: list[str]


def recognise(sheet: Sheet) -> bool:
    """Tell whether a sheet is a relative value file, by its title or its headings."""
    for row, _ in zip(sheet.rows(), range(15), strict=False):
        if row.cells[:2] == ["HCPCS", "MOD"] and "FACTOR" in row.cells:
            return True
        if any(_TITLE.fullmatch(cell) for cell in row.cells):
            return True
    return False


def read(sheet: Sheet) -> Found:
    """Read a relative value file: what of it concerns the code table, without a word of its descriptions.

    Errors: `Refused`, naming line and column, when anything in it is not of its layout.
    """
    title, above, rows = "", Row(0, []), sheet.rows()
    for row in rows:
        title = title or next((cell for cell in row.cells if _TITLE.fullmatch(cell)), "")
        if row.cells[:1] == ["HCPCS"]:
            break
        above = row
    else:
        raise Refused(f"{sheet.name}: no row of headings begins with HCPCS; nothing of it was taken")
    matched = _TITLE.fullmatch(title)
    if matched is None:
        raise Refused(f"{sheet.name}: no title names the year of this file; nothing of it was taken")
    year = int(matched[1])
    layout = _SINCE_2026 if year >= _TWO_FACTORS_FROM else _BEFORE_2026
    sheet.heading(row, layout)
    for column, wanted in (_ABOVE | {layout.index("FACTOR"): "CONV"}).items():
        if column >= len(above.cells) or above.cells[column] != wanted:
            sheet.refuse(above, column, f"the heading above {layout[column]} is not {wanted}")
    kept, factor = _kept(sheet, rows, layout)
    if not kept:
        raise Refused(f"{sheet.name}: no code of the code table is in it; nothing of it was taken")
    name = _factor_name(sheet, year)
    values = RelativeValues(
        release=title,
        file=sheet.name,
        sha256=sheet.sha256,
        year=year,
        factor=name,
        factors={date(year, 1, 1): factor},
        rows=kept if name == "conversion_factor" else {},
    )
    return Found(values, factor, sorted(table().keys() - kept.keys()))


def _kept(sheet: Sheet, rows: Iterator[Row], layout: list[str]) -> tuple[dict[str, RelativeRow], str]:
    codes, kept, factor = table(), {}, ""
    at_factor = layout.index("FACTOR")
    for row in rows:
        if row.blank():
            continue
        sheet.width(row, len(layout))
        code = sheet.code(row, _HCPCS)
        work, expense, malpractice = (sheet.amount(row, column) for column in (_WORK, _EXPENSE, _MALPRACTICE))
        found = sheet.amount(row, at_factor)
        factor = factor or found
        if found != factor:
            sheet.refuse(row, at_factor, f"a second conversion factor: {found} after {factor}")
        if code not in codes or row.cells[_MODIFIER]:
            continue
        if code in kept:
            sheet.refuse(row, _HCPCS, f"a second row of {code}")
        status, indicator = row.cells[_STATUS], row.cells[_MULTIPLE]
        if len(status) != 1 or not status.isupper():
            sheet.refuse(row, _STATUS, "a status is one capital")
        if len(indicator) != 1 or not indicator.isdigit():
            sheet.refuse(row, _MULTIPLE, "an indicator for multiple procedures is one digit")
        kept[code] = RelativeRow(status, work, expense, malpractice, indicator)
    return kept, factor


def _factor_name(sheet: Sheet, year: int) -> FactorName:
    """Tell which of a year's two files it is: nothing but its name says so."""
    if year < _TWO_FACTORS_FROM:
        return "conversion_factor"
    name = sheet.name.casefold()
    if "qpp" not in name:
        raise Refused(f"{sheet.name}: from 2026 on there are two files: keep the nonQPP or QPP in the file's name")
    return "conversion_factor" if "nonqpp" in name else "conversion_factor_apm"
