"""What somebody thinks of a stretch of readings: said with one click, changed, taken back."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from src.dashboard.components.acting import acting_name
from src.dashboard.components.page import errors_shown, flash, plain
from src.dashboard.locale import _, duration, moment
from src.dashboard.time_series.chosen_stretch import choose_stretch, forget_stretch, stretch_name
from src.dashboard.time_series.verdict_form import ask_verdict
from src.dashboard.time_series.verdict_names import VERDICT_ICONS, verdict_name
from src.ml.anomaly_verdicts import Verdict, VerdictKind, add_verdict, change_verdict, delete_verdict
from src.ml.sensor_models.alarm_history import AlarmHistory, verdict_on
from src.sensors.reading_stream import Period
from src.sensors.sensor_manager import Sensor

_OPENED = "verdict_opened"
_ROUND = "verdict_round"
_UNDO = "verdict_undo"


def show_verdict_card(sensor: Sensor, history: AlarmHistory, chosen: Period) -> None:
    """Show a stretch with the verdict on it, if there is one, and take a verdict."""
    now = verdict_on(chosen.start, chosen.end, history.verdicts)
    opened = _opened(sensor, chosen, now)
    with st.container(border=True, key="verdict_card"):
        _headline(chosen, now)
        if opened != now:
            st.warning(
                _("Somebody has given or changed the verdict since you opened it. What you see below is how it was."),
                icon=":material/sync_problem:",
            )
            st.button(_("Show it as it is now"), key="reload_verdict", on_click=_start_anew)
        typed = ask_verdict(sensor, chosen, opened, str(_round()))
        if typed is not None:
            _keep(opened, typed)
        with st.container(horizontal=True):
            if now is not None and st.button(_("Take the verdict back"), key="take_back", icon=":material/undo:"):
                _take_back(now)
            st.button(_("Close"), key="close_verdict", icon=":material/close:", type="tertiary", on_click=_close)


def offer_undo(sensor_id: int) -> None:
    """Offer to undo what was done last on this sensor."""
    sensor, said, undo = st.session_state.get(_UNDO, (None, "", None))
    if sensor != sensor_id or undo is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="undo_offer"):
        st.caption(plain(said))
        if st.button(_("Undo"), key="undo_verdict", icon=":material/undo:", type="tertiary"):
            with errors_shown():
                undo()
                st.session_state.pop(_UNDO)
                _start_anew()
                flash(_("That is undone."))
                st.rerun()


def _opened(sensor: Sensor, chosen: Period, now: Verdict | None) -> Verdict | None:
    """The verdict as it was when the reader opened this stretch, so that nobody's is written over unseen."""
    stretch = (sensor.sensor_id, stretch_name(chosen.start, chosen.end))
    if st.session_state.get(_OPENED, (None,))[0] != stretch:
        st.session_state[_OPENED] = (stretch, now)
        st.session_state[_ROUND] = _round() + 1
    return st.session_state[_OPENED][1]


def _headline(chosen: Period, now: Verdict | None) -> None:
    span = _("{start} to {end}").format(start=moment(chosen.start), end=moment(chosen.end))
    lasts = duration((chosen.end - chosen.start).total_seconds())
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{plain(span)}** · {lasts}", width="stretch")
        if now is not None:
            st.badge(verdict_name(now.kind), icon=f":material/{VERDICT_ICONS[VerdictKind(now.kind)]}:")
    if now is not None:
        who = _("said by {name}, {time}") if now.decided_by else _("said {time}")
        st.caption(plain(who.format(name=now.decided_by, time=moment(now.decided_at))))


def _keep(before: Verdict | None, after: Verdict) -> None:
    with errors_shown():
        if before is None:
            kept = add_verdict(after, actor=acting_name())
            _remember(kept, lambda: delete_verdict(kept, actor=acting_name()))
        else:
            kept = change_verdict(before, after, actor=acting_name())
            if kept != before:
                _remember(kept, lambda: change_verdict(kept, before, actor=acting_name()))
        choose_stretch(kept.started_at, kept.ended_at)
        _start_anew()
        flash(_("Kept as {verdict}.").format(verdict=verdict_name(kept.kind)))
        st.rerun()


def _take_back(verdict: Verdict) -> None:
    with errors_shown():
        delete_verdict(verdict, actor=acting_name())
        _remember(verdict, lambda: add_verdict(verdict, actor=acting_name()), is_gone=True)
        _start_anew()
        flash(_("The verdict is taken back."))
        st.rerun()


def _remember(verdict: Verdict, undo: Callable[[], object], *, is_gone: bool = False) -> None:
    said = _("Last done: {verdict}, {time}, taken back") if is_gone else _("Last done: {verdict}, {time}")
    text = said.format(verdict=verdict_name(verdict.kind), time=moment(verdict.started_at))
    st.session_state[_UNDO] = (verdict.sensor_id, text, undo)


def _close() -> None:
    forget_stretch()
    _start_anew()


def _round() -> int:
    return st.session_state.setdefault(_ROUND, 0)


def _start_anew() -> None:
    st.session_state.pop(_OPENED, None)
