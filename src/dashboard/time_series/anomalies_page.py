"""Anomaly detection: what was not normal?"""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from src.dashboard.components.choices import choose_view
from src.dashboard.components.demo_plant import offer_demo_plant
from src.dashboard.components.page import page_header, show_error
from src.dashboard.data.filters import choose_period
from src.dashboard.locale import _
from src.dashboard.page_list import go_to
from src.dashboard.time_series.anomalies_view import show_anomalies
from src.dashboard.time_series.anomaly_status import show_status
from src.dashboard.time_series.chosen_stretch import STRETCH
from src.dashboard.time_series.detector_training import DEFAULT_DAYS, offer_training
from src.dashboard.time_series.engine import shared_engine
from src.dashboard.time_series.sensor_choice import choose_sensor
from src.dashboard.time_series.threshold_choice import THRESHOLD
from src.dashboard.time_series.threshold_view import show_thresholds
from src.errors import FarolError
from src.ml.ml_engine import MLEngine
from src.ml.sensor_models.alarm_history import AlarmHistory
from src.ml.sensor_models.judged_past import JudgedPast
from src.sensors.reading_stream import Period, as_datetime
from src.sensors.sensor_manager import Sensor, create_sensor_manager


def show() -> None:
    """Show the page."""
    page_header(_("Anomaly detection"), _("What was not normal? The sensor now, what raised alarms, and what it was."))
    sensors = create_sensor_manager().get_all_sensors()
    if not sensors:
        st.info(_("There are no sensors yet. Load the demo plant to try everything out."), icon=":material/sensors:")
        offer_demo_plant()
        return
    engine = shared_engine()
    filters = st.container(horizontal=True, vertical_alignment="bottom")
    with filters:
        sensor = choose_sensor(sensors, forget=(STRETCH, THRESHOLD, "anomaly_list_page"))
    try:
        history = _watched(engine, sensor)
        said = engine.detect_anomalies(sensor.sensor_id)
    except FarolError as error:
        show_error(error)
        _ways_out(sensor)
        return
    with filters:
        try:
            period = choose_period(_span(history.past), "all")
        except FarolError as error:
            show_error(error)
            return
        offer_training(engine, sensor)
    show_status(engine, sensor, said, history)
    view = choose_view({"anomalies": _("Anomalies"), "threshold": _("Threshold replay")})
    if view == "anomalies":
        show_anomalies(sensor, history, said, period)
    else:
        show_thresholds(engine, sensor, history, period)


def _watched(engine: MLEngine, sensor: Sensor) -> AlarmHistory:
    """What is known of the sensor's alarms; a sensor without a detector gets one first."""
    if sensor.sensor_id not in engine.detect_all([sensor.sensor_id], train=False):
        with st.spinner(_("Learning what is usual for this sensor…")):
            engine.train_anomaly_detector(sensor.sensor_id, hours=DEFAULT_DAYS * 24)
    return engine.alarm_history(sensor.sensor_id)


def _span(past: JudgedPast) -> Period:
    first, last = (as_datetime(int(past.times[place].astype(int))) for place in (0, -1))
    return Period(first, last + timedelta(microseconds=1))


def _ways_out(sensor: Sensor) -> None:
    with st.container(horizontal=True):
        if st.button(_("Import readings"), key="go_import", type="primary", icon=":material/upload_file:"):
            go_to("import")
        if st.button(_("Look at its readings"), key="go_data", icon=":material/fact_check:"):
            go_to("data", view="one", period="all", sensor=str(sensor.sensor_id))
