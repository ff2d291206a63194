"""A file that a person brings; it stays while another page is looked at, though the field for it forgets it."""

from __future__ import annotations

import streamlit as st

from src.config import get_settings
from src.dashboard.components.page import plain
from src.dashboard.locale import _


def ask_for_kept_file(label: str, key: str, kept: str) -> tuple[str, bytes] | None:
    """Ask for a table as a file.

    Parameters
    ----------
    label : str
        What the file is to hold.
    key : str
        Of the field; the button that removes a kept file is ``forget_<key>``.
    kept : str
        Where in the session's state the file's name and content are kept.

    Returns
    -------
    tuple of str and bytes, or None
        Name and content; None while there is none.
    """
    file = st.file_uploader(
        label,
        type=["csv", "txt", "tsv", "gz", "parquet"],
        max_upload_size=get_settings().upload_max_mb,
        key=key,
        on_change=_forget_removed,
        args=(key, kept),
    )
    if file is not None:
        st.session_state[kept] = file.name, file.getvalue()
    elif kept in st.session_state:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f":material/attach_file: {plain(st.session_state[kept][0])}")
            if st.button(_("Remove"), icon=":material/close:", key=f"forget_{key}", type="tertiary"):
                del st.session_state[kept]
                st.rerun()
    return st.session_state.get(kept)


def _forget_removed(key: str, kept: str) -> None:
    if st.session_state[key] is None:
        st.session_state.pop(kept, None)
