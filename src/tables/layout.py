"""The shape of a delimited text: its delimiter, its header, and on which line each row begins.

Python's csv module goes over the text once, strictly: it finds ragged rows and stray quotation marks that faster
parsers take without a word.
"""

from __future__ import annotations

import bisect
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from src.errors import InvalidTable
from src.tables.limits import TableLimits

_DELIMITERS = "\t;,|"  # in this order where two fit equally well
_SAMPLE_CHARACTERS = 200_000
_SAMPLE_RECORDS = 200
_LINE_END = re.compile(rb"\r\n|\r|\n")
_CONTROL = bytes(set(range(32)) - set(b"\t\n\r"))


@dataclass
class Layout:
    """What one strict pass over the text found out.

    Attributes
    ----------
    header : list of str
        The cells of the header, as written.
    header_line : int
        Line on which it begins.
    width : int
        Cells in each row; one more than in the header where a row-number column has no name.
    body : int
        Byte at which the rows begin.
    rows : int
        Rows without the header and without blank lines.
    blank_lines : list of int
        The lines between rows that hold nothing.
    """

    delimiter: str
    header: list[str]
    header_line: int
    width: int
    body: int
    rows: int = 0
    blank_lines: list[int] = field(default_factory=list)
    _shifted_rows: list[int] = field(default_factory=list)
    _shifts: list[int] = field(default_factory=list)

    def line(self, row: int) -> int:
        """Line of the file on which a row (counted from 0) begins."""
        return row + self._shifts[bisect.bisect_right(self._shifted_rows, row) - 1]

    def begin(self, row: int, line: int) -> None:
        """Note the line of a row that does not begin right below the line of the row before."""
        self._shifted_rows.append(row)
        self._shifts.append(line - row)


def refuse_control_characters(content: bytes, delimiter: str, first_line: int = 1) -> None:
    """Check that the content, which begins on a line of the file, can be text at all.

    Raises
    ------
    InvalidTable
        It has NUL bytes or other control characters; the row is named.
    """
    if len(content.translate(None, _CONTROL)) == len(content):
        return
    found = re.search(b"[" + re.escape(_CONTROL) + b"]", content)
    assert found is not None
    raise InvalidTable(
        "Row {row}, column {column}: the character with code {code} is no text. Is this a CSV file? Save it as CSV "
        "(UTF-8) again.",
        row=first_line - 1 + _line_at(content, found.start()),
        column=_cell_at(content, found.start(), delimiter),
        code=content[found.start()],
    )


def find_delimiter(content: bytes) -> str:
    """Choose the delimiter that cuts the first rows into as many cells as the header; a comma for one column."""
    sample = content[:_SAMPLE_CHARACTERS].decode("utf-8", errors="replace")
    scores = {delimiter: _fit(sample, delimiter, cut=len(content) > _SAMPLE_CHARACTERS) for delimiter in _DELIMITERS}
    best = max(scores, key=lambda delimiter: scores[delimiter])
    return best if scores[best] > (0.0, 1) else ","


def _fit(sample: str, delimiter: str, *, cut: bool) -> tuple[float, int]:
    """Share of rows with the header's number of cells, and that number."""
    widths = []
    try:
        for record in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter):
            if record:
                widths.append(len(record))
            if len(widths) > _SAMPLE_RECORDS:
                break
    except csv.Error:
        return 0.0, 0
    if cut and len(widths) <= _SAMPLE_RECORDS:
        widths.pop()
    if not widths or widths[0] < 2:
        return 0.0, 0
    header, rows = widths[0], widths[1:]
    if not rows:
        return 1.0, header
    # An unnamed row-number column makes every row one cell wider than the header.
    same = max(sum(width == header for width in rows), len(rows) if set(rows) == {header + 1} else 0)
    return same / len(rows), header


def scan(content: bytes, name: str, delimiter: str, limits: TableLimits) -> Layout:
    """Go over the whole text once.

    Raises
    ------
    InvalidTable
        Wrong encoding, ragged row, stray quotation mark, too many rows, columns or cells, or no row at all.
    """
    try:
        return _scan(content, name, delimiter, limits)
    except UnicodeDecodeError:
        raise not_utf8(content, delimiter) from None


def _scan(content: bytes, name: str, delimiter: str, limits: TableLimits) -> Layout:
    # The reader does not split lines at the other characters that Python takes for line ends.
    text = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8", newline="")
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    layout = _header(reader, content, name, delimiter, limits)
    width, most = layout.width, min(limits.rows, limits.cells // layout.width)
    rows, line, expected = 0, reader.line_num + 1, -1
    for record in records(reader):
        if not record:
            layout.blank_lines.append(line)
        else:
            if rows == 0 and len(record) == width + 1 > 2:
                width += 1
            if len(record) != width:
                raise ragged(line, len(record), len(layout.header))
            if line != expected:
                layout.begin(rows, line)
            rows += 1
            if rows > most:
                limits.check_shape(name, rows=rows, columns=width)
            expected = line + 1
        line = reader.line_num + 1
    if rows == 0:
        raise InvalidTable("{name!r} has a header but no rows. Save the table with its rows.", name=name)
    layout.rows, layout.width = rows, width
    layout.blank_lines = [blank for blank in layout.blank_lines if blank < layout.line(rows - 1)]
    return layout


def _header(reader: Any, content: bytes, name: str, delimiter: str, limits: TableLimits) -> Layout:
    line, header = 1, None
    for header in records(reader):
        if header:
            break
        line = reader.line_num + 1
    if not header:
        raise InvalidTable("{name!r} is empty. Save the table again.", name=name)
    limits.check_shape(name, rows=0, columns=len(header))
    ends = (end.end() for end in _LINE_END.finditer(content))
    body = next((end for number, end in enumerate(ends, 1) if number == reader.line_num), len(content))
    return Layout(delimiter, header, line, len(header), body)


def records(reader: Any) -> Iterator[list[str]]:
    """Yield the records of a strict csv reader.

    Raises
    ------
    InvalidTable
        A quotation mark where none can be.
    """
    line = reader.line_num + 1
    try:
        for record in reader:
            line = reader.line_num + 1
            yield record
    except csv.Error as error:
        raise _stray_quote(line, str(error)) from None


def _stray_quote(line: int, reason: str) -> InvalidTable:
    if "unexpected end" in reason:
        return InvalidTable(
            "Row {row}: a quotation mark is opened and never closed. Close it, or write it twice inside a cell.",
            row=line,
        )
    if "field larger" in reason:
        return InvalidTable(
            "Row {row}: a cell has no end; a quotation mark is probably opened and never closed. Close it, or write "
            "it twice inside a cell.",
            row=line,
        )
    return InvalidTable(
        "Row {row}: text follows a closing quotation mark. Write quotation marks inside a cell twice.", row=line
    )


def ragged(line: int, cells: int, columns: int) -> InvalidTable:
    """Make the error for a row that is longer or shorter than the header."""
    return InvalidTable(
        "Row {row} has {cells} cells, but the header names {columns} columns. Mend the row, or put cells that hold the "
        "delimiter in quotation marks.",
        row=line,
        cells=cells,
        columns=columns,
    )


def not_utf8(content: bytes, delimiter: str, first_line: int = 1) -> InvalidTable:
    """Make the error for content, which begins on a line of the file, that is not UTF-8."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        return InvalidTable(
            "Row {row}, column {column}: byte {byte:#04x} is not UTF-8. Save the file as CSV UTF-8.",
            row=first_line - 1 + _line_at(content, error.start),
            column=_cell_at(content, error.start, delimiter),
            byte=content[error.start],
        )
    raise AssertionError("the content is UTF-8 after all")


def _line_at(content: bytes, position: int) -> int:
    return sum(1 for _ in _LINE_END.finditer(content, 0, position)) + 1


def _cell_at(content: bytes, position: int, delimiter: str) -> int:
    """Number of the cell, counted from 1, in which a byte lies."""
    start = max(content.rfind(b"\n", 0, position), content.rfind(b"\r", 0, position)) + 1
    before = content[start:position].decode("utf-8", errors="replace")
    return max([1, *(len(record) for record in csv.reader([before], delimiter=delimiter))])
