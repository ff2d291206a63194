"""What is in a table, at a glance."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from src.dashboard.locale import _, moment, number, significant
from src.tables.profile import TableProfile, profile_table

PLANT = "plant"
"""Source of the plant's own table, as records have it; no file can be called so."""


def source_name(source: str) -> str:
    """Return what people call the source of a table: a file's name, or the plant."""
    return _("plant") if source == PLANT else source or "—"


@st.cache_data(max_entries=8, show_spinner=False)
def _profile(frame: pd.DataFrame) -> TableProfile:
    return profile_table(frame)


def show_profile(frame: pd.DataFrame) -> TableProfile:
    """Show rows, types, missing values and ranges; return the profile."""
    profile = _profile(frame)
    missing = sum(column.missing for column in profile.columns)
    summary = _("{rows} rows, {columns} columns, {missing} missing values").format(
        rows=number(profile.rows, 0), columns=len(profile.columns), missing=number(missing, 0)
    )
    with st.expander(summary, icon=":material/table_chart:"):
        st.dataframe(_columns(profile), hide_index=True, alt=_("Columns of the table"), column_config=_column_widths())
        st.dataframe(frame.head(20), hide_index=True, alt=_("First rows of the table"))
    return profile


def _column_widths() -> dict[Any, Any]:
    """Widths in pixels with which times and frequent values can be read in a window of 1400 pixels."""
    widths = {_("Missing"): 80, _("Lowest"): 132, _("Mean"): 80, _("Highest"): 132, _("Most frequent"): 340}
    return {
        _("Column"): st.column_config.TextColumn(pinned=True),
        **{name: st.column_config.TextColumn(width=width) for name, width in widths.items()},
    }


def _columns(profile: TableProfile) -> pd.DataFrame:
    rows = [
        {
            _("Column"): column.name,
            _("Type"): kind_name(column.kind),
            _("Missing"): number(column.missing, 0),
            _("Different values"): number(column.unique, 0),
            _("Lowest"): _short(column.minimum),
            _("Mean"): _short(column.mean),
            _("Highest"): _short(column.maximum),
        }
        for column in profile.columns
    ]
    if any(column.top for column in profile.columns):
        for row, column in zip(rows, profile.columns, strict=True):
            row[_("Most frequent")] = ", ".join(f"{value} ({number(count, 0)})" for value, count in column.top[:3])
    return pd.DataFrame(rows)


def kind_name(kind: str) -> str:
    """Return the kind of a column, or the type of a feature, in the reader's language."""
    return {
        "number": _("number"),
        "category": _("category"),
        "boolean": _("yes or no"),
        "time": _("time"),
        "row_number": _("row number"),
        "text": _("text"),
    }[kind]


def _short(value: object) -> str:
    if isinstance(value, float | int):
        return significant(value)
    if isinstance(value, pd.Timestamp) and value.tzinfo:
        return moment(value)
    return "" if value is None else str(value)[:16]
