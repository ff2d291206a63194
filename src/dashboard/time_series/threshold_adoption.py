"""Adopting an alarm threshold, and going back to the former one."""

from __future__ import annotations

import streamlit as st

from src.dashboard.components.acting import acting_name
from src.dashboard.components.page import errors_shown, flash
from src.dashboard.locale import _, ngettext, significant
from src.dashboard.time_series.threshold_choice import THRESHOLD
from src.ml.ml_engine import MLEngine
from src.ml.sensor_models.alarm_history import AlarmHistory
from src.ml.sensor_models.threshold_replay import ThresholdReplay
from src.sensors.sensor_manager import Sensor

_FORMER = "former_threshold"


def offer_adoption(engine: MLEngine, sensor: Sensor, history: AlarmHistory, chosen: ThresholdReplay) -> None:
    """Offer to raise alarms from the chosen threshold on, or from the former one again."""
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
