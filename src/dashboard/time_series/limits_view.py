"""Which limits a forecast is expected to cross, and when."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from src.dashboard.components.page import plain
from src.dashboard.locale import _, duration, moment, significant, translated
from src.dashboard.page_list import go_to
from src.ml.sensor_models.forecast_report import ForecastReport
from src.ml.sensor_models.limit_crossings import LimitCrossing
from src.sensors.sensor_fields import LABELS, LIMITS
from src.sensors.sensor_manager import Sensor


def limit_name(limit: str) -> str:
    """Return what people call a limit."""
    return translated(LABELS[limit])


def show_crossings(sensor: Sensor, report: ForecastReport) -> None:
    """Say which limits are expected to be crossed, which may be, or that none is."""
    if all(getattr(sensor, limit) is None for limit in LIMITS):
        _without_limits()
        return
    expected = [crossing for crossing in report.crossings if crossing.is_expected]
    possible = [crossing for crossing in report.crossings if not crossing.is_expected]
    if expected:
        st.warning(_lines(expected, sensor, report), icon=":material/warning:")
    if possible:
        st.info(_lines(possible, sensor, report), icon=":material/trending_up:")
    if not report.crossings:
        hours = duration(3600 * len(report.steps.times))
        message = _("No limit is expected to be crossed in the {hours} ahead, not even by the 95% band.")
        st.success(message.format(hours=hours), icon=":material/check_circle:")


def _without_limits() -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(_("The sensor has no limits that a forecast could be held against."), width="content")
        if st.button(_("Set limits"), key="go_sensors", type="tertiary", icon=":material/sensors:"):
            go_to("sensors")


def _lines(crossings: list[LimitCrossing], sensor: Sensor, report: ForecastReport) -> str:
    return "  \n".join(plain(_said(crossing, sensor, report)) for crossing in crossings)


def _said(crossing: LimitCrossing, sensor: Sensor, report: ForecastReport) -> str:
    first = crossing.expected_at or crossing.at_80 or crossing.at_95
    assert first is not None  # what is not crossed is not told
    values = {
        "limit": limit_name(crossing.limit),
        "value": f"{significant(crossing.value)} {sensor.unit}".strip(),
        "time": _when(first),
    }
    return _template(crossing, report).format(**values)


def _when(time: datetime) -> str:
    ahead = (time - datetime.now(UTC)).total_seconds()
    if ahead <= 0:  # of a sensor that has been silent, or in the hour that runs
        return moment(time)
    return _("{time} (in {duration})").format(time=moment(time), duration=duration(ahead))


def _template(crossing: LimitCrossing, report: ForecastReport) -> str:
    if crossing.limit.startswith("physical"):
        return _("{limit} ({value}) would be crossed at {time}, which cannot be: do not believe the forecast there.")
    if crossing.is_beyond_now and crossing.expected_at == report.steps.times[0]:
        return _("{limit} ({value}) is crossed now, and the coming hour is expected to be beyond it too.")
    if crossing.is_expected:
        return _("{limit} ({value}) is expected to be crossed at {time}.")
    if crossing.at_80:
        return _("{limit} ({value}) may be crossed: the 80% band reaches it at {time}.")
    return _("{limit} ({value}) is unlikely to be crossed: only the 95% band reaches it, at {time}.")
