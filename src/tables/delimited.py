"""Delimited text (CSV and its kin) to a frame."""

from __future__ import annotations

import codecs

import pandas as pd
import pyarrow as pa
import pyarrow.csv

from src.errors import InvalidTable
from src.notes import Note
from src.tables.column import Column, matches
from src.tables.columns import read_columns
from src.tables.layout import Layout, find_delimiter, ragged, refuse_control_characters, scan
from src.tables.limits import TableLimits
from src.tables.number_columns import is_row_number

_LARGEST_BLOCK = 2**30  # pyarrow counts a block's bytes in 32 bits
_LIKE_A_VALUE = r"^[+-]?\d*[.,]?\d+([eE][+-]?\d+)?$|^\d{4}-\d{2}-\d{2}([ T].*)?$"


def read_delimited(content: bytes, name: str, limits: TableLimits) -> tuple[pd.DataFrame, list[Note]]:
    """Read delimited UTF-8 text.

    Parameters
    ----------
    content : bytes
        The text, with or without a byte-order mark.
    name : str
        What the file is called, for errors.

    Returns
    -------
    frame : DataFrame
    notes : list of Note

    Raises
    ------
    InvalidTable
        See `src.tables.reader`.
    """
    content = content.removeprefix(codecs.BOM_UTF8)
    delimiter = find_delimiter(content)
    refuse_control_characters(content, delimiter)
    layout = scan(content, name, delimiter, limits)
    cells = _parse(content, layout)
    names, notes = _column_names(layout, cells)
    columns = [Column(column, cells[position], layout.line) for position, column in enumerate(names)]
    read_columns(columns, limits.cell_characters)
    if layout.blank_lines:
        notes.append(
            Note(
                "{lines:,} blank lines are skipped, the first is line {row}.",
                {"lines": len(layout.blank_lines), "row": layout.blank_lines[0]},
            )
        )
    frame = pd.DataFrame({column.name: column.values for column in columns}, copy=False)
    return frame, notes + [note for column in columns for note in column.notes]


def _parse(content: bytes, layout: Layout) -> list[pa.ChunkedArray]:
    """Cut the text into columns of strings, null where a cell is empty."""
    places = [str(position) for position in range(layout.width)]
    body = pa.py_buffer(memoryview(content)[layout.body :])
    try:
        table = pyarrow.csv.read_csv(
            pa.BufferReader(body),
            # One block as long as the text: a row never reaches beyond its block.
            read_options=pyarrow.csv.ReadOptions(column_names=places, block_size=min(body.size, _LARGEST_BLOCK)),
            parse_options=pyarrow.csv.ParseOptions(delimiter=layout.delimiter, newlines_in_values=True),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(places, pa.string()), null_values=[""], strings_can_be_null=True
            ),
        )
        rows = table.num_rows
    except pa.ArrowInvalid:
        rows = -1
    # Two parsers read the same text; should they ever disagree, neither is believed.
    if rows != layout.rows:
        raise InvalidTable(
            "The cells cannot be told apart beyond doubt: the quotation marks are not those of a CSV file. Save the "
            "table again."
        )
    return [table.column(place) for place in places]


def _column_names(layout: Layout, cells: list[pa.ChunkedArray]) -> tuple[list[str], list[Note]]:
    names = [cell.strip() for cell in layout.header]
    notes = []
    unnamed = len(names) < layout.width
    if unnamed and not _counts_rows(cells):
        raise ragged(layout.line(0), layout.width, len(names))
    if unnamed or (len(names) > 1 and not names[0] and is_row_number(cells[0])):
        names = [_row_number_name(names), *(names if unnamed else names[1:])]
        notes.append(
            Note("The first column has no name; it numbers the rows and is called {column!r}.", {"column": names[0]})
        )
    refuse_names(names, layout.header_line)
    notes += refuse_missing_header(layout.header, layout.header_line)
    if names[unnamed:] != layout.header and names[1:] != layout.header[1:]:
        notes.append(Note("Blanks around column names are left out."))
    return names, notes


def _counts_rows(cells: list[pa.ChunkedArray]) -> bool:
    """Tell a row-number column without a name from rows that end in a superfluous delimiter."""
    return is_row_number(cells[0]) and cells[-1].null_count < len(cells[-1])


def _row_number_name(names: list[str]) -> str:
    return "row_number" if "row_number" not in names else "row_number_of_file"


def refuse_names(names: list[str], line: int) -> None:
    """Check that each column has a name of its own.

    Raises
    ------
    InvalidTable
        One has none, or two have the same.
    """
    seen: dict[str, int] = {}
    for position, name in enumerate(names, 1):
        if not name:
            raise InvalidTable(
                "Row {row}: column {column} has no name. Name it in the header, or remove a superfluous delimiter.",
                row=line,
                column=position,
            )
        if name in seen:
            raise InvalidTable(
                "Row {row}: columns {first} and {column} are both called {name!r}. Give each its own name.",
                row=line,
                first=seen[name],
                column=position,
                name=name,
            )
        seen[name] = position


def refuse_missing_header(header: list[str], line: int) -> list[Note]:
    """Check that the first row holds names, and remark upon those that look like values.

    Raises
    ------
    InvalidTable
        All of them do.
    """
    cells = pa.array([cell.strip() for cell in header])
    values = cells.filter(matches(cells, _LIKE_A_VALUE)).to_pylist()
    if len(values) == len(cells):
        raise InvalidTable(
            "Row {row} holds values ({value!r} …) instead of column names. Put a line with the names above it.",
            row=line,
            value=values[0],
        )
    if not values:
        return []
    return [
        Note(
            "Some column names look like values ({value!r}). If the file has no header line, put one above it.",
            {"value": values[0]},
        )
    ]
