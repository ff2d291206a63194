"""The form of a verdict: from when to when, a note, and a button for each kind."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import streamlit as st

from src.dashboard.components import charts
from src.dashboard.components.moment_field import ask_moment
from src.dashboard.locale import _, reader_zone
from src.dashboard.time_series.verdict_names import VERDICT_ICONS, verdict_name
from src.ml.anomaly_verdicts import LONGEST_NOTE, Verdict, VerdictKind
from src.sensors.reading_stream import Period
from src.sensors.sensor_manager import Sensor

_TIMES_WIDTH = 400


def ask_verdict(sensor: Sensor, chosen: Period, opened: Verdict | None, name: str) -> Verdict | None:
    """Ask for a verdict on a stretch, and return what was decided, once one of the four buttons is pressed.

    Parameters
    ----------
    opened : Verdict, optional
        The one that there is.
    name : str
        Under which what is typed is remembered.
    """
    zone = ZoneInfo(reader_zone())
    key = f"{name}_{zone.key}"
    shown = opened or Verdict(sensor_id=sensor.sensor_id, started_at=chosen.start, ended_at=chosen.end, kind="")
    with st.form(key=f"verdict_form_{key}", border=False):
        times = charts.side_by_side()
        with times.container(width=_TIMES_WIDTH):
            started_at = ask_moment(_("From"), shown.started_at, zone, f"verdict_from_{key}")
        with times.container(width=_TIMES_WIDTH):
            ended_at = ask_moment(_("To"), shown.ended_at, zone, f"verdict_to_{key}")
        note = st.text_area(_("Note"), value=shown.note, max_chars=LONGEST_NOTE, key=f"verdict_note_{key}", height=68)
        with st.container(horizontal=True):
            pressed = [
                kind
                for kind in VerdictKind
                if st.form_submit_button(
                    verdict_name(kind).capitalize(),
                    key=f"verdict_{kind}",
                    icon=f":material/{VERDICT_ICONS[kind]}:",
                    type="primary" if opened is not None and opened.kind == kind else "secondary",
                )
            ]
    if not pressed:
        return None
    return replace(shown, kind=pressed[0].value, started_at=started_at, ended_at=ended_at, note=note)
