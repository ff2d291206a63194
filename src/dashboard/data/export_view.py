"""Readings to take elsewhere."""

from __future__ import annotations

import io
import shlex
from collections.abc import Sequence

import streamlit as st

from src.dashboard.components.choices import choose
from src.dashboard.components.page import plain
from src.dashboard.locale import _, moment, number
from src.sensors.reading_export import count_for_export, export_readings
from src.sensors.reading_stream import Period
from src.sensors.sensor_manager import Sensor, create_sensor_manager

MOST_READINGS = 500_000
"""What a browser is sent lies in the server's memory for a while; more is for the command line."""
FORMATS = ("csv", "parquet")


def show_export(sensors: Sequence[Sensor], period: Period) -> None:
    """Offer the readings that are looked at as a file that can be imported again."""
    count = count_for_export(sensors, period)
    facts = _("{readings} readings of {sensors} sensors, from {start} to {end}")
    st.markdown(
        plain(
            facts.format(
                readings=number(count, 0),
                sensors=number(len(sensors), 0),
                start=moment(period.start),
                end=moment(period.end),
            )
        )
    )
    st.caption(_("Columns: sensor, timestamp (UTC), value, quality. The file can be imported again as it is."))
    ending = choose(_("Format"), FORMATS, "format", names=str.upper)
    if count > MOST_READINGS:
        message = _("That is more than {most} readings. This command writes them, however many there are:")
        st.info(message.format(most=number(MOST_READINGS, 0)), icon=":material/terminal:")
        st.code(_command(sensors, period, ending), language="bash", wrap_lines=True)
        return
    st.download_button(
        _("Download"),
        lambda: _content(sensors, period, ending),
        file_name=f"readings.{ending}",
        mime="text/csv" if ending == "csv" else "application/vnd.apache.parquet",
        key="export",
        type="primary",
        icon=":material/download:",
        on_click="ignore",
        disabled=not count,
    )


def _content(sensors: Sequence[Sensor], period: Period, ending: str) -> bytes:
    content = io.BytesIO()
    export_readings(content, sensors, period, ending=f".{ending}")
    return content.getvalue()


def _command(sensors: Sequence[Sensor], period: Period, ending: str) -> str:
    every = len(sensors) == len(create_sensor_manager().get_all_sensors())
    names = [] if every else [f"--sensor={sensor.display_name}" for sensor in sensors]
    span = ["--from", period.start.isoformat(), "--to", period.end.isoformat()]
    return shlex.join(["python", "-m", "src", "data", "export", "--out", f"readings.{ending}", *names, *span])
