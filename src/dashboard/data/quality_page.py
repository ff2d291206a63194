"""Data quality: can this data be used?"""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from src.config import get_settings
from src.dashboard.components import charts
from src.dashboard.components.choices import ALL, choose_view
from src.dashboard.components.demo_plant import offer_demo_plant
from src.dashboard.components.page import page_header, provenance, show_error
from src.dashboard.data import quality_charts
from src.dashboard.data.export_view import show_export
from src.dashboard.data.filters import choose_machine, choose_period, choose_sensors
from src.dashboard.data.quality_table import show_quality_table
from src.dashboard.data.sensor_quality_view import show_sensor
from src.dashboard.locale import _, moment, number, percent
from src.database.engine import reading
from src.errors import InvalidPeriod
from src.sensors.period_choice import whole_span
from src.sensors.presence import Presence, presence
from src.sensors.quality import SensorQuality, quality_of_sensors
from src.sensors.reading_stream import Period, data_version
from src.sensors.sensor_manager import Sensor, create_sensor_manager

SECONDS_KEPT = 60
"""How long a picture is kept where nothing tells that the data has changed; ages are told from it too."""
_ROW_PIXELS = 24


@st.cache_data(ttl=SECONDS_KEPT, max_entries=24, show_spinner=False)
def _look(
    sensors: tuple[Sensor, ...], period: Period, database: str, version: str
) -> tuple[Presence, list[SensorQuality], datetime]:
    """Count once what several readers look at; database and version are there to be part of the key."""
    ids = [sensor.sensor_id for sensor in sensors]
    qualities = quality_of_sensors(sensors, period)
    return presence(ids, period, intervals=[quality.interval for quality in qualities]), qualities, datetime.now(UTC)


def show() -> None:
    """Show the page."""
    page_header(_("Data quality"), _("Can this data be used? What is there, what is missing, and how fresh it is."))
    sensors, span = create_sensor_manager().get_all_sensors(), whole_span()
    if span is None:
        st.info(_("There are no readings yet. Load the demo plant to try everything out."), icon=":material/sensors:")
        offer_demo_plant()
        return
    chosen, period = _filters(sensors, span)
    if period is None:
        return
    with reading() as connection:
        version = data_version(connection)
    database = get_settings().effective_database_url
    with st.spinner(_("Looking at the readings…")):
        picture, qualities, looked_at = _look(tuple(chosen), period, database, version)
    _key_figures(qualities)
    provenance(
        _("From {start} to {end}").format(start=moment(period.start), end=moment(period.end)),
        _("Data as of {time}").format(time=moment(span.end)),
        _("counted {time}").format(time=moment(looked_at)),
    )
    view = choose_view({"all": _("All sensors"), "one": _("One sensor"), "export": _("Export")})
    if view == "all":
        _map(picture, chosen)
        show_quality_table(qualities)
    elif view == "one":
        show_sensor(qualities, period, f"{database} {version}")
    else:
        show_export(chosen, period)


def _filters(sensors: list[Sensor], span: Period) -> tuple[list[Sensor], Period | None]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        machine = choose_machine(sensor.equipment for sensor in sensors)
        chosen = choose_sensors([sensor for sensor in sensors if machine in (ALL, sensor.equipment)])
        try:
            return chosen, choose_period(span)
        except InvalidPeriod as error:
            show_error(error)
            return chosen, None


def _key_figures(qualities: list[SensorQuality]) -> None:
    expected = [quality for quality in qualities if quality.expected]
    good = sum(min(quality.good, quality.expected or 0) for quality in expected)
    share = good / sum(quality.expected or 0 for quality in expected) if expected else None
    figures = {
        _("Sensors"): number(len(qualities), 0),
        _("Readings"): number(sum(quality.readings for quality in qualities), 0),
        _("There and good"): percent(share),
        _("Gaps"): number(sum(quality.gaps for quality in qualities), 0),
        _("Silent sensors"): number(sum(quality.is_stale for quality in qualities), 0),
    }
    row = st.container(horizontal=True)
    for label, value in figures.items():
        row.metric(label, value, border=True)


def _map(picture: Presence, sensors: list[Sensor]) -> None:
    st.subheader(_("What is there"), anchor=False)
    if len(sensors) > quality_charts.MOST_ROWS:
        message = _("The {count} sensors with the fewest readings. Choose a machine to see others.")
        st.caption(message.format(count=quality_charts.MOST_ROWS))
    rows = min(len(sensors), quality_charts.MOST_ROWS)
    figure = quality_charts.presence_map(picture, sensors)
    alt = _("Share of the expected readings that are there and good, by sensor and time")
    charts.show(figure, "presence", alt, 110 + _ROW_PIXELS * rows)
