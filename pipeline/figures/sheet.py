"""The rows of an official file as it comes: CSV or tab-separated text, by itself or in the zip that CMS ships."""

import csv
import hashlib
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Never
from zipfile import BadZipFile, ZipFile

from msgspec import Struct

from pipeline.errors import Refused

_LARGEST = 1 << 30
_NUMBER = re.compile(r"[0-9]{0,6}(\.[0-9]{0,6})?")
_CODE = re.compile(r"[A-Z0-9]{5}")


class Row(Struct, frozen=True):
    """A row of a sheet: the line that it ends on, from 1, and its cells without the blanks around them."""

    line: int
    cells: list[str]

    def blank(self) -> bool:
        """Tell whether the row says nothing (an end-of-file mark of old says nothing)."""
        return not any(cell.strip("\x1a") for cell in self.cells)


class Sheet(Struct, frozen=True):
    """An official file: its name, its bytes' SHA-256, its text."""

    name: str
    sha256: str
    text: str

    def rows(self) -> Iterator[Row]:
        """Give the rows in order, blank ones too."""
        if self.name.lower().endswith(".csv"):
            lines = csv.reader(io.StringIO(self.text, newline=""), strict=True)
        else:
            lines = csv.reader(io.StringIO(self.text, newline=""), delimiter="\t", quoting=csv.QUOTE_NONE)
        try:
            for cells in lines:
                yield Row(lines.line_num, [" ".join(cell.split()) for cell in cells])
        except csv.Error as error:
            raise Refused(f"{self.name}: line {lines.line_num}: {error}") from None

    def refuse(self, row: Row, column: int, text: str) -> Never:
        """Refuse the file for what is wrong in a cell; `column` counts from 0, and is told from 1.

        Errors: `Refused`, always.
        """
        raise Refused(f"{self.name}: line {row.line}, column {column + 1}: {text}; nothing of it was taken")

    def heading(self, row: Row, expected: list[str]) -> None:
        """Check that a row is a heading cell by cell.

        Errors: `Refused`, naming the first cell that is not.
        """
        for column, wanted in enumerate(expected):
            found = row.cells[column] if column < len(row.cells) else None
            if found is None or found.casefold() != wanted.casefold():
                self.refuse(row, column, f"the heading is {_told(found)}, expected {wanted!r}")
        if any(row.cells[len(expected) :]):
            self.refuse(row, len(expected), f"a heading more than the {len(expected)} of this layout")

    def width(self, row: Row, columns: int) -> None:
        """Check that a row has as many cells as its layout has columns.

        Errors: `Refused`.
        """
        if len(row.cells) != columns:
            self.refuse(row, min(len(row.cells), columns), f"the row has {len(row.cells)} columns, expected {columns}")

    def amount(self, row: Row, column: int) -> str:
        """Give a decimal number from 0, with a digit before its point.

        Errors: `Refused`.
        """
        text = row.cells[column]
        if not _NUMBER.fullmatch(text) or not any(character.isdigit() for character in text):
            self.refuse(row, column, f"{_told(text)} is no number from 0")
        whole, point, part = text.partition(".")
        return f"{whole or '0'}.{part}" if point and part else whole

    def code(self, row: Row, column: int) -> str:
        """Give a HCPCS code, five digits or capitals.

        Errors: `Refused`.
        """
        text = row.cells[column]
        if not _CODE.fullmatch(text):
            self.refuse(row, column, f"{_told(text)} is no code of five digits or capitals")
        return text


def _told(found: str | None) -> str:
    """Tell a cell in short: what stands in a place where it does not belong may be long."""
    return "missing" if found is None else repr(found if len(found) <= 40 else f"{found[:40]}…")  # noqa: PLR2004


def sheets(path: Path) -> tuple[list[Sheet], list[str]]:
    """Give the sheets of a file or of a zip, and the names of what in a zip is no text.

    Errors: `Refused` when the file cannot be read or is of another form.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Refused(f"{path}: cannot be read: {error.strerror}") from None
    if not data.startswith(b"PK"):
        if path.suffix.lower() not in {".csv", ".txt"}:
            raise Refused(f"{path}: give the .csv or .txt that CMS publishes, or the zip that holds it")
        return [_sheet(path.name, data)], []
    try:
        with ZipFile(io.BytesIO(data)) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            if any(member.filename == "[Content_Types].xml" for member in members):
                raise Refused(f"{path}: a workbook: give the .csv or .txt that CMS publishes beside it, or their zip")
            found, left = [], []
            for member in members:
                name = Path(member.filename).name
                if Path(name).suffix.lower() not in {".csv", ".txt"}:
                    left.append(name)
                elif member.file_size > _LARGEST:
                    raise Refused(f"{path}: {name} is larger than any file of CMS's")
                else:
                    found.append(_sheet(name, archive.read(member)))
    except (BadZipFile, NotImplementedError, RuntimeError) as error:
        raise Refused(f"{path}: the zip cannot be read: {error}") from None
    return found, left


def _sheet(name: str, data: bytes) -> Sheet:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # CMS writes a trademark's sign in Windows' own code page.
        text = data.decode("cp1252", errors="replace")
    return Sheet(name, hashlib.sha256(data).hexdigest(), text)
