"""What the pictures of anomalies are drawn from, worked out once for several readers."""

from __future__ import annotations

import streamlit as st

from src.config import get_settings
from src.database.engine import reading
from src.ml.sensor_models.alarm_history import AlarmHistory
from src.ml.sensor_models.judged_past import JudgedPast
from src.ml.sensor_models.judged_series import JudgedSeries, judged_series
from src.sensors.reading_stream import Period, data_version
from src.sensors.sensor_manager import Sensor

_MOST_POINTS = 2_400


@st.cache_data(ttl=60, max_entries=24, show_spinner=False)
def _series(sensor_id: int, period: Period, version: str, _past: JudgedPast) -> JudgedSeries:
    return judged_series(sensor_id, _past, period, most=_MOST_POINTS)


def series_of(sensor: Sensor, history: AlarmHistory, period: Period) -> JudgedSeries:
    """Return what the charts of a period are drawn from; worked out once for several readers."""
    with reading() as connection:
        version = data_version(connection)
    judged = f"{len(history.past)} {history.past.times[-1]} {history.past.is_anomaly.sum()}"
    key = f"{get_settings().effective_database_url} {version} {judged}"
    return _series(sensor.sensor_id, period, key, history.past)
