"""Threshold replay: what another alarm threshold would have done, and adopting it."""

from __future__ import annotations

import math

import streamlit as st

from src.dashboard.components import charts
from src.dashboard.components.acting import acting_name
from src.dashboard.components.page import errors_shown, flash, put_in_url
from src.dashboard.locale import _, current_language, ngettext, number, significant
from src.dashboard.locale.typed import read_number
from src.dashboard.time_series import anomaly_charts
from src.dashboard.time_series.anomaly_list import series_of
from src.ml.ml_engine import MLEngine
from src.ml.sensor_models.alarm_history import AlarmHistory
from src.ml.sensor_models.threshold_replay import (
    LEAD,
    Outcome,
    ThresholdReplay,
    replay_threshold,
    threshold_for,
    thresholds_to_try,
)
from src.sensors.reading_stream import Period
from src.sensors.sensor_manager import Sensor

THRESHOLD = "threshold"
"""Its name in the URL."""
_LANGUAGE = "replay_language"
_FORMER = "former_threshold"


def show_thresholds(engine: MLEngine, sensor: Sensor, history: AlarmHistory, period: Period) -> None:
    """Show what thresholds would have done with the stored scores, and let one be adopted."""
    present = replay_threshold(history, history.alarm_threshold)
    if not present.weeks:
        st.info(
            _("Nothing can be replayed yet: the detector is still learning what is usual."),
            icon=":material/hourglass_empty:",
        )
        return
    thresholds = thresholds_to_try(history)
    key = f"replay_{sensor.sensor_id}_{history.alarm_threshold:g}"
    _find(key, history)
    chosen = replay_threshold(history, _slider(key, thresholds, history.alarm_threshold))
    _figures(chosen, present)
    charts.show(
        anomaly_charts.replayed(series_of(sensor, history, period), chosen, present.threshold, period, history.past),
        "replay",
        _("Strength of each reading with the alarms that this threshold would have raised"),
        380,
    )
    hours = int(LEAD.total_seconds() // 3_600)
    st.caption(
        _(
            "Replayed over {days} days of stored scores; nothing is trained anew. Known faults are failures of the "
            "machine and what was called a real anomaly. One is caught by an alarm within it or up to {hours} hours "
            "before. False are alarms with the verdict false alarm or planned."
        ).format(days=number(chosen.weeks * 7, 1), hours=hours)
    )
    _adopt(engine, sensor, history, chosen)


def _find(key: str, history: AlarmHistory) -> None:
    with st.form(key="find_threshold", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        label = _("Alarms a week, at most")
        typed = st.text_input(label, value="1", key="wanted_rate", max_chars=20, width=200)
        if st.form_submit_button(_("Find the threshold"), key="find", icon=":material/search:"):
            with errors_shown():
                st.session_state[key] = threshold_for(history, read_number(label, typed))


def _slider(key: str, thresholds: list[float], present: float) -> float:
    if st.session_state.get(key) not in thresholds:
        st.session_state[key] = _nearest(thresholds, _asked(present))
    elif st.session_state.get(_LANGUAGE) != current_language():
        st.session_state[key] = st.session_state[key]  # tells the browser, which knows options by how they are written
    st.session_state[_LANGUAGE] = current_language()
    names = {each: significant(each, 4) for each in thresholds}
    names[present] = _("{threshold} (now)").format(threshold=names[present])
    chosen = st.select_slider(
        _("Raise an alarm from this strength on"), thresholds, format_func=names.__getitem__, key=key
    )
    put_in_url(THRESHOLD, f"{chosen:g}")
    return chosen


def _asked(present: float) -> float:
    try:
        asked = float(st.query_params.get(THRESHOLD, present))
    except ValueError:
        return present
    return asked if math.isfinite(asked) else present


def _nearest(thresholds: list[float], asked: float) -> float:
    return min(thresholds, key=lambda each: abs(each - asked))


def _figures(chosen: ThresholdReplay, present: ThresholdReplay) -> None:
    def against(figure: str) -> str | None:
        return None if chosen.threshold == present.threshold else _("now {figure}").format(figure=figure)

    def caught(one: ThresholdReplay) -> str:
        return _("{caught} of {faults}").format(caught=number(one.caught, 0), faults=number(len(one.faults), 0))

    rows = [
        (_("Alarms a week"), lambda one: number(one.alarms_per_week, 2), ""),
        (_("Known faults caught"), caught, ""),
        (
            _("False alarms"),
            lambda one: number(one.count(Outcome.FALSE), 0),
            _("Alarms within a stretch that somebody called a false alarm or planned."),
        ),
        (
            _("Unexplained alarms"),
            lambda one: number(one.count(Outcome.UNEXPLAINED), 0),
            _("Alarms outside any known fault on which there is no verdict yet."),
        ),
    ]
    row = st.container(horizontal=True)
    for label, figure, explanation in rows:
        row.metric(
            label,
            figure(chosen),
            against(figure(present)),
            delta_color="off",
            delta_arrow="off",
            border=True,
            help=explanation or None,
        )


def _adopt(engine: MLEngine, sensor: Sensor, history: AlarmHistory, chosen: ThresholdReplay) -> None:
    former = st.session_state.get(_FORMER, {}).get(sensor.sensor_id)
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(
            _("Adopt this threshold"),
            key="adopt",
            type="primary",
            icon=":material/check:",
            disabled=chosen.threshold == history.alarm_threshold,
        ):
            _set(engine, sensor, history.alarm_threshold, chosen.threshold)
        if (
            former is not None
            and former != history.alarm_threshold
            and st.button(
                _("Back to {threshold}").format(threshold=significant(former, 4)),
                key="former_threshold_button",
                icon=":material/undo:",
            )
        ):
            _set(engine, sensor, history.alarm_threshold, former)
    count = len(chosen.times)
    st.caption(
        ngettext("{count} alarm in all.", "{count} alarms in all.", count)
        + " "
        + _("What was said in the past stays as it was; the threshold counts from the next reading on.")
    )


def _set(engine: MLEngine, sensor: Sensor, before: float, threshold: float) -> None:
    with errors_shown():
        facts = engine.set_alarm_threshold(sensor.sensor_id, threshold, actor=acting_name())
        st.session_state.setdefault(_FORMER, {})[sensor.sensor_id] = before
        st.query_params.pop(THRESHOLD, None)
        flash(
            _("{sensor} raises alarms from {threshold} on now. The detector is version {version}.").format(
                sensor=sensor.display_name, threshold=significant(threshold, 4), version=facts["version"]
            )
        )
        st.rerun()
