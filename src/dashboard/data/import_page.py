"""Import readings: can these readings be used, and what would they change?"""

from __future__ import annotations

import streamlit as st

from src.config import get_settings
from src.dashboard.components.acting import acting_name
from src.dashboard.components.file_beginning import show_beginning
from src.dashboard.components.kept_file import ask_for_kept_file
from src.dashboard.components.page import page_header, show_error
from src.dashboard.data.column_form import ask_for_columns, ask_for_options
from src.dashboard.data.import_view import JOB, show_import
from src.dashboard.locale import _
from src.errors import FarolError
from src.jobs import submit
from src.notes import Note
from src.sensors.imports.job import attachment_name, parameters_of
from src.sensors.imports.preview import Preview, preview_file
from src.tables.limits import TableLimits

CHOSEN = "import_file"
"""Name and content of the file that was chosen: the field for it forgets it with the next page."""


def show() -> None:
    """Show the page: an import where the URL names one, else what a new one is made of."""
    page_header(
        _("Import readings"), _("Can these readings be used? See what is understood, try it, then import all or none.")
    )
    if job_id := st.query_params.get(JOB):
        show_import(job_id)
        return
    preview = _choose_file()
    if preview is None:
        return
    show_beginning(preview)
    mapping = ask_for_columns(preview)
    options = ask_for_options(preview)
    st.caption(_("The whole file is checked first; nothing is stored before you have seen what would change."))
    if st.button(_("Check the file"), type="primary", key="check", icon=":material/fact_check:"):
        name, content = st.session_state[CHOSEN]
        parameters = parameters_of(name, mapping, options, dry_run=True, actor=acting_name())
        try:
            job = submit(
                "import_readings",
                parameters,
                title=Note("Check readings: {file}", {"file": name}),
                attachments={attachment_name(name): content},
            )
        except FarolError as error:
            show_error(error)
            return
        st.query_params[JOB] = job.job_id
        st.rerun()


def _choose_file() -> Preview | None:
    """Ask for a file and look at its beginning; None while there is none that can be read."""
    label = _("CSV, CSV.gz or Parquet: one reading a row, or one column a sensor")
    kept = ask_for_kept_file(label, "file", CHOSEN)
    if kept is None:
        st.info(_("Choose a file of readings. Nothing is stored before you say so."), icon=":material/upload:")
        return None
    name, content = kept
    try:
        return preview_file(content, name, TableLimits.from_settings(get_settings()))
    except FarolError as error:
        show_error(error)
        return None
