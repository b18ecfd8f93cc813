"""A table of a report: its columns, its rows, and how it is written for a spreadsheet."""

import csv
from io import StringIO

from msgspec import Struct

Cell = int | str


class Section(Struct, frozen=True):
    """A table by the name of its file. A column that ends in `_cents` holds whole cents; rows are in a fixed order."""

    name: str
    title: str
    columns: list[str]
    rows: list[list[Cell]]


def as_csv(section: Section) -> str:
    """Write a section as CSV, its columns in the first line."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(section.columns)
    # What a spreadsheet would take for a formula stays text.
    writer.writerows([[_harmless(cell) for cell in row] for row in section.rows])
    return text.getvalue()


def _harmless(cell: Cell) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in "=+-@\t\r" and len(cell) > 1 else cell
