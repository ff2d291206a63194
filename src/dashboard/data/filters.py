"""Filters that live in the URL, so that a link shows the same thing to a colleague."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from src.dashboard.components.choices import ALL, choose, remember_choice
from src.dashboard.components.page import put_in_url
from src.dashboard.locale import _, reader_zone
from src.sensors.period_choice import PERIODS, period_named, period_of_days
from src.sensors.reading_stream import Period
from src.sensors.sensor_manager import Sensor

CUSTOM = "custom"
DEFAULT_PERIOD = "7d"


def choose_machine(machines: Iterable[str]) -> str:
    """Let the reader choose a machine; `ALL` for all of them."""
    names = {ALL: _("All machines")} | {machine: machine for machine in machines}
    return choose(_("Machine"), list(names), "machine", names=names.__getitem__)


def choose_sensors(sensors: Sequence[Sensor]) -> list[Sensor]:
    """Let the reader choose some of the sensors; none chosen means all of them."""
    return pick_sensors(sensors, _("All sensors")) or list(sensors)


def pick_sensors(sensors: Sequence[Sensor], placeholder: str) -> list[Sensor]:
    """Let the reader pick some of the sensors, or none."""
    names = {sensor.sensor_id: sensor.display_name for sensor in sensors}
    by_text = {str(sensor_id): sensor_id for sensor_id in names}
    asked = dict.fromkeys(st.query_params.get("sensors", "").split(","))
    st.session_state["sensors"] = [by_text[part] for part in asked if part in by_text]
    chosen = st.multiselect(
        _("Sensors"),
        list(names),
        key="sensors",
        format_func=names.__getitem__,
        placeholder=placeholder,
        on_change=_put_sensors,
    )
    return [sensor for sensor in sensors if sensor.sensor_id in chosen]


def choose_period(span: Period, default: str = DEFAULT_PERIOD) -> Period:
    """Let the reader choose a period of the readings: one that ends with the newest, or some days.

    Raises
    ------
    InvalidPeriod
        The days are in the wrong order.
    """
    names = {
        "24h": _("Last 24 hours"),
        "7d": _("Last 7 days"),
        "30d": _("Last 30 days"),
        "all": _("All"),
        CUSTOM: _("Some days"),
    }
    chosen = choose(_("Period"), [*PERIODS, CUSTOM], "period", default=default, names=names.__getitem__)
    if chosen != CUSTOM:
        return period_named(chosen, span)
    zone = ZoneInfo(reader_zone())
    last = span.end.astimezone(zone).date()
    first = max(span.start.astimezone(zone).date(), last - timedelta(days=6))
    return period_of_days(_day(_("From"), "from", first), _day(_("To"), "to", last), zone)


def days_in_url(first: datetime, last: datetime) -> dict[str, str]:
    """Return the URL's parameters for the days, in the reader's zone, from one time to another."""
    zone = ZoneInfo(reader_zone())
    return {"period": CUSTOM, "from": str(first.astimezone(zone).date()), "to": str(last.astimezone(zone).date())}


def _day(label: str, key: str, default: date) -> date:
    try:
        asked = date.fromisoformat(st.query_params.get(key, ""))
    except ValueError:
        asked = default
    earliest, latest = date(1970, 1, 1), datetime.now(UTC).date() + timedelta(days=3_650)
    st.session_state[key] = min(max(asked, earliest), latest)
    st.date_input(
        label,
        key=key,
        min_value=earliest,
        max_value=latest,
        format="YYYY-MM-DD",
        on_change=remember_choice,
        args=(key,),
    )
    return st.session_state[key]


def _put_sensors() -> None:
    if chosen := st.session_state["sensors"]:
        put_in_url("sensors", ",".join(map(str, chosen)))
    else:
        st.query_params.pop("sensors", None)
