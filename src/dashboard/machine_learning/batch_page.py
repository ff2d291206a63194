"""Predict a file: what does a model say of each of these rows?"""

from __future__ import annotations

import streamlit as st

from src.config import get_settings
from src.dashboard.components.kept_file import ask_for_kept_file
from src.dashboard.components.page import page_header, plain, put_in_url, show_error
from src.dashboard.locale import _, translated
from src.dashboard.machine_learning.batch_result import show_batch, show_rows
from src.dashboard.machine_learning.model_choice import choose_model
from src.errors import FarolError
from src.jobs import submit
from src.ml.batch_job import attachment_name
from src.ml.batch_prediction import PREVIEW_ROWS, preview_file
from src.ml.saved_models import LoadedModel
from src.ml.table_writing import ENDINGS
from src.notes import Note
from src.tables.formats import CSV, CSV_GZ, PARQUET
from src.tables.limits import TableLimits

UPLOADED = "batch_uploaded"
"""Name and content of the file: the field for it forgets it with the next page."""


def show() -> None:
    """Show the page: a file that is being predicted where the URL names its job, else what a new one takes."""
    page_header(_("Predict a file"), _("What does a model say of each row? The columns are kept, the answers added."))
    if job_id := st.query_params.get("job"):
        show_batch(job_id)
        return
    saved = choose_model()
    if saved is None:
        return
    st.caption(plain(_("It takes: {columns}").format(columns=_columns(saved))))
    label = _("CSV, CSV.gz or Parquet, with a header; columns in any order")
    file = ask_for_kept_file(label, "batch_file", UPLOADED)
    if file is not None:
        _check_and_start(saved, *file)


def _columns(saved: LoadedModel) -> str:
    return ", ".join(f"{f.name} ({f.unit})" if f.unit else f.name for f in saved.signature.features)


def _check_and_start(saved: LoadedModel, name: str, content: bytes) -> None:
    try:
        with st.spinner(_("Checking the file…")):
            shown = preview_file(saved, content, name, TableLimits.from_settings(get_settings()))
    except FarolError as error:
        show_error(error)
        return
    extra = [column for column in shown.columns[: -1 - _probabilities(saved)] if column not in saved.signature.names]
    st.success(_("The columns fit the model."), icon=":material/fact_check:")
    if extra:
        kept = Note("Kept, though the model does not take them: {columns}.", {"columns": ", ".join(extra)})
        st.caption(f":material/info: {plain(translated(kept))}")
    st.markdown(f"**{_('The first {count} rows, with their answers').format(count=min(len(shown), PREVIEW_ROWS))}**")
    show_rows(shown, _("The first rows, with their answers"))
    ending = st.segmented_control(
        _("Format of the result"), ENDINGS, default=ENDINGS[0], required=True, key="ending", format_func=_format_name
    )
    if st.button(_("Predict all rows"), type="primary", key="start_batch", icon=":material/play_arrow:"):
        parameters = {"model": saved.name, "version": saved.version, "file": name, "ending": ending}
        title = Note("Predict {file} with {model}", {"file": name, "model": saved.name})
        try:
            job = submit("predict_table", parameters, title=title, attachments={attachment_name(name): content})
        except FarolError as error:
            show_error(error)
            return
        put_in_url("job", job.job_id)
        st.rerun()


def _probabilities(saved: LoadedModel) -> int:
    return len(saved.model.classes_) if hasattr(saved.model, "predict_proba") else 0


def _format_name(ending: str) -> str:
    return dict(zip(ENDINGS, (CSV, CSV_GZ, PARQUET), strict=True))[ending]
