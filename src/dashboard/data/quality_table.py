"""What each sensor's readings are like, a row a sensor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from src.dashboard.components.tables import show_table
from src.dashboard.data.quality_charts import code_name
from src.dashboard.locale import _, duration, moment
from src.dashboard.locale.typed import number_or_dash
from src.sensors.quality import SensorQuality


def show_quality_table(qualities: Sequence[SensorQuality]) -> None:
    """Show the table, with its raw figures to download."""
    st.subheader(_("Sensor by sensor"), anchor=False)
    shown = pd.DataFrame([_row(quality) for quality in qualities])
    show_table(
        shown,
        "quality",
        _("Quality of the readings, sensor by sensor"),
        file_name="data_quality",
        download=pd.DataFrame([raw_row(quality) for quality in qualities]),
        column_config={
            _("Sensor"): st.column_config.TextColumn(width="medium", pinned=True),
            _("There and good"): st.column_config.ProgressColumn(
                min_value=0, max_value=1, format="percent", width=120, help=_("Share of the readings expected.")
            ),
            _("Gaps"): st.column_config.NumberColumn(help=_("Steps longer than one and a half of the usual ones.")),
            _("Repeated"): st.column_config.NumberColumn(help=_("Good readings with the very value before them.")),
            _("Too close"): st.column_config.NumberColumn(
                help=_("Readings less than half a step after the one before: sent twice, perhaps.")
            ),
            _("Freshness"): st.column_config.TextColumn(
                help=_("Silent: no reading for more than three of its usual steps.")
            ),
        },
    )


def freshness(quality: SensorQuality) -> str:
    """Say how fresh a sensor's readings are."""
    if quality.age is None:
        return _("no readings")
    if not quality.sensor.enabled:
        return _("not in use")
    if quality.age < 0:
        return _("in the future")
    ago = _("{duration} ago").format(duration=duration(quality.age))
    return f"{_('silent')}, {ago}" if quality.is_stale else ago


def codes_text(quality: SensorQuality) -> str:
    """Say how many readings have which quality code."""
    return ", ".join(f"{code_name(code)} {count}" for code, count in quality.codes.items())


def _row(quality: SensorQuality) -> dict[str, Any]:
    minimum, low, median, high, maximum = quality.quantiles or (None,) * 5
    longest = quality.longest_gaps[0].seconds if quality.longest_gaps else None
    return {
        _("Sensor"): quality.sensor.display_name,
        _("There and good"): quality.share,
        _("Freshness"): freshness(quality),
        _("Readings"): quality.readings,
        _("Not good"): codes_text(quality) or "—",
        _("Gaps"): quality.gaps,
        _("Longest gap"): duration(longest),
        _("Out of range"): quality.out_of_range,
        _("Repeated"): quality.repeated,
        _("Too close"): quality.near_duplicates,
        _("Every"): duration(quality.interval),
        _("Unit"): quality.sensor.unit,
        _("Minimum"): number_or_dash(minimum),
        _("Lower quartile"): number_or_dash(low),
        _("Median"): number_or_dash(median),
        _("Upper quartile"): number_or_dash(high),
        _("Maximum"): number_or_dash(maximum),
        _("Last reading"): moment(quality.last),
        _("Machine"): quality.sensor.equipment,
    }


def raw_row(quality: SensorQuality) -> dict[str, Any]:
    """Return the figures as other programs want them: seconds, shares, UTC; the names do not depend on the language."""
    names = ("minimum", "lower_quartile", "median", "upper_quartile", "maximum")
    return {
        "sensor": quality.sensor.display_name,
        "machine": quality.sensor.equipment,
        "unit": quality.sensor.unit,
        "readings": quality.readings,
        "expected": quality.expected,
        "good": quality.good,
        "share": quality.share,
        "not_good": " ".join(f"{code}:{count}" for code, count in quality.codes.items()),
        "without_value": quality.without_value,
        "out_of_range": quality.out_of_range,
        "gaps": quality.gaps,
        "missing_in_gaps": quality.missing,
        "longest_gap_seconds": quality.longest_gaps[0].seconds if quality.longest_gaps else None,
        "near_duplicates": quality.near_duplicates,
        "repeated": quality.repeated,
        "interval_seconds": quality.interval,
        "last_reading": quality.last,
        "silent": quality.is_stale,
        **dict(zip(names, quality.quantiles or (None,) * 5, strict=True)),
    }
