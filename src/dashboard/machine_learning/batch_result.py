"""A file that is being predicted, and what came out."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import streamlit as st

from src.dashboard.components.job_card import show_live_job
from src.dashboard.components.page import plain, provenance, show_error
from src.dashboard.components.tables import show_table
from src.dashboard.locale import _, duration, moment, number, percent, significant, translated
from src.errors import JobNotFound
from src.jobs import Job, get_job, job_folder
from src.ml.batch_job import output_path, read_report
from src.ml.batch_prediction import PREDICTION, PREVIEW_ROWS, BatchReport


def show_batch(job_id: str) -> None:
    """Show the job that predicts a file."""
    if st.button(_("Another file"), icon=":material/arrow_back:", key="another_file", type="tertiary"):
        del st.query_params["job"]
        st.rerun()
    try:
        job = get_job(job_id)
    except JobNotFound as error:
        show_error(error)
        return
    show_live_job(job, progress_message)
    if job.state == "done" and job.kind == "predict_table" and job.result:
        _result(job, read_report(job.result))


def progress_message(job: Job) -> str:
    """Say how many rows are done."""
    if job.state == "queued":
        return _("Waiting until another job ends…")
    return _("{rows} rows predicted").format(rows=number(int(job.message), 0)) if job.message.isdigit() else ""


def _result(job: Job, report: BatchReport) -> None:
    path = output_path(job_folder(job.job_id), job.parameters["ending"])
    if not path.exists():
        st.warning(_("The result is no longer in the job's folder. Predict the file again."))
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.metric(_("Rows predicted"), number(report.rows, 0), border=True)
        st.metric(_("Took"), duration(report.seconds), border=True)
        st.download_button(
            _("Download the result"),
            path.read_bytes,
            file_name=_file_name(job),
            key="batch_download",
            icon=":material/download:",
            type="primary",
            on_click="ignore",
        )
    for note in report.remarks:
        st.caption(f":material/info: {plain(translated(note))}")
    show_table(_outcomes(job, report), "outcomes", _("How often each answer was given"), file_name="answers")
    st.markdown(f"**{_('The beginning of the result')}**")
    show_rows(_beginning(path), _("The beginning of the result"))
    provenance(
        f"{job.parameters['model']}, {_('version')} {job.parameters['version']}",
        str(job.parameters["file"]),
        _("computed {time}").format(time=moment(job.finished_at)),
    )


def show_rows(rows: pd.DataFrame, alt: str) -> None:
    """Show rows with their answers; the answer stays in sight however many columns there are."""
    answer = {PREDICTION: st.column_config.Column(pinned=True)}
    st.dataframe(rows, hide_index=True, alt=alt, height=250, column_config=answer)


def _file_name(job: Job) -> str:
    name = str(job.parameters["file"])
    stem = next(
        (name[: -len(e)] for e in (".csv.gz", ".csv", ".txt", ".tsv", ".parquet") if name.lower().endswith(e)), name
    )
    return f"{stem}_predicted{job.parameters['ending']}"


def _outcomes(job: Job, report: BatchReport) -> pd.DataFrame:
    names = {"lowest": _("Lowest"), "mean": _("Mean"), "highest": _("Highest")}
    if set(report.outcomes) == set(names):
        return pd.DataFrame({names[name]: [significant(value)] for name, value in report.outcomes.items()})
    return pd.DataFrame(
        {
            _("Answer"): list(report.outcomes),
            _("Rows"): [number(count, 0) for count in report.outcomes.values()],
            _("Share"): [percent(count / report.rows) for count in report.outcomes.values()],
        }
    )


@st.cache_data(max_entries=4, show_spinner=False)
def _beginning(path: Path) -> pd.DataFrame:
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        return next(pq.ParquetFile(path).iter_batches(PREVIEW_ROWS)).to_pandas()
    return pd.read_csv(path, nrows=PREVIEW_ROWS, dtype=str, keep_default_na=False)
