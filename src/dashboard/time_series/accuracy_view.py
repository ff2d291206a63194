"""How good the forecasts of a sensor were that were issued: by horizon and by version."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
import streamlit as st

from src.dashboard.components.page import plain
from src.dashboard.components.tables import show_table
from src.dashboard.locale import _, number, percent, significant
from src.dashboard.time_series.engine import shared_engine
from src.dashboard.time_series.model_kinds import model_name
from src.ml.forecast_accuracy import ForecastErrors
from src.sensors.sensor_manager import Sensor

_HOUR = timedelta(hours=1)


def show_accuracy(sensor: Sensor) -> None:
    """Show the ledger's figures: error and coverage by horizon, and by model and version."""
    accuracy = shared_engine().forecast_accuracy(sensor.sensor_id)
    message = _(
        "Forecasts issued for this sensor: {forecasts}, with {steps} hours in all. Without a reading yet: {waiting}."
    )
    st.caption(
        message.format(
            forecasts=number(accuracy.forecasts, 0),
            steps=number(accuracy.steps, 0),
            waiting=number(accuracy.waiting, 0),
        )
    )
    if accuracy.errors is None:
        text = _("None of these hours is over yet. Each forecast is kept, and held against the readings that come.")
        st.info(text, icon=":material/hourglass_empty:")
        return
    name = plain(sensor.display_name)
    rows = [(_horizon(one.above, one.up_to), one.errors) for one in accuracy.by_horizon]
    _table(rows, _("Hours ahead"), sensor.unit, "by_horizon", _("Errors of {sensor} by horizon").format(sensor=name))
    versions = [
        (_("{model}, version {version}").format(model=model_name(one.model), version=one.model_version), one.errors)
        for one in accuracy.by_version
    ]
    _table(versions, _("Model"), sensor.unit, "by_version", _("Errors of {sensor} by model").format(sensor=name))


def _table(rows: list[tuple[str, ForecastErrors]], first: str, unit: str, key: str, alt: str) -> None:
    in_unit = f" ({unit})" if unit else ""
    frame = pd.DataFrame(
        [
            {
                first: name,
                _("Hours compared"): number(errors.steps, 0),
                _("Mean error") + in_unit: significant(errors.mae, 3),
                _("Bias") + in_unit: significant(errors.bias, 3),
                _("Within 80%"): percent(errors.coverage_80, 0),
                _("Within 95%"): percent(errors.coverage_95, 0),
            }
            for name, errors in rows
        ]
    )
    raw = pd.DataFrame([{first: name, **vars(errors)} for name, errors in rows])
    show_table(frame, key, alt, file_name=key, download=raw)


def _horizon(above: timedelta, up_to: timedelta | None) -> str:
    low = number(above / _HOUR, 0)
    if up_to is None:
        return _("beyond {hours} h").format(hours=low)
    return _("{low} to {high} h").format(low=low, high=number(up_to / _HOUR, 0))
