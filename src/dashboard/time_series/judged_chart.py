"""A sensor's readings with what was said of them: the picture of the page on anomalies."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from src.dashboard.components.chart_text import literal
from src.dashboard.components.chart_times import clock_times_of
from src.dashboard.components.charts import NEUTRAL, PALETTE
from src.dashboard.locale import _, translated
from src.dashboard.time_series.anomaly_spans import ALARM_COLOUR, TIME, add_key, add_learning, add_span, set_times
from src.dashboard.time_series.verdict_names import VERDICT_COLOURS, verdict_name
from src.ml.anomalies.alarms import ALARM_SCORE, anomaly_scores
from src.ml.anomaly_verdicts import Verdict, VerdictKind
from src.ml.sensor_models.alarm_history import AlarmHistory
from src.ml.sensor_models.judged_series import JudgedSeries
from src.sensors.reading_stream import Period
from src.sensors.sensor_manager import Sensor

_DEVIATIONS = 2
"""So many standard deviations above and below the mean are drawn."""
_FAULT = "#CC79A7"
_CHOSEN = "rgba(0, 0, 0, 0)"
_STEADY = {"marker": {"opacity": 1}}
"""What is selected is told by the span, and marks do not fade."""


def judged_chart(
    series: JudgedSeries,
    sensor: Sensor,
    history: AlarmHistory,
    said: dict[str, Any],
    period: Period,
    chosen: Period | None,
) -> go.Figure:
    """Draw a sensor's readings with what was said of them, and below them the scores, on one axis of time."""
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=[0.7, 0.3], vertical_spacing=0.04)
    _add_readings(figure, series, sensor)
    _add_scores(figure, series, history.alarm_threshold)
    _add_alarms(figure, series, sensor, history.alarm_threshold)
    _add_faults(figure, series)
    _add_usual(figure, said)
    _add_spans(figure, history, period, chosen)  # Plotly leaves rows out in which nothing is drawn yet
    set_times(figure, period)
    figure.update_yaxes(title=literal(sensor.unit), row=1)
    figure.update_yaxes(title=_("Score"), range=[0, 1.04], tickvals=[0, 0.3, 0.6, 0.9], row=2)
    figure.update_layout(selectdirection="h", showlegend=True, margin={"r": 48})
    return figure


def _add_readings(figure: go.Figure, series: JudgedSeries, sensor: Sensor) -> None:
    figure.add_scatter(
        x=clock_times_of(series.readings.times),
        y=series.readings.values,
        name=_("reading"),
        mode="lines",
        line={"color": PALETTE[0], "width": 1.5},
        connectgaps=False,
        showlegend=False,
        hovertemplate=f"{TIME}: %{{y:.5~g}} {literal(sensor.unit)}<extra></extra>",
        row=1,
        col=1,
    )


def _add_usual(figure: go.Figure, said: dict[str, Any]) -> None:
    mean, deviation = said["historical_average"], said["historical_std"]
    lines = [
        (mean, _("mean"), "solid"),
        (mean + _DEVIATIONS * deviation, f"+{_DEVIATIONS} σ", "dot"),
        (mean - _DEVIATIONS * deviation, f"−{_DEVIATIONS} σ", "dot"),
    ]
    for value, name, dash in lines:
        figure.add_hline(
            y=value,
            line={"color": NEUTRAL, "dash": dash, "width": 1.2},
            annotation={"text": name, "x": 1, "xanchor": "left", "yanchor": "middle", "font": {"size": 11}},
            row=1,
            col=1,
        )


def _add_scores(figure: go.Figure, series: JudgedSeries, threshold: float) -> None:
    figure.add_scatter(
        x=clock_times_of(series.score_times),
        y=anomaly_scores(series.strengths, threshold),
        name=_("score"),
        mode="lines",
        line={"color": PALETTE[0], "width": 1.2},
        connectgaps=False,
        showlegend=False,
        hovertemplate=f"{TIME}: %{{y:.2f}}<extra></extra>",
        row=2,
        col=1,
    )
    figure.add_hline(
        y=ALARM_SCORE,
        line={"color": ALARM_COLOUR, "dash": "dash", "width": 1.2},
        annotation={"text": _("alarm threshold"), "x": 0, "xanchor": "left", "yanchor": "bottom", "font": {"size": 11}},
        row=2,
        col=1,
    )


def _add_alarms(figure: go.Figure, series: JudgedSeries, sensor: Sensor, threshold: float) -> None:
    alarms = series.alarms
    if not len(alarms):
        return
    scores = anomaly_scores(series.alarm_strengths, threshold)
    told = f"{TIME}<br>" + _("alarm, score {score}").format(score="%{customdata[0]:.2f}")
    value = f"<br>%{{y:.5~g}} {literal(sensor.unit)}"
    for row, values in ((1, _on_the_picture(alarms.values, series)), (2, scores)):
        figure.add_scatter(
            x=clock_times_of(alarms.times),
            y=values,
            name=_("alarm"),
            legendgroup="alarm",
            showlegend=row == 1,
            mode="markers",
            marker={"color": ALARM_COLOUR, "symbol": "triangle-up", "size": 12, "line": {"width": 1, "color": "white"}},
            selected=_STEADY,
            unselected=_STEADY,
            customdata=np.column_stack([scores, values]),
            hovertemplate=told + (value if row == 1 else "") + "<extra></extra>",
            row=row,
            col=1,
        )


def _add_faults(figure: go.Figure, series: JudgedSeries) -> None:
    if not len(series.faults):
        return
    figure.add_scatter(
        x=clock_times_of(series.faults.times),
        y=_on_the_picture(series.faults.values, series),
        name=_("sensor fault"),
        mode="markers",
        marker={"color": _FAULT, "symbol": "x", "size": 8},
        selected=_STEADY,
        unselected=_STEADY,
        customdata=[literal(translated(reason)) for reason in series.fault_reasons],
        hovertemplate=f"{TIME}<br>%{{customdata}}<extra></extra>",
        row=1,
        col=1,
    )


def _on_the_picture(values: np.ndarray, series: JudgedSeries) -> np.ndarray:
    """Values to be marked; those that are missing or far off lie at the edge of what is drawn."""
    drawn = series.readings.values[~np.isnan(series.readings.values)]
    if not drawn.size:
        return np.nan_to_num(values)
    room = 0.15 * (drawn.max() - drawn.min())
    return np.clip(np.nan_to_num(values, nan=drawn.min()), drawn.min() - room, drawn.max() + room)


def _add_spans(figure: go.Figure, history: AlarmHistory, period: Period, chosen: Period | None) -> None:
    add_learning(figure, history.past, period)
    for verdict in history.verdicts:
        _add_verdict(figure, verdict, period)
    for kind in VerdictKind:
        if any(verdict.kind == kind for verdict in history.verdicts):
            add_key(figure, verdict_name(kind), VERDICT_COLOURS[kind])
    if chosen is not None:
        add_span(figure, chosen.start, chosen.end, period, _CHOSEN, border=PALETTE[0])  # a frame only


def _add_verdict(figure: go.Figure, verdict: Verdict, period: Period) -> None:
    colour = VERDICT_COLOURS[VerdictKind(verdict.kind)]
    add_span(figure, verdict.started_at, verdict.ended_at, period, colour, opacity=0.28)
