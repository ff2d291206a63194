"""One sensor looked at closely: its series, its values, its gaps."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from src.dashboard.components import charts
from src.dashboard.components.choices import choose
from src.dashboard.components.page import plain, provenance
from src.dashboard.components.tables import show_table
from src.dashboard.data import quality_charts
from src.dashboard.data.quality_table import codes_text, freshness
from src.dashboard.locale import _, duration, moment, number
from src.sensors.downsampling import Series, series_of_sensor
from src.sensors.quality import SensorQuality
from src.sensors.reading_stream import Period

_WIDE, _NARROW = 620, 320
_MOST_POINTS = 2_400
"""Two or three pixels a point of the line: more would not be seen, and makes each changed filter slower."""


@st.cache_data(ttl=60, max_entries=24, show_spinner=False)
def _series(sensor_id: int, period: Period, version: str) -> Series:
    return series_of_sensor(sensor_id, period, most=_MOST_POINTS)


def show_sensor(qualities: Sequence[SensorQuality], period: Period, version: str) -> None:
    """Let the reader choose a sensor, and show it; the worst is the first choice."""
    by_id = {str(quality.sensor.sensor_id): quality for quality in qualities}
    worst = min(by_id, key=lambda sensor_id: _rank(by_id[sensor_id]))
    chosen = choose(
        _("Sensor"), list(by_id), "sensor", default=worst, names=lambda each: by_id[each].sensor.display_name
    )
    quality = by_id[chosen]
    if not quality.readings:
        st.info(_("It has no readings in this period. Choose a longer one."), icon=":material/hourglass_empty:")
        return
    points = _series(quality.sensor.sensor_id, period, version)
    name = quality.sensor.display_name
    charts.show(
        quality_charts.series(points, quality.sensor), "series", _("Readings of {sensor}").format(sensor=name), 340
    )
    provenance(
        _("{count} readings, drawn with {points} points").format(
            count=number(points.readings, 0), points=number(points.times.size + points.marked_times.size, 0)
        ),
        codes_text(quality),
        _("last reading {age}").format(age=freshness(quality)),
    )
    with charts.side_by_side():
        with st.container(width=_NARROW if quality.gaps else _WIDE):
            _distribution(quality)
        with st.container(width=_WIDE):
            _gaps(quality)


def _rank(quality: SensorQuality) -> tuple[bool, float]:
    """First what has readings, the worst of it first."""
    return (not quality.readings, quality.share if quality.share is not None else 1.0)


def _distribution(quality: SensorQuality) -> None:
    st.markdown(f"**{_('Values of the good readings')}**")
    if not quality.counts:
        st.caption(_("There is no good reading with a value."))
        return
    name = quality.sensor.display_name
    charts.show(
        quality_charts.distribution(quality), "distribution", _("Distribution of {sensor}").format(sensor=name), 280
    )


def _gaps(quality: SensorQuality) -> None:
    st.markdown(f"**{_('Gaps')}**")
    if not quality.gaps:
        st.caption(_("There is none in this period."))
        return
    frame = pd.DataFrame(
        [
            {
                _("From"): moment(gap.start),
                _("To"): moment(gap.end),
                _("Lasts"): duration(gap.seconds),
                _("Readings missing"): gap.missing,
            }
            for gap in quality.longest_gaps
        ]
    )
    raw = pd.DataFrame([vars(gap) for gap in quality.longest_gaps])
    alt = _("Gaps of {sensor}, the longest first").format(sensor=plain(quality.sensor.display_name))
    show_table(frame, "gaps", alt, file_name="gaps", download=raw, rows=20)
