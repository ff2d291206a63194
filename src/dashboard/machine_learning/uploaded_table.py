"""A table that a person brings as a file; it stays while another page or a comparison is looked at."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from src.config import get_settings
from src.dashboard.components.page import plain, show_error
from src.dashboard.locale import _
from src.errors import FarolError
from src.notes import Note
from src.tables.limits import TableLimits
from src.tables.reader import TableFile, read_table

UPLOADED = "uploaded"
"""Name and content of the file that was chosen: the field for it forgets it with the next page."""


def ask_for_file() -> tuple[pd.DataFrame, str, tuple[Note, ...]] | None:
    """Ask for a file and read it: its table, name and notes; None while there is none that can be read."""
    settings = get_settings()
    file = st.file_uploader(
        _("CSV, CSV.gz or Parquet, one row an observation, with a header"),
        type=["csv", "txt", "tsv", "gz", "parquet"],
        max_upload_size=settings.upload_max_mb,
        key="file",
        on_change=_forget_removed,
    )
    if file is not None:
        st.session_state[UPLOADED] = file.name, file.getvalue()
    elif UPLOADED in st.session_state:
        _show_kept_file(st.session_state[UPLOADED][0])
    else:
        st.info(
            _("Choose a file to see what is in it. Nothing is trained before you say so."), icon=":material/upload:"
        )
        return None
    try:
        with st.spinner(_("Reading the file…")):
            name, content = st.session_state[UPLOADED]
            table = _read_upload(content, name)
    except FarolError as error:
        show_error(error)
        return None
    return table.frame, name, table.notes


def _forget_removed() -> None:
    if st.session_state["file"] is None:
        st.session_state.pop(UPLOADED, None)


def _show_kept_file(name: str) -> None:
    """Say that a file is still here: the field for it is empty after another page, or another comparison, was shown."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f":material/attach_file: {plain(name)}")
        if st.button(_("Remove"), icon=":material/close:", key="forget_file", type="tertiary"):
            del st.session_state[UPLOADED]
            st.rerun()


@st.cache_data(max_entries=4, show_spinner=False)
def _read_upload(content: bytes, name: str) -> TableFile:
    return read_table(content, name, TableLimits.from_settings(get_settings()))
