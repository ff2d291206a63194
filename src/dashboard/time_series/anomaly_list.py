"""The anomalies of a period by name: one to be picked, and all of them in a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from src.dashboard.components.tables import show_table
from src.dashboard.locale import _, duration, moment, number, score
from src.dashboard.time_series.chosen_stretch import choose_stretch, forget_stretch, stretch_name
from src.dashboard.time_series.verdict_names import verdict_name
from src.ml.sensor_models.alarm_history import AlarmHistory, Happening
from src.sensors.reading_stream import Period

_PICK = "anomaly"


def pick_anomaly(happenings: Sequence[Happening], history: AlarmHistory, chosen: Period | None) -> None:
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


def show_list(happenings: Sequence[Happening], history: AlarmHistory) -> None:
    """List what happened, a row each."""
    if not happenings:
        return
    frame = pd.DataFrame([_row(one, history) for one in happenings])
    raw = pd.DataFrame([_raw_row(one, history) for one in happenings])
    show_table(frame, "anomaly_list", _("Anomalies, the newest first"), file_name="anomalies", download=raw, rows=20)


def _row(one: Happening, history: AlarmHistory) -> dict[str, str]:
    return {
        _("From"): moment(one.started_at),
        _("To"): moment(one.ended_at),
        _("Lasts"): duration((one.ended_at - one.started_at).total_seconds()),
        _("Alarms"): number(one.stretch.alarms if one.stretch else 0, 0),
        _("Highest score"): _strongest(one, history),
        _("Verdict"): verdict_name(one.verdict.kind) if one.verdict else "—",
        _("Note"): one.verdict.note if one.verdict else "",
        _("Who"): one.verdict.decided_by if one.verdict else "",
    }


def _raw_row(one: Happening, history: AlarmHistory) -> dict[str, Any]:
    """The row as other programs want it; the names do not depend on the language."""
    return {
        "started_at": one.started_at,
        "ended_at": one.ended_at,
        "alarms": one.stretch.alarms if one.stretch else 0,
        "highest_score": history.score_of(one.stretch) if one.stretch else None,
        "verdict": one.verdict.kind if one.verdict else None,
        "note": one.verdict.note if one.verdict else None,
        "decided_by": one.verdict.decided_by if one.verdict else None,
        "decided_at": one.verdict.decided_at if one.verdict else None,
    }
