"""An import on its way, what it would change, and what it did change."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from src.dashboard.components.acting import acting_name
from src.dashboard.components.job_card import show_live_job
from src.dashboard.components.page import errors_shown, flash, plain
from src.dashboard.components.tables import show_table
from src.dashboard.data.filters import days_in_url
from src.dashboard.locale import _, moment, ngettext, number, reader_zone, translated
from src.dashboard.page_list import go_to
from src.jobs import Job, get_job, submit
from src.jobs.folder import read_attachments
from src.notes import Note
from src.sensors.imports.report import ImportReport, read_notes
from src.sensors.sensor_manager import create_sensor_manager

JOB = "job"
_MOST_IN_URL = 50


def show_import(job_id: str) -> None:
    """Show one import, or the trial of one."""
    with errors_shown():
        job = get_job(job_id)
        show_live_job(job, progress_message, on_end=_forget_what_was_computed)
        if job.state == "done":
            _show_outcome(job, ImportReport.from_record(job.result or {}))
        elif job.state == "failed":
            _show_problems(job)
        elif job.is_finished:
            st.info(_("Nothing of the file was stored."), icon=":material/block:")
    if st.button(_("Back to the file"), key="back", icon=":material/arrow_back:"):
        del st.query_params[JOB]
        st.rerun()


def progress_message(job: Job) -> str:
    """Say how far an import is, in the reader's language."""
    rows = int(job.message) if job.message.isdigit() else 0
    return _("{rows} rows read").format(rows=number(rows, 0))


def _forget_what_was_computed(job: Job) -> None:
    if job.state == "done" and not job.parameters["dry_run"]:
        st.cache_data.clear()  # what was computed from the readings is out of date


def _show_outcome(job: Job, report: ImportReport) -> None:
    if not report.dry_run:
        st.success(_("The readings are in the database."), icon=":material/check_circle:")
    elif report.changes_something:
        st.info(_("The file is in order. This is what importing it would change."), icon=":material/fact_check:")
    else:
        st.info(_("The file is in order, and all of it is there already."), icon=":material/done_all:")
    _show_figures(report)
    if report.dry_run and report.changes_something:
        _offer_import(job, report)
    else:
        _offer_quality(report)


def _offer_quality(report: ImportReport) -> None:
    """Lead to what was imported: the sensors of the file, and its days."""
    if st.button(_("See its quality"), type="primary", key="go_data", icon=":material/fact_check:"):
        query = days_in_url(report.first, report.last) if report.first and report.last else {}
        names, sensors = {*report.existing, *report.created}, create_sensor_manager().get_all_sensors()
        ids = [str(sensor.sensor_id) for sensor in sensors if sensor.display_name in names]
        if len(ids) <= _MOST_IN_URL:
            query["sensors"] = ",".join(ids)
        go_to("data", **query)


def _show_figures(report: ImportReport) -> None:
    figures = {
        _("New readings"): report.new,
        _("Already there"): report.unchanged,
        _("Replaced"): report.replaced,
        _("New sensors"): len(report.created),
    }
    row = st.container(horizontal=True)
    for label, value in figures.items():
        row.metric(label, number(value, 0), border=True)
    facts = [
        _("{rows} rows read").format(rows=number(report.rows, 0)),
        _("Readings from {first} to {last}").format(first=moment(report.first), last=moment(report.last)),
        _("Times are in {zone}").format(zone=plain(reader_zone())),
    ]
    if report.repeated:
        facts.append(ngettext("{count} reading is repeated", "{count} readings are repeated", report.repeated))
    if report.empty:
        facts.append(ngettext("{count} empty cell", "{count} empty cells", report.empty))
    st.caption(" · ".join(facts))
    for note in report.notes:
        st.caption(f":material/info: {plain(translated(note))}")
    sensors = [(name, _("known")) for name in report.existing] + [(name, _("new")) for name in report.created]
    with st.expander(_("Sensors of the file"), key="file_sensors"):
        table = pd.DataFrame(sensors, columns=[_("Sensor"), _("State")])
        show_table(table, "sensors", _("Sensors of the file"), file_name="sensors")


def _offer_import(job: Job, report: ImportReport) -> None:
    confirmed = True
    if report.replaced:
        question = _("{count} stored readings will be lost. Type the name of the file to go on: {name}").format(
            count=number(report.replaced, 0), name=report.name
        )
        confirmed = st.text_input(plain(question), key="confirm_replace").strip() == report.name
    if st.button(
        _("Import these readings"),
        type="primary",
        key="import",
        icon=":material/database_upload:",
        disabled=not confirmed,
    ):
        with errors_shown():
            started = submit(
                "import_readings",
                {**job.parameters, "dry_run": False, "actor": acting_name()},
                title=Note("Import readings: {file}", {"file": report.name}),
                attachments=read_attachments(job.job_id),
            )
            flash(_("The import has started."))
            st.query_params[JOB] = started.job_id
            st.rerun()


def _show_problems(job: Job) -> None:
    found = job.result or {}
    problems = read_notes(found.get("problems", []))
    if not problems:
        return
    st.subheader(ngettext("{count} problem", "{count} problems", int(found.get("count", len(problems)))), anchor=False)
    st.markdown("\n".join(f"- {plain(translated(problem))}" for problem in problems))
    st.caption(_("Mend the file or change what the columns are, then check it again."))
