"""A table that a person brings as a file; it stays while another page or a comparison is looked at."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from src.config import get_settings
from src.dashboard.components.kept_file import ask_for_kept_file
from src.dashboard.components.page import show_error
from src.dashboard.locale import _
from src.errors import FarolError
from src.notes import Note
from src.tables.limits import TableLimits
from src.tables.reader import TableFile, read_table

UPLOADED = "uploaded"
"""Name and content of the file that was chosen: the field for it forgets it with the next page."""


def ask_for_file() -> tuple[pd.DataFrame, str, tuple[Note, ...]] | None:
    """Ask for a file and read it: its table, name and notes; None while there is none that can be read."""
    label = _("CSV, CSV.gz or Parquet, one row an observation, with a header")
    kept = ask_for_kept_file(label, "file", UPLOADED)
    if kept is None:
        st.info(
            _("Choose a file to see what is in it. Nothing is trained before you say so."), icon=":material/upload:"
        )
        return None
    name, content = kept
    try:
        with st.spinner(_("Reading the file…")):
            table = _read_upload(content, name)
    except FarolError as error:
        show_error(error)
        return None
    return table.frame, name, table.notes


@st.cache_data(max_entries=4, show_spinner=False)
def _read_upload(content: bytes, name: str) -> TableFile:
    return read_table(content, name, TableLimits.from_settings(get_settings()))
