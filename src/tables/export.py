"""Tables for other programs: CSV in which nothing runs, and Parquet."""

from __future__ import annotations

import io
import re

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

FORMULA = "^[\\s\\v\u00a0\u3000]*[=+\\-@\uff1d\uff0b\uff0d\uff20\\t\\r]|^[\\t\\r]"
"""What a spreadsheet takes for a formula, also behind blanks and in full width; a pattern for `re` and for Arrow.

Source: OWASP, "CSV Injection".
"""
_RUNS = re.compile(FORMULA)
_NUMBER = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$"
LINE_END = "\r\n"  # as in RFC 4180; with a lone line feed Python leaves cells that hold a carriage return unquoted


def as_csv(frame: pd.DataFrame, *, header: bool = True) -> bytes:
    """Write a table as CSV in UTF-8.

    A text cell, a category or a column's name that a spreadsheet would run as a formula gets an apostrophe in front;
    numbers stay numbers, and times are ISO 8601.

    Parameters
    ----------
    frame : DataFrame
        Its index is not written.
    header : bool
        Whether the columns' names come first; not so for the later parts of a table written in parts.
    """
    return without_formulas(frame).to_csv(index=False, header=header, lineterminator=LINE_END).encode()


def as_parquet(frame: pd.DataFrame) -> bytes:
    """Write a table as Parquet; its index is not written."""
    content = io.BytesIO()
    frame.to_parquet(content, index=False)
    return content.getvalue()


def without_formulas(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table in which no text would run in a spreadsheet, its columns' names included."""
    columns = {name: column.map(_harmless) if _holds_text(column) else column for name, column in frame.items()}
    return pd.DataFrame(columns, index=frame.index).rename(columns=_harmless)


def without_apostrophe(text: str) -> str:
    """Return a text as it was before `without_formulas` put an apostrophe in front; any other as it is."""
    return text[1:] if text.startswith("'") and _RUNS.match(text[1:]) else text


def _holds_text(column: pd.Series) -> bool:
    return column.dtype == object or isinstance(column.dtype, pd.CategoricalDtype | pd.StringDtype)


def _harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and _RUNS.match(value) else value


def disarmed(texts: pa.Array) -> pa.Array:
    """Put an apostrophe in front of the texts that a spreadsheet would run; numbers with a sign, as ``-5``, stay."""
    runs = pc.match_substring_regex(texts, FORMULA)
    if not pc.any(runs).as_py():
        return texts
    runs = pc.and_(runs, pc.invert(pc.match_substring_regex(texts, _NUMBER)))
    return pc.if_else(runs, pc.binary_join_element_wise("'", texts, ""), texts)
