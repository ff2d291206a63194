"""Forecasting: what comes next?"""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from src.config import get_settings
from src.dashboard.components.demo_plant import offer_demo_plant
from src.dashboard.components.page import page_header, plain, show_error
from src.dashboard.locale import _
from src.dashboard.page_list import go_to
from src.dashboard.time_series.engine import shared_engine
from src.dashboard.time_series.forecast_choices import as_hours, choose_hours, choose_model
from src.dashboard.time_series.forecast_job_view import show_job_forecast
from src.dashboard.time_series.forecast_view import show_forecast
from src.dashboard.time_series.models_version import models_version
from src.dashboard.time_series.sensor_choice import choose_sensor
from src.database.engine import reading
from src.errors import InvalidForecast, InvalidSeries, NoReadings, SensorNotFound
from src.ml.sensor_models.forecast_report import (
    FAST_MODELS,
    Components,
    ForecastReport,
    forecast_components,
    forecast_report,
)
from src.sensors.reading_stream import data_version
from src.sensors.sensor_manager import Sensor, create_sensor_manager

SECONDS_KEPT = 60
"""How long a forecast is kept where neither readings nor models have changed: an hour may have ended."""


@st.cache_data(ttl=SECONDS_KEPT, max_entries=24, show_spinner=False)
def _report(sensor: Sensor, periods: int, model: str, known: str) -> ForecastReport:
    """Forecast once what several readers look at, until something else is known."""
    return forecast_report(shared_engine(), sensor, periods, model)


@st.cache_data(ttl=SECONDS_KEPT, max_entries=24, show_spinner=False)
def _components(sensor_id: int, model: str, learnt_until: datetime, known: str) -> Components:
    return forecast_components(shared_engine(), sensor_id, model)


def show() -> None:
    """Show the page."""
    page_header(_("Forecasting"), _("What comes next? The coming hours of a sensor, and how far to believe them."))
    sensors = sorted(create_sensor_manager().get_all_sensors(), key=lambda sensor: not sensor.enabled)
    if not sensors:
        st.info(_("There are no sensors yet. Load the demo plant to try everything out."), icon=":material/sensors:")
        offer_demo_plant()
        return
    _say_unknown(sensors)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        sensor, hours, model = choose_sensor(sensors), choose_hours(), choose_model()
    if not sensor.enabled:
        _out_of_use(sensor)
        return
    try:
        periods = as_hours(hours)
        if model in FAST_MODELS:
            _show_at_once(sensor, periods, model)
        else:
            show_job_forecast(sensor, periods, model)
    except InvalidForecast as error:
        show_error(error)
    except (InvalidSeries, NoReadings) as error:
        show_error(error)
        if st.button(_("Import readings"), type="primary", key="go_import", icon=":material/upload_file:"):
            go_to("import")


def _show_at_once(sensor: Sensor, periods: int, model: str) -> None:
    with reading() as connection:
        known = f"{get_settings().effective_database_url} {data_version(connection)} {models_version()}"
    with st.spinner(_("Forecasting…")):
        report = _report(sensor, periods, model, known)
    show_forecast(sensor, report, lambda: _components(sensor.sensor_id, model, report.data_until, known))


def _say_unknown(sensors: list[Sensor]) -> None:
    """Say that there is no sensor as the URL names it; another one is shown then."""
    asked = st.query_params.get("sensor")
    if asked and asked not in {str(sensor.sensor_id) for sensor in sensors}:
        show_error(SensorNotFound("There is no sensor {sensor_id}.", sensor_id=asked))


def _out_of_use(sensor: Sensor) -> None:
    message = _("{sensor} is out of use, and nothing is forecast for it. Take it into use, or choose another one.")
    st.info(message.format(sensor=plain(sensor.display_name)), icon=":material/sensors_off:")
    if st.button(_("Open the sensors"), type="primary", key="go_sensors", icon=":material/sensors:"):
        go_to("sensors")
