"""What raised alarms: drawn, listed, and one of them to give a verdict on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from src.config import get_settings
from src.dashboard.components import charts
from src.dashboard.components.page import plain
from src.dashboard.components.tables import show_table
from src.dashboard.locale import _, duration, moment, number, score
from src.dashboard.time_series import anomaly_charts
from src.dashboard.time_series.chosen_stretch import (
    choices_made,
    choose_stretch,
    chosen_stretch,
    forget_stretch,
    stretch_name,
    take_from_chart,
)
from src.dashboard.time_series.verdict_card import offer_undo, show_verdict_card
from src.dashboard.time_series.verdict_names import verdict_name
from src.database.engine import reading
from src.ml.sensor_models.alarm_history import AlarmHistory, Happening, scores_table
from src.ml.sensor_models.judged_past import JudgedPast
from src.ml.sensor_models.judged_series import JudgedSeries, judged_series
from src.sensors.reading_stream import Period, data_version
from src.sensors.sensor_manager import Sensor
from src.tables.export import as_csv

_CHART = "anomalies"
_MOST_POINTS = 2_400
_PICK = "anomaly"


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


def show_anomalies(sensor: Sensor, history: AlarmHistory, said: dict[str, Any], period: Period) -> None:
    """Show a sensor's alarms in a period, and take verdicts on them."""
    happenings = history.happenings(period)
    chosen = chosen_stretch()
    series = series_of(sensor, history, period)
    figure = anomaly_charts.judged(series, sensor, history, said, period, chosen)
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
    _pick(happenings, history, chosen)
    offer_undo(sensor.sensor_id)
    if chosen is not None:
        show_verdict_card(sensor, history, chosen)
    _table(happenings, history)
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


def _pick(happenings: Sequence[Happening], history: AlarmHistory, chosen: Period | None) -> None:
    """Let the reader pick one by name: a chart alone is not for everybody."""
    if not happenings:
        st.info(_("No alarm was raised in this period, and there is no verdict."), icon=":material/check_circle:")
        return
    by_name = {stretch_name(one.started_at, one.ended_at): one for one in happenings}
    titles = {"": _("none chosen")} | {name: _title(one, history) for name, one in by_name.items()}
    touched = [name for name, one in by_name.items() if chosen is not None and _touches(one, chosen)]
    st.session_state[_PICK] = touched[0] if len(touched) == 1 else ""
    st.selectbox(
        _("Anomaly: picked here, or in the chart"),
        list(titles),
        key=_PICK,
        format_func=titles.__getitem__,
        on_change=_take_picked,
        args=(by_name,),
    )


def _take_picked(by_name: dict[str, Happening]) -> None:
    picked = by_name.get(st.session_state[_PICK])
    if picked is None:
        forget_stretch()
    else:
        choose_stretch(picked.started_at, picked.ended_at)


def _touches(one: Happening, period: Period) -> bool:
    return one.started_at < period.end and one.ended_at > period.start


def _title(one: Happening, history: AlarmHistory) -> str:
    facts = [
        moment(one.started_at),
        duration((one.ended_at - one.started_at).total_seconds()),
        _("score {score}").format(score=_strongest(one, history)) if one.stretch else _("no alarm"),
        verdict_name(one.verdict.kind) if one.verdict else _("no verdict yet"),
    ]
    return " · ".join(facts)


def _strongest(one: Happening, history: AlarmHistory) -> str:
    return "—" if one.stretch is None else score(history.score_of(one.stretch), 2)


def _table(happenings: Sequence[Happening], history: AlarmHistory) -> None:
    if not happenings:
        return
    frame = pd.DataFrame(
        [
            {
                _("From"): moment(one.started_at),
                _("To"): moment(one.ended_at),
                _("Lasts"): duration((one.ended_at - one.started_at).total_seconds()),
                _("Alarms"): number(one.stretch.alarms if one.stretch else 0, 0),
                _("Highest score"): _strongest(one, history),
                _("Verdict"): verdict_name(one.verdict.kind) if one.verdict else "—",
                _("Note"): one.verdict.note if one.verdict else "",
                _("Who"): one.verdict.decided_by if one.verdict else "",
            }
            for one in happenings
        ]
    )
    raw = pd.DataFrame(
        [
            {
                "started_at": one.started_at,
                "ended_at": one.ended_at,
                "alarms": one.stretch.alarms if one.stretch else 0,
                "highest_score": history.score_of(one.stretch) if one.stretch else None,
                "verdict": one.verdict.kind if one.verdict else None,
                "note": one.verdict.note if one.verdict else None,
                "decided_by": one.verdict.decided_by if one.verdict else None,
                "decided_at": one.verdict.decided_at if one.verdict else None,
            }
            for one in happenings
        ]
    )
    show_table(frame, "anomaly_list", _("Anomalies, the newest first"), file_name="anomalies", download=raw, rows=20)


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
