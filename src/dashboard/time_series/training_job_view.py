"""A training of sensors' models that runs or has ended, and what came of it."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from src.dashboard.components.job_card import show_live_job
from src.dashboard.components.page import show_error
from src.dashboard.components.tables import show_table
from src.dashboard.locale import _, duration, ngettext, number, translated
from src.dashboard.page_list import go_to
from src.dashboard.time_series.model_kinds import kind_name
from src.errors import JobNotFound
from src.jobs import Job, get_job
from src.ml.sensor_models.training_report import KIND, NotTrainedModel, TrainingReport, read_report


def show_training(job_id: str) -> None:
    """Show the job that trains."""
    if st.button(_("Another training"), icon=":material/arrow_back:", key="another_training", type="tertiary"):
        del st.query_params["job"]
        st.rerun()
    try:
        job = get_job(job_id)
    except JobNotFound as error:
        show_error(error)
        return
    show_live_job(job, progress_message)
    if job.is_finished and job.kind == KIND and job.result:
        _result(job, read_report(job.result))


def progress_message(job: Job) -> str:
    """Say how many models are done."""
    if job.state == "queued":
        return _("Waiting until another job ends…")
    done, found, total = job.message.partition("/")
    if not found:
        return _("Reading what there is to learn from…")
    return _("{done} of {total} models done").format(done=number(int(done), 0), total=number(int(total), 0))


def _result(job: Job, report: TrainingReport) -> None:
    if job.state != "done":
        message = ngettext(
            "It has ended early. {count} model was trained and saved before, and stays.",
            "It has ended early. {count} models were trained and saved before, and stay.",
            report.trained,
        )
        st.warning(message, icon=":material/stop_circle:")
    figures = {
        _("Detectors trained"): number(report.anomaly_detectors, 0),
        _("Forecasters trained"): number(report.forecasters, 0),
        _("Up to date already"): number(report.skipped, 0),
        _("Not trained"): number(len(report.failures), 0),
        _("Took"): duration(report.seconds),
    }
    row = st.container(horizontal=True)
    for label, value in figures.items():
        row.metric(label, value, border=True)
    if report.gone:
        message = ngettext(
            "{count} sensor was left out: it is deleted or out of use.",
            "{count} sensors were left out: they are deleted or out of use.",
            report.gone,
        )
        st.caption(f":material/info: {message}")
    if report.failures:
        st.subheader(_("What could not be trained"), anchor=False)
        show_table(
            pd.DataFrame([_row(failure) for failure in report.failures]),
            "failures",
            _("Models that could not be trained, with the reason"),
            file_name="not_trained",
            column_config={_("Reason"): st.column_config.TextColumn(width="large")},
        )
    if st.button(_("Model status"), type="primary", key="go_model_status", icon=":material/monitor_heart:"):
        go_to("model_status")


def _row(failure: NotTrainedModel) -> dict[str, str]:
    return {
        _("Sensor"): failure.sensor,
        _("Model"): kind_name(failure.kind),
        _("Reason"): translated(failure.why),
    }
