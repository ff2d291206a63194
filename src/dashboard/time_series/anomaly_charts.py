"""The pictures of the page on anomalies."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from src.dashboard.components.chart_text import literal
from src.dashboard.components.chart_times import TIME_TICKS, clock_time, clock_times_of
from src.dashboard.components.charts import NEUTRAL, PALETTE
from src.dashboard.locale import _, translated
from src.dashboard.time_series.verdict_names import VERDICT_COLOURS, verdict_name
from src.ml.anomalies.alarms import ALARM_SCORE, anomaly_scores
from src.ml.anomaly_verdicts import Verdict, VerdictKind
from src.ml.sensor_models.alarm_history import AlarmHistory
from src.ml.sensor_models.judged_past import JudgedPast
from src.ml.sensor_models.judged_series import JudgedSeries
from src.ml.sensor_models.threshold_replay import Outcome, ThresholdReplay
from src.sensors.reading_stream import Period, as_datetime
from src.sensors.sensor_manager import Sensor

DEVIATIONS = 2
"""So many standard deviations above and below the mean are drawn."""
_ALARM, _FAULT = "#D55E00", "#CC79A7"
_TIME = "%{x|%Y-%m-%d %H:%M}"
_LEARNING = "rgba(128, 140, 150, 0.16)"
_CHOSEN = "rgba(0, 0, 0, 0)"
_FAILURE = "rgba(213, 94, 0, 0.20)"
_OUTCOMES = {
    Outcome.CAUGHT: ("#009E73", "circle"),
    Outcome.FALSE: ("#D55E00", "x"),
    Outcome.SENSOR_FAULT: ("#CC79A7", "diamond"),
    Outcome.UNEXPLAINED: ("#E69F00", "triangle-up"),
}


def outcome_names() -> dict[Outcome, str]:
    """Return what people call what an alarm turned out to be."""
    return {
        Outcome.CAUGHT: _("at a known fault"),
        Outcome.FALSE: _("false or planned"),
        Outcome.SENSOR_FAULT: _("sensor fault"),
        Outcome.UNEXPLAINED: _("unexplained"),
    }


def judged(
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
    _add_marks(figure, series, sensor, history.alarm_threshold)
    _add_usual(figure, said)
    _add_spans(figure, history, period, chosen)  # Plotly leaves rows out in which nothing is drawn yet
    _set_times(figure, period)
    figure.update_yaxes(title=literal(sensor.unit), row=1)
    figure.update_yaxes(title=_("Score"), range=[0, 1.04], tickvals=[0, 0.3, 0.6, 0.9], row=2)
    figure.update_layout(selectdirection="h", showlegend=True, margin={"r": 48})
    return figure


def replayed(
    series: JudgedSeries, replay: ThresholdReplay, present: float, period: Period, past: JudgedPast
) -> go.Figure:
    """Draw the strengths of a period with the alarms that a threshold would have raised, and the known faults."""
    figure = go.Figure()
    for fault in replay.faults:
        _add_span(figure, fault.started_at, fault.ended_at or period.end, period, _FAILURE)
    if replay.faults:
        _add_key(figure, _("known fault"), _ALARM, opacity=0.4)
    _add_learning(figure, past, period)
    figure.add_scatter(
        x=clock_times_of(series.score_times),
        y=series.strengths,
        name=_("strength"),
        mode="lines",
        line={"color": PALETTE[0], "width": 1.2},
        hovertemplate=f"{_TIME}: %{{y:.3~g}}<extra></extra>",
        showlegend=False,
    )
    for outcome, name in outcome_names().items():
        at = [place for place, found in enumerate(replay.outcomes) if found == outcome]
        if at:
            colour, symbol = _OUTCOMES[outcome]
            figure.add_scatter(
                x=clock_times_of(replay.times[at]),
                y=replay.strengths[at],
                name=name,
                mode="markers",
                marker={"color": colour, "symbol": symbol, "size": 11, "line": {"width": 1, "color": "white"}},
                hovertemplate=f"{_TIME}: %{{y:.3~g}}<extra>{literal(name)}</extra>",
            )
    if present != replay.threshold:
        figure.add_hline(
            y=present,
            line={"color": NEUTRAL, "dash": "dot"},
            annotation={"text": _("now"), "x": 0, "xanchor": "left", "yanchor": "bottom"},
        )
    figure.add_hline(
        y=replay.threshold,
        line={"color": _ALARM, "dash": "dash", "width": 1.5},
        annotation={"text": _("threshold"), "x": 1, "xanchor": "right", "yanchor": "bottom"},
    )
    _set_times(figure, period)
    figure.update_yaxes(title=_("Strength"))
    figure.update_layout(showlegend=True)
    return figure


def _set_times(figure: go.Figure, period: Period) -> None:
    room = (period.end - period.start) / 100  # so that a mark on the newest reading is seen whole
    ends = [clock_time(period.start), clock_time(period.end + room)]
    figure.update_xaxes(type="date", tickformatstops=TIME_TICKS, range=ends)


def _add_readings(figure: go.Figure, series: JudgedSeries, sensor: Sensor) -> None:
    figure.add_scatter(
        x=clock_times_of(series.readings.times),
        y=series.readings.values,
        name=_("reading"),
        mode="lines",
        line={"color": PALETTE[0], "width": 1.5},
        connectgaps=False,
        showlegend=False,
        hovertemplate=f"{_TIME}: %{{y:.5~g}} {literal(sensor.unit)}<extra></extra>",
        row=1,
        col=1,
    )


def _add_usual(figure: go.Figure, said: dict[str, Any]) -> None:
    mean, deviation = said["historical_average"], said["historical_std"]
    lines = [
        (mean, _("mean"), "solid"),
        (mean + DEVIATIONS * deviation, f"+{DEVIATIONS} σ", "dot"),
        (mean - DEVIATIONS * deviation, f"−{DEVIATIONS} σ", "dot"),
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
        hovertemplate=f"{_TIME}: %{{y:.2f}}<extra></extra>",
        row=2,
        col=1,
    )
    figure.add_hline(
        y=ALARM_SCORE,
        line={"color": _ALARM, "dash": "dash", "width": 1.2},
        annotation={"text": _("alarm threshold"), "x": 0, "xanchor": "left", "yanchor": "bottom", "font": {"size": 11}},
        row=2,
        col=1,
    )


def _add_marks(figure: go.Figure, series: JudgedSeries, sensor: Sensor, threshold: float) -> None:
    alarms, faults, unit = series.alarms, series.faults, literal(sensor.unit)
    scores = anomaly_scores(series.alarm_strengths, threshold)
    alarm = {"color": _ALARM, "symbol": "triangle-up", "size": 12, "line": {"width": 1, "color": "white"}}
    steady = {"marker": {"opacity": 1}}  # what is selected is told by the span, and marks do not fade
    for row, values in ((1, _on_the_picture(alarms.values, series)), (2, scores)):
        if len(alarms):
            figure.add_scatter(
                x=clock_times_of(alarms.times),
                y=values,
                name=_("alarm"),
                legendgroup="alarm",
                showlegend=row == 1,
                mode="markers",
                marker=alarm,
                selected=steady,
                unselected=steady,
                customdata=np.column_stack([scores, values]),
                hovertemplate=f"{_TIME}<br>"
                + _("alarm, score {score}").format(score="%{customdata[0]:.2f}")
                + (f"<br>%{{y:.5~g}} {unit}" if row == 1 else "")
                + "<extra></extra>",
                row=row,
                col=1,
            )
    if len(faults):
        figure.add_scatter(
            x=clock_times_of(faults.times),
            y=_on_the_picture(faults.values, series),
            name=_("sensor fault"),
            mode="markers",
            marker={"color": _FAULT, "symbol": "x", "size": 8},
            selected=steady,
            unselected=steady,
            customdata=[literal(translated(reason)) for reason in series.fault_reasons],
            hovertemplate=f"{_TIME}<br>%{{customdata}}<extra></extra>",
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
    _add_learning(figure, history.past, period)
    for verdict in history.verdicts:
        _add_verdict(figure, verdict, period)
    for kind in VerdictKind:
        if any(verdict.kind == kind for verdict in history.verdicts):
            _add_key(figure, verdict_name(kind), VERDICT_COLOURS[kind])
    if chosen is not None:
        _add_span(figure, chosen.start, chosen.end, period, _CHOSEN, border=PALETTE[0])  # a frame only


def _add_learning(figure: go.Figure, past: JudgedPast, period: Period) -> None:
    """Shade where the detector was still learning."""
    learning = np.flatnonzero(~past.is_learnt)
    for part in np.split(learning, np.flatnonzero(np.diff(learning) > 1) + 1) if learning.size else ():
        start, end = (as_datetime(int(past.times[place].astype(np.int64))) for place in (part[0], part[-1]))
        _add_span(figure, start, end, period, _LEARNING, text=_("learning"))


def _add_verdict(figure: go.Figure, verdict: Verdict, period: Period) -> None:
    colour = VERDICT_COLOURS[VerdictKind(verdict.kind)]
    _add_span(figure, verdict.started_at, verdict.ended_at, period, colour, opacity=0.28)


def _add_span(
    figure: go.Figure,
    start: datetime,
    end: datetime,
    period: Period,
    colour: str,
    *,
    opacity: float = 1.0,
    border: str = "",
    text: str = "",
) -> None:
    first, last = max(start, period.start), min(end, period.end)
    if first >= last:
        return
    label = {"text": text, "font": {"size": 11}, "x": clock_time(first), "xanchor": "left"}
    figure.add_vrect(
        x0=clock_time(first),
        x1=clock_time(last),
        fillcolor=colour,
        opacity=opacity,
        line={"width": 1.5 if border else 0, "color": border or colour},
        layer="below",
        **({"annotation": label} if text else {}),
    )


def _add_key(figure: go.Figure, name: str, colour: str, opacity: float = 0.5) -> None:
    """Say in the legend what a span of some colour is."""
    marker = {"symbol": "square", "size": 11, "color": colour, "opacity": opacity}
    figure.add_scatter(x=[None], y=[None], name=name, mode="markers", marker=marker)
