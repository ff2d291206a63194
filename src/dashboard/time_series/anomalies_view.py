"""What raised alarms: drawn, listed, and one of them to give a verdict on."""

from __future__ import annotations

from typing import Any

import streamlit as st

from src.dashboard.components import charts
from src.dashboard.components.page import plain
from src.dashboard.locale import _
from src.dashboard.time_series.anomaly_list import pick_anomaly, show_list
from src.dashboard.time_series.anomaly_series import series_of
from src.dashboard.time_series.chosen_stretch import choices_made, chosen_stretch, take_from_chart
from src.dashboard.time_series.judged_chart import judged_chart
from src.dashboard.time_series.verdict_card import offer_undo, show_verdict_card
from src.ml.sensor_models.alarm_history import AlarmHistory, scores_table
from src.sensors.reading_stream import Period
from src.sensors.sensor_manager import Sensor
from src.tables.export import as_csv

_CHART = "anomalies"


def show_anomalies(sensor: Sensor, history: AlarmHistory, said: dict[str, Any], period: Period) -> None:
    """Show a sensor's alarms in a period, and take verdicts on them."""
    happenings = history.happenings(period)
    chosen = chosen_stretch()
    series = series_of(sensor, history, period)
    figure = judged_chart(series, sensor, history, said, period, chosen)
    figure.update_layout(dragmode=_drag_mode(), meta={"choices": choices_made()})
    charts.show(
        figure,
        _CHART,
        _("Readings of {sensor} with alarms, sensor faults and verdicts; below them the score").format(
            sensor=plain(sensor.display_name)
        ),
        540,
        on_select=lambda: take_from_chart(_CHART, history.past, happenings),
    )
    pick_anomaly(happenings, history, chosen)
    offer_undo(sensor.sensor_id)
    if chosen is not None:
        show_verdict_card(sensor, history, chosen)
    show_list(happenings, history)
    _offer_scores(history, period)


def _drag_mode() -> str:
    """Let the reader choose what the mouse does in the chart: the browser can do one of the two at a time."""
    names = {"zoom": _("Click a mark, drag to zoom"), "select": _("Drag across a stretch")}
    return st.segmented_control(
        _("With the mouse"),
        list(names),
        key="mouse",
        default="zoom",
        format_func=names.__getitem__,
        required=True,
        help=_("What you click or drag across is what you can give a verdict on below."),
    )


def _offer_scores(history: AlarmHistory, period: Period) -> None:
    st.download_button(
        _("Download the score of each reading"),
        lambda: as_csv(scores_table(history, period)),
        file_name="scores.csv",
        mime="text/csv",
        key="scores_download",
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
    )
