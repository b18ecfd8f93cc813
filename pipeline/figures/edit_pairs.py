"""NCCI's procedure-to-procedure edits for practitioners: tab-separated text, in parts of one release."""

import re
from datetime import date

from pipeline.errors import Refused
from pipeline.figures.sheet import Row, Sheet
from pipeline.rules.codes import table
from pipeline.rules.network import EditPairs, EditRow

_HEADING = [
    *("Column 1", "Column 2", "*=in existence", "Effective", "Deletion", "Modifier", "PTP Edit Rationale"),
]
_RELEASE = re.compile(r"(?:^|[^a-z])(ccipra)-(v\d+r\d+)(?:-(f\d+))?", re.IGNORECASE)
_FIRST, _THROUGH, _MODIFIER, _RATIONALE = 3, 4, 5, 6
_EARLIEST = date(1996, 1, 1)


def recognise(sheet: Sheet) -> bool:
    """Tell whether a sheet holds edit pairs, by its title or its headings."""
    first = [row.cells for row, _ in zip(sheet.rows(), range(8), strict=False)]
    return any(cells[:2] == _HEADING[:2] or cells[:1] == ["Column1/Column2 Edits"] for cells in first)


def read(sheet: Sheet) -> EditPairs:
    """Read a part of the practitioners' edits: the pairs of two codes of the code table.

    A pair of which no modifier says anything (9) was deleted on the day it came and is left out.

    Errors: `Refused`, naming line and column, when anything in it is not of its layout.
    """
    named = _RELEASE.search(sheet.name)
    if named is None:
        raise Refused(
            f"{sheet.name}: the practitioners' edits are ccipra-v…r…: keep that in the file's name; nothing of it "
            "was taken"
        )
    codes, kept, rows = table(), [], sheet.rows()
    for row in rows:
        if row.cells[:1] == _HEADING[:1]:
            sheet.heading(row, _HEADING)
            break
    else:
        raise Refused(f"{sheet.name}: no row of headings begins with {_HEADING[0]}; nothing of it was taken")
    begun = False
    for row in rows:
        # The headings go on for some lines, their first cells empty.
        if row.blank() or (not begun and not row.cells[0]):
            continue
        begun = True
        sheet.width(row, len(_HEADING))
        pair = sheet.code(row, 0), sheet.code(row, 1)
        first = _day(sheet, row, _FIRST)
        through = None if row.cells[_THROUGH] == "*" else _day(sheet, row, _THROUGH)
        if row.cells[_MODIFIER] not in {"0", "1", "9"}:
            sheet.refuse(row, _MODIFIER, "a modifier indicator is 0, 1 or 9")
        if through is not None and through < first:
            sheet.refuse(row, _THROUGH, "the deletion is before the effective date")
        if row.cells[_MODIFIER] != "9" and pair[0] in codes and pair[1] in codes:
            kept.append(EditRow(*pair, first, through, row.cells[_MODIFIER] == "1", row.cells[_RATIONALE]))
    if not begun:
        raise Refused(f"{sheet.name}: no pair is in it; nothing of it was taken")
    return EditPairs(
        release=f"NCCI procedure-to-procedure edits for practitioners, {named[2].lower()}",
        file=sheet.name,
        sha256=sheet.sha256,
        part=(named[3] or "").lower(),
        rows=kept,
    )


def _day(sheet: Sheet, row: Row, column: int) -> date:
    text = row.cells[column]
    try:
        return max(date.fromisoformat(f"{text[:4]}-{text[4:6]}-{text[6:]}"), _EARLIEST)
    except ValueError:
        sheet.refuse(row, column, f"{text[:40]!r} is no date of the form 20260131")
