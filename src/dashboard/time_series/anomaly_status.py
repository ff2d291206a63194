"""How a sensor is doing now, refreshed by itself."""

from __future__ import annotations

from typing import Any

import streamlit as st

from src.dashboard.components.page import errors_shown, plain, provenance
from src.dashboard.locale import _, moment, number, score, significant, translated
from src.dashboard.time_series.verdict_names import verdict_name
from src.ml.anomalies.alarms import ALARM_SCORE
from src.ml.ml_engine import MLEngine
from src.ml.sensor_models.alarm_history import AlarmHistory, verdict_on
from src.sensors.sensor_manager import Sensor

_EVERY_SECONDS = 30
_NO_BREAK = "\N{NO-BREAK SPACE}"


@st.fragment(run_every=_EVERY_SECONDS)
def show_status(engine: MLEngine, sensor: Sensor, shown: dict[str, Any], history: AlarmHistory) -> None:
    """Show what is said of a sensor now.

    Parameters
    ----------
    shown : dict
        What `MLEngine.detect_anomalies` said when the rest of the page was drawn.
    history : AlarmHistory
        As it was then.
    """
    with errors_shown():
        said = engine.detect_anomalies(sensor.sensor_id)
        _state(said)
        _figures(sensor, said, history)
        provenance(
            _("Data as of {time}").format(time=moment(said["timestamp"])),
            _("detector version {version}").format(version=said["model_version"]),
            _("trained {time}").format(time=moment(said["trained_at"])),
        )
        if any(said[name] != shown[name] for name in ("timestamp", "model_version")):
            with st.container(horizontal=True, vertical_alignment="center"):
                st.caption(_("There is something new since the rest of the page was drawn."))
                if st.button(_("Show it"), key="refresh", icon=":material/refresh:", type="tertiary"):
                    st.rerun()


def band_name(anomaly_score: float) -> str:
    """Return what a score from 0 to 1 means."""
    if anomaly_score < 0.3:
        return _("very normal")
    if anomaly_score < 0.6:
        return _("possibly an anomaly")
    return _("probably an anomaly") if anomaly_score < 0.9 else _("certainly an anomaly")


def _state(said: dict[str, Any]) -> None:
    if said["sensor_fault"] is not None:
        name, colour, icon = _("Sensor fault"), "violet", "sensors_off"
    elif said["is_anomaly"]:
        name, colour, icon = _("Anomaly"), "red", "error"
    elif said["strength"] is None:
        name, colour, icon = _("Still learning"), "gray", "hourglass_top"
    elif said["is_ongoing"]:
        name, colour, icon = _("Still unusual"), "orange", "warning"
    else:
        name, colour, icon = _("Normal"), "green", "check_circle"
    texts = [translated(note) for note in (said["reason"], said["remark"]) if note is not None]
    with st.container(horizontal=True, vertical_alignment="center", key="state"):
        st.badge(name, icon=f":material/{icon}:", color=colour)  # type: ignore[arg-type]
        st.markdown(plain(" ".join(texts)), width="stretch")


def _figures(sensor: Sensor, said: dict[str, Any], history: AlarmHistory) -> None:
    unit = f"{_NO_BREAK}{plain(sensor.unit)}" if sensor.unit else ""
    last = next(iter(history.stretches()), None)
    verdict = None if last is None else verdict_on(last.started_at, last.ended_at, history.verdicts)
    is_judged = said["strength"] is not None
    row = st.container(horizontal=True)
    row.metric(
        _("Score now"),
        score(said["anomaly_score"], 2) if is_judged else "—",
        band_name(said["anomaly_score"]) if is_judged else _("not judged"),
        delta_color="off",
        delta_arrow="off",
        border=True,
        help=_bands(),
    )
    row.metric(
        _("Value"),
        f"{significant(said['value'])}{unit}",
        _("usual {average} ± {deviation}").format(
            average=significant(said["historical_average"], 4), deviation=significant(said["historical_std"], 3)
        ),
        delta_color="off",
        delta_arrow="off",
        border=True,
        help=_("Usual is the mean of what the detector has seen, with one standard deviation."),
    )
    row.metric(
        _("Last alarm"),
        "—" if last is None else moment(last.started_at),
        _("none so far") if last is None else verdict_name(verdict.kind) if verdict else _("no verdict yet"),
        delta_color="off",
        delta_arrow="off",
        border=True,
    )
    row.metric(
        _("Alarm threshold"),
        number(history.alarm_threshold, 2),
        _("score {score}").format(score=score(ALARM_SCORE, 1)),
        delta_color="off",
        delta_arrow="off",
        border=True,
        help=_("From this strength on a reading raises an alarm. The threshold replay shows what others would do."),
    )


def _bands() -> str:
    rows = [
        ("0 – 0.3", _("very normal"), _("nothing to do")),
        ("0.3 – 0.6", _("possibly an anomaly"), _("keep an eye on it")),
        ("0.6 – 0.9", _("probably an anomaly"), _("have a look at the machine")),
        ("0.9 – 1", _("certainly an anomaly"), _("act at once")),
    ]
    lines = [f"- {band.replace('.', score(0.5, 1)[1])}: **{name}**, {act}" for band, name, act in rows]
    return "\n".join([_("What the score means, and what to do:"), "", *lines])
