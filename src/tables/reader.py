"""Reading the tables that people bring: CSV (also compressed) and Parquet.

No value is changed in silence: what can be understood in one way only is read, with a note; the rest is refused with
the row, the column and the reason. Rows are named by their line in the file, the header being on line 1; those of a
Parquet file are counted from 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from src.notes import Note
from src.tables.delimited import read_delimited
from src.tables.formats import CSV_GZ, PARQUET, expand_gzip, format_of_name, read_content, refuse_other_format
from src.tables.limits import TableLimits
from src.tables.parquet import read_parquet

__all__ = ["TableFile", "TableLimits", "read_table"]


@dataclass(frozen=True)
class TableFile:
    """A table read from a file.

    Attributes
    ----------
    frame : DataFrame
        Columns of int64, float64, bool, datetime64[ns, UTC] or object (text, NaN where missing); Parquet keeps the
        width of its numbers. Its index counts from 0.
    notes : tuple of Note
        Everything that was understood rather than read as it stands.
    """

    frame: pd.DataFrame
    notes: tuple[Note, ...]


def read_table(source: Path | bytes, name: str, limits: TableLimits | None = None) -> TableFile:
    """Read a CSV, CSV.gz or Parquet file.

    Parameters
    ----------
    source : Path or bytes
        The file, or its content.
    name : str
        Its name; the ending (.csv, .txt, .tsv, .csv.gz, .parquet) says how it is read. Text is UTF-8, with or without
        a byte-order mark, and separated by commas, semicolons, tabs or pipes, whichever fits.
    limits : TableLimits, optional
        The default limits when not given.

    Raises
    ------
    InvalidTable
        It cannot be read without guessing, or is larger than allowed. `values` holds row and column where they are
        known.
    """
    limits = limits or TableLimits()
    expected = format_of_name(name)
    content = read_content(source, name, limits)
    refuse_other_format(content, name, expected)
    if expected == PARQUET:
        frame, notes = read_parquet(content, name, limits)
    else:
        if expected == CSV_GZ:
            content = expand_gzip(content, name, limits)
            refuse_other_format(content, name, "CSV")
        frame, notes = read_delimited(content, name, limits)
    return TableFile(frame, tuple(notes))
