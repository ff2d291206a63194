"""The first rows of a file that somebody has brought, as they are written."""

from __future__ import annotations

import streamlit as st

from src.dashboard.components.page import plain
from src.dashboard.locale import _, translated
from src.tables.beginning import Beginning


def show_beginning(file: Beginning) -> None:
    """Show them, with what was noticed when they were read."""
    st.subheader(_("The file as it is written"), anchor=False)
    st.dataframe(file.rows, hide_index=True, alt=_("First rows of the file"), key="first_rows")
    for note in file.notes:
        st.caption(f":material/info: {plain(translated(note))}")
