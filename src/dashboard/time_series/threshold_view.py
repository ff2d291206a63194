"""Threshold replay: what another alarm threshold would have done."""

from __future__ import annotations

import streamlit as st

from src.dashboard.components import charts
from src.dashboard.locale import _, number
from src.dashboard.time_series.anomaly_series import series_of
from src.dashboard.time_series.replay_chart import replay_chart
from src.dashboard.time_series.threshold_adoption import offer_adoption
from src.dashboard.time_series.threshold_choice import choose_threshold
from src.ml.ml_engine import MLEngine
from src.ml.sensor_models.alarm_history import AlarmHistory
from src.ml.sensor_models.threshold_replay import LEAD, Outcome, ThresholdReplay, replay_threshold
from src.sensors.reading_stream import Period
from src.sensors.sensor_manager import Sensor


def show_thresholds(engine: MLEngine, sensor: Sensor, history: AlarmHistory, period: Period) -> None:
    """Show what thresholds would have done with the stored scores, and let one be adopted."""
    present = replay_threshold(history, history.alarm_threshold)
    if not present.weeks:
        st.info(
            _("Nothing can be replayed yet: the detector is still learning what is usual."),
            icon=":material/hourglass_empty:",
        )
        return
    key = f"replay_{sensor.sensor_id}_{history.alarm_threshold:g}"
    chosen = replay_threshold(history, choose_threshold(key, history))
    _figures(chosen, present)
    charts.show(
        replay_chart(series_of(sensor, history, period), chosen, present.threshold, period, history.past),
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
    offer_adoption(engine, sensor, history, chosen)


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
