"""The strengths of a period with the alarms that another threshold would have raised."""

from __future__ import annotations

import plotly.graph_objects as go

from src.dashboard.components.chart_text import literal
from src.dashboard.components.chart_times import clock_times_of
from src.dashboard.components.charts import NEUTRAL, PALETTE
from src.dashboard.locale import _
from src.dashboard.time_series.anomaly_spans import ALARM_COLOUR, TIME, add_key, add_learning, add_span, set_times
from src.ml.sensor_models.judged_past import JudgedPast
from src.ml.sensor_models.judged_series import JudgedSeries
from src.ml.sensor_models.threshold_replay import Outcome, ThresholdReplay
from src.sensors.reading_stream import Period

_FAILURE = "rgba(213, 94, 0, 0.20)"
_OUTCOMES = {
    Outcome.CAUGHT: ("#009E73", "circle"),
    Outcome.FALSE: ("#D55E00", "x"),
    Outcome.SENSOR_FAULT: ("#CC79A7", "diamond"),
    Outcome.UNEXPLAINED: ("#E69F00", "triangle-up"),
}


def replay_chart(
    series: JudgedSeries, replay: ThresholdReplay, present: float, period: Period, past: JudgedPast
) -> go.Figure:
    """Draw the strengths of a period with the alarms that a threshold would have raised, and the known faults."""
    figure = go.Figure()
    for fault in replay.faults:
        add_span(figure, fault.started_at, fault.ended_at or period.end, period, _FAILURE)
    if replay.faults:
        add_key(figure, _("known fault"), ALARM_COLOUR, opacity=0.4)
    add_learning(figure, past, period)
    _add_strengths(figure, series)
    _add_alarms(figure, replay)
    _add_thresholds(figure, replay.threshold, present)
    set_times(figure, period)
    figure.update_yaxes(title=_("Strength"))
    figure.update_layout(showlegend=True)
    return figure


def _add_strengths(figure: go.Figure, series: JudgedSeries) -> None:
    figure.add_scatter(
        x=clock_times_of(series.score_times),
        y=series.strengths,
        name=_("strength"),
        mode="lines",
        line={"color": PALETTE[0], "width": 1.2},
        hovertemplate=f"{TIME}: %{{y:.3~g}}<extra></extra>",
        showlegend=False,
    )


def _add_alarms(figure: go.Figure, replay: ThresholdReplay) -> None:
    for outcome, name in _outcome_names().items():
        at = [place for place, found in enumerate(replay.outcomes) if found == outcome]
        if at:
            colour, symbol = _OUTCOMES[outcome]
            figure.add_scatter(
                x=clock_times_of(replay.times[at]),
                y=replay.strengths[at],
                name=name,
                mode="markers",
                marker={"color": colour, "symbol": symbol, "size": 11, "line": {"width": 1, "color": "white"}},
                hovertemplate=f"{TIME}: %{{y:.3~g}}<extra>{literal(name)}</extra>",
            )


def _outcome_names() -> dict[Outcome, str]:
    return {
        Outcome.CAUGHT: _("at a known fault"),
        Outcome.FALSE: _("false or planned"),
        Outcome.SENSOR_FAULT: _("sensor fault"),
        Outcome.UNEXPLAINED: _("unexplained"),
    }


def _add_thresholds(figure: go.Figure, threshold: float, present: float) -> None:
    if present != threshold:
        figure.add_hline(
            y=present,
            line={"color": NEUTRAL, "dash": "dot"},
            annotation={"text": _("now"), "x": 0, "xanchor": "left", "yanchor": "bottom"},
        )
    figure.add_hline(
        y=threshold,
        line={"color": ALARM_COLOUR, "dash": "dash", "width": 1.5},
        annotation={"text": _("threshold"), "x": 1, "xanchor": "right", "yanchor": "bottom"},
    )
