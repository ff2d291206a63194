"""Which stretch of readings somebody is looking at; the URL's `stretch` says which, so that a link shows the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import streamlit as st

from src.dashboard.components.chart_times import time_on_clock
from src.dashboard.components.page import put_in_url
from src.ml.sensor_models.alarm_history import Happening, stretch_at
from src.ml.sensor_models.judged_past import JudgedPast
from src.sensors.reading_stream import Period

STRETCH = "stretch"
"""Its name in the URL."""
_CHOICES = "stretch_choices"
_FORMAT = "%Y%m%dT%H%M%S"
_SECOND, _MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def chosen_stretch() -> Period | None:
    """Return the stretch that the URL names; None where it names none, or nonsense."""
    parts = st.query_params.get(STRETCH, "").split("-")
    try:
        start, end = (datetime.strptime(part, _FORMAT).replace(tzinfo=UTC) for part in parts)
    except ValueError:
        return None
    return Period(start, end) if start < end and start.year >= 1900 and end.year < 2200 else None


def choose_stretch(start: datetime, end: datetime) -> None:
    """Put a stretch into the URL, in whole seconds."""
    put_in_url(STRETCH, stretch_name(start, end))
    st.session_state[_CHOICES] = choices_made() + 1


def forget_stretch() -> None:
    """Look at none any more."""
    st.query_params.pop(STRETCH, None)
    st.session_state[_CHOICES] = choices_made() + 1


def choices_made() -> int:
    """Return how often another stretch was chosen; a chart that says it is a new one for the browser each time.

    Otherwise the browser would say nothing of a second click on what was clicked last.
    """
    return int(st.session_state.get(_CHOICES, 0))


def stretch_name(start: datetime, end: datetime) -> str:
    """Return how the URL names a stretch."""
    first, last = start.astimezone(UTC).replace(microsecond=0), end.astimezone(UTC)
    if last.microsecond:
        last = last.replace(microsecond=0) + _SECOND
    return f"{first:{_FORMAT}}-{last:{_FORMAT}}"


def take_from_chart(key: str, past: JudgedPast, happenings: Sequence[Happening]) -> None:
    """Take over what was clicked or boxed in a chart; a click on nothing leaves things as they are."""
    times = _selected_times(st.session_state[key].selection)
    if not times:
        return
    start, end = min(times), max(times)
    if end - start < _SECOND:
        choose_stretch(*_around(start, past, happenings))
    else:  # whole minutes, as people say times
        choose_stretch(start.replace(second=0, microsecond=0), end.replace(second=0, microsecond=0) + _MINUTE)


def _selected_times(selection: Mapping[str, Any]) -> list[datetime]:
    texts = [text for box in selection["box"] for text in box["x"]] or [point["x"] for point in selection["points"]]
    try:
        return [time_on_clock(str(text)) for text in texts]
    except ValueError:  # a box over an axis that has no times
        return []


def _around(time: datetime, past: JudgedPast, happenings: Sequence[Happening]) -> tuple[datetime, datetime]:
    """The happening that a moment belongs to; else the reading next to it."""
    for one in happenings:
        if one.started_at <= time < one.ended_at:
            return one.started_at, one.ended_at
    place = int(np.abs(past.times - np.datetime64(time.replace(tzinfo=None), "us")).argmin())
    return stretch_at(past, place, place)
