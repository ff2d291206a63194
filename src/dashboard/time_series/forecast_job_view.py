"""A forecast that a job makes: asked for once, seen at work, found again after a reload."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import streamlit as st

from src.dashboard.components.job_card import show_live_job
from src.dashboard.locale import _
from src.dashboard.time_series.forecast_view import show_forecast
from src.dashboard.time_series.model_kinds import model_name
from src.database.engine import reading
from src.jobs import Job, find_job, submit
from src.ml.sensor_models.forecast_job import KIND, parameters_for, read_forecast
from src.ml.sensor_models.forecast_report import NEVER_TRIED
from src.notes import Note
from src.sensors.interval_means import HOUR, latest_means
from src.sensors.sensor_manager import Sensor


def show_job_forecast(sensor: Sensor, periods: int, model: str) -> None:
    """Offer to forecast by a slow model, show how far it is, or show what came out."""
    parameters = parameters_for(sensor, periods, model)
    job = find_job(KIND, parameters)
    if job is None:
        st.info(_how_long(model), icon=":material/hourglass_empty:")
        _offer(parameters, _("Forecast"))
    elif job.state == "done" and job.result:
        forecast = read_forecast(job.result)
        if _has_newer_readings(sensor, forecast.report.data_until):
            st.info(_("Readings have come since this forecast was made."), icon=":material/update:")
            _offer(parameters, _("Forecast again"))
        show_forecast(sensor, forecast.report.against(sensor), lambda: forecast.components)
    else:
        show_live_job(job, progress_message)


def progress_message(job: Job) -> str:
    """Say what a job that forecasts is doing."""
    if job.state == "queued":
        return _("Waiting until another job ends…")
    model = model_name(str(job.parameters.get("model", "")))
    doing = {
        "forecast": _("{model} learns and forecasts…").format(model=model),
        "backtest": _("{model} is held against the past…").format(model=model),
        "components": _("Taking the history apart…"),
    }
    return doing.get(job.message) or _("Starting…")


def page_of(job: Job) -> dict[str, str]:
    """Return the URL's parameters of the page that shows a job."""
    asked = job.parameters
    return {"sensor": str(asked["sensor_id"]), "horizon": str(asked["periods"]), "model": str(asked["model"])}


def _how_long(model: str) -> str:
    name = model_name(model)
    if model == NEVER_TRIED:
        return _("{model} takes some minutes, and has no backtest. It runs as a job; you can leave the page.").format(
            model=name
        )
    return _("{model} takes up to a minute. It runs as a job; you can leave the page.").format(model=name)


def _offer(parameters: dict[str, Any], label: str) -> None:
    if st.button(label, type="primary", icon=":material/trending_up:", key="start_forecast"):
        values = {"sensor": parameters["sensor"], "model": model_name(parameters["model"])}
        submit(KIND, parameters, title=Note("Forecast {sensor} with {model}", values))
        st.rerun()


def _has_newer_readings(sensor: Sensor, known_until: datetime) -> bool:
    with reading() as connection:
        newest = latest_means(connection, [sensor.sensor_id], HOUR).get(sensor.sensor_id)
    return newest is not None and newest.end > known_until
