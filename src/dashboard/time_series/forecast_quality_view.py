"""How good a forecast is: graded metrics, and the backtest against the seasonal naive."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from src.dashboard.components import charts
from src.dashboard.components.chart_text import literal
from src.dashboard.components.chart_times import clock_times
from src.dashboard.components.charts import NEUTRAL, PALETTE
from src.dashboard.components.page import plain
from src.dashboard.locale import _, number, percent, significant, translated
from src.dashboard.time_series.forecast_choices import with_model_name
from src.dashboard.time_series.model_kinds import model_name
from src.ml.sensor_models.forecast_report import BacktestReport, ForecastReport
from src.ml.sensor_models.metric_grades import Grade

_COLOURS = {Grade.GOOD: "green", Grade.FAIR: "orange", Grade.POOR: "red"}


def show_metrics(report: ForecastReport, unit: str) -> None:
    """Show MAPE, RMSE and MAE as good, fair or poor, and MASE."""
    metrics, row = report.metrics, st.container(horizontal=True)
    units = {"mape": "%" if metrics.mape is not None else "", "rmse": f" {unit}", "mae": f" {unit}", "mase": ""}
    for name, its_unit in units.items():
        grade = metrics.grade(name) if name != "mase" else None
        row.metric(
            name.upper(),
            plain(f"{significant(getattr(metrics, name), 3)}{its_unit}".rstrip()),
            None if grade is None else grade_name(grade),
            delta_color="off" if grade is None else _COLOURS[grade],  # type: ignore[arg-type]
            delta_arrow="off",
            help=plain(_how_graded(report, name, unit)),
            border=True,
            height="stretch",
        )
    message = _("{model} learnt the first nine tenths of the history and forecast the last {steps} hours.")
    st.caption(plain(message.format(model=model_name(metrics.model), steps=number(metrics.steps, 0))))
    for remark in metrics.remarks:
        st.caption(f":material/info: {plain(translated(remark))}")


def show_backtest(report: ForecastReport, unit: str) -> None:
    """Show by how much the model beats the seasonal naive, window by window of the past."""
    backtest = report.backtest
    if backtest is None:
        message = _("{model} has no backtest: it would be fitted eight times, for minutes each.")
        st.info(message.format(model=model_name(report.requested_model)), icon=":material/hourglass_disabled:")
        return
    icon = ":material/check_circle:" if backtest.is_worth_it else ":material/info:"
    st.markdown(f"{icon} {plain(translated(with_model_name(backtest.verdict)))}")
    if backtest.serving != backtest.model:
        st.markdown(plain(_("So {model} serves.").format(model=model_name(backtest.serving))))
    figures = {
        _("Mean error"): f"{significant(backtest.mae, 3)} {unit}",
        _("Mean error of the naive"): f"{significant(backtest.naive_mae, 3)} {unit}",
        _("Within 80%"): percent(backtest.coverage_80, 0),
        _("Within 95%"): percent(backtest.coverage_95, 0),
    }
    row = st.container(horizontal=True)
    for label, value in figures.items():
        row.metric(label, plain(value.strip()), border=True)
    charts.show(_windows_chart(backtest, unit), "windows", _("Mean error in each window, with that of the naive"), 320)
    message = _(
        "At {windows} moments of the past, {hours} hours were forecast from what was known then. The bands of each "
        "window were learnt from the others."
    )
    st.caption(message.format(windows=backtest.windows, hours=number(backtest.horizon, 0)))


def _windows_chart(backtest: BacktestReport, unit: str) -> go.Figure:
    """Draw the mean error of the model and of the seasonal naive in each window of the past."""
    figure = go.Figure()
    tried = backtest.by_window[::-1]
    starts = clock_times(pd.DatetimeIndex([window.start for window in tried])).strftime("%m-%d %H:%M")
    for name, colour, errors in (
        (_("this model"), PALETTE[0], [window.mae for window in tried]),
        (_("seasonal naive"), NEUTRAL, [window.naive_mae for window in tried]),
    ):
        figure.add_bar(
            x=starts,
            y=errors,
            name=name,
            marker={"color": colour},
            hovertemplate=f"%{{x}}: %{{y:.4~g}} {literal(unit)}",
        )
    figure.update_xaxes(type="category", title=_("Window that begins"))
    figure.update_yaxes(title=literal(f"{_('Mean error')} ({unit})" if unit else _("Mean error")))
    figure.update_layout(barmode="group", showlegend=True, legend={"y": 1.0, "yanchor": "bottom"})
    return figure


def grade_name(grade: Grade) -> str:
    """Return what people call a grade."""
    return {Grade.GOOD: _("Good"), Grade.FAIR: _("Fair"), Grade.POOR: _("Poor")}[grade]


def _how_graded(report: ForecastReport, metric: str, unit: str) -> str:
    if metric == "mase":
        return _("Mean error over that of the seasonal naive within the history it learnt; below 1 is better.")
    if metric == "mape":
        return _("Mean error in % of the value. Below 10% is good, to 20% fair, above poor.")
    text = {
        "rmse": _(
            "Root of the mean squared error: {share} of the usual range of {range}, which is from the 1st to the 99th "
            "percentile of the history. Below 5% is good, to 15% fair, above poor."
        ),
        "mae": _(
            "Mean absolute error: {share} of the usual range of {range}, which is from the 1st to the 99th percentile "
            "of the history. Below 3% is good, to 10% fair, above poor."
        ),
    }[metric]
    share = report.metrics.share_of_range(metric)
    return text.format(
        share=percent(None if share is None else share / 100),
        range=f"{significant(report.metrics.usual_range, 3)} {unit}".strip(),
    )
