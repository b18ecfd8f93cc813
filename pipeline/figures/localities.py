"""CMS's geographic practice cost indices by locality (GPCI, Addendum E), the work index with its floor."""

import re
from collections.abc import Iterator

from pipeline.errors import Refused
from pipeline.figures.sheet import Row, Sheet
from pipeline.rules.network import IndexRow, Localities

_LEADING = ["Medicare Administrative Contractor (MAC)", "State", "Locality Number", "Locality Name"]
_INDEX = re.compile(r"(\d{4}) (PW|PE|MP) GPCI\W*(?:\((with|without) 1\.0 Floor\))?\W*", re.IGNORECASE)
_TITLE = re.compile(r".*GEOGRAPHIC PRACTICE COST INDICES.*", re.IGNORECASE)


def recognise(sheet: Sheet) -> bool:
    """Tell whether a sheet holds indices by locality, by its title or its headings."""
    first = [row.cells for row, _ in zip(sheet.rows(), range(6), strict=False)]
    return any(cells[:1] == _LEADING[:1] or any(_TITLE.fullmatch(cell) for cell in cells) for cells in first)


def read(sheet: Sheet) -> Localities:
    """Read the indices of a year by locality.

    Errors: `Refused`, naming line and column, when anything in it is not of its layout.
    """
    title, rows = "", sheet.rows()
    for row in rows:
        title = title or next((cell for cell in row.cells if _TITLE.fullmatch(cell)), "")
        if row.cells[:1] == _LEADING[:1]:
            break
    else:
        raise Refused(f"{sheet.name}: no row of headings begins with {_LEADING[0]}; nothing of it was taken")
    year, columns = _columns(sheet, row)
    kept = _kept(sheet, rows, columns, len(row.cells))
    if not kept:
        raise Refused(f"{sheet.name}: no locality is in it; nothing of it was taken")
    return Localities(
        release=title or f"Geographic practice cost indices {year}",
        file=sheet.name,
        sha256=sheet.sha256,
        year=year,
        rows=kept,
    )


def _kept(sheet: Sheet, rows: Iterator[Row], columns: list[int], width: int) -> dict[str, IndexRow]:
    """Give the table's rows by locality; below it are notes: one cell each, and no locality after them."""
    kept: dict[str, IndexRow] = {}
    noted = False
    for row in rows:
        if row.blank():
            continue
        if kept and not row.cells[0].isdigit() and not any(row.cells[1:]):
            noted = True
            continue
        if noted:
            sheet.refuse(row, 0, "a row after the notes")
        sheet.width(row, width)
        locality = _locality(sheet, row)
        if locality in kept:
            sheet.refuse(row, 2, f"a second row of locality {locality}")
        work, expense, malpractice = (sheet.amount(row, column) for column in columns)
        kept[locality] = IndexRow(work, expense, malpractice)
    return kept


def _locality(sheet: Sheet, row: Row) -> str:
    """Name a row's carrier and locality; a spreadsheet takes their leading zeros away."""
    carrier, number = row.cells[0].zfill(5), row.cells[2].zfill(2)
    if not re.fullmatch("[0-9]{5}", carrier):
        sheet.refuse(row, 0, "a carrier is a number of five digits")
    if not re.fullmatch("[0-9]{2}", number):
        sheet.refuse(row, 2, "a locality is a number of two digits")
    return f"{carrier}-{number}"


def _columns(sheet: Sheet, row: Row) -> tuple[int, list[int]]:
    """Give the year and the places of the three indices: work with its floor where both are published."""
    for column, wanted in enumerate(_LEADING):
        if column >= len(row.cells) or row.cells[column].casefold() != wanted.casefold():
            sheet.refuse(row, column, f"the heading is not {wanted!r}")
    years: set[int] = set()
    places: dict[str, int] = {}
    for column in range(len(_LEADING), len(row.cells)):
        matched = _INDEX.fullmatch(row.cells[column])
        if matched is None:
            sheet.refuse(row, column, "the heading is no index of a year")
        years.add(int(matched[1]))
        if (matched[3] or "with").casefold() == "with":
            places[matched[2].upper()] = column
    if len(years) != 1:
        sheet.refuse(row, len(_LEADING), "the indices are not of one year")
    for name, what in (("PW", "work index with its floor"), ("PE", "practice index"), ("MP", "malpractice index")):
        if name not in places:
            sheet.refuse(row, len(row.cells) - 1, f"there is no {what}")
    return years.pop(), [places[name] for name in ("PW", "PE", "MP")]
