"""Fields for a day and a time of the reader's clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from src.dashboard.locale import _
from src.sensors.event_changes import EARLIEST, LATEST

_STEP = timedelta(minutes=10)


def ask_moment(name: str, shown: datetime, zone: ZoneInfo, key: str) -> datetime:
    """Ask for a day and a time; what is not touched stays to the microsecond, though only minutes are shown."""
    local = shown.astimezone(zone)
    left, right = st.columns(2)
    day = left.date_input(
        _("{name}, day").format(name=name),
        value=local.date(),
        min_value=EARLIEST.date(),
        max_value=LATEST.date(),
        format="YYYY-MM-DD",
        key=f"{key}_day",
    )
    clock = right.time_input(
        _("{name}, time").format(name=name), value=_minute(local.time()), step=_STEP, key=f"{key}_time"
    )
    return _moment(day, clock, shown, zone)


def _moment(day: date, clock: time, shown: datetime, zone: ZoneInfo) -> datetime:
    local = shown.astimezone(zone)
    if (day, clock) == (local.date(), _minute(local.time())):
        return shown
    return datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)


def _minute(clock: time) -> time:
    return clock.replace(second=0, microsecond=0)
