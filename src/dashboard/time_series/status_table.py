"""The models of sensors, a row a sensor."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import streamlit as st

from src.dashboard.components.tables import show_table
from src.dashboard.locale import _, duration, moment, significant, translated
from src.dashboard.time_series.model_kinds import model_name
from src.ml.sensor_models.condition import Condition, conditions, error_ratio
from src.ml.sensor_models.status import ModelState
from src.ml.sensor_models.training import ANOMALY

_WORST_FIRST = (Condition.WORSE, Condition.DRIFT, Condition.WITHOUT)


def show_status_table(rows: Sequence[dict[str, Any]]) -> None:
    """Show the table, those first whose models are not in order."""
    ordered = sorted(rows, key=_rank)
    drifts = any(Condition.DRIFT in conditions(row) for row in rows)
    show_table(
        pd.DataFrame({"place": range(len(ordered))}),
        "model_status",
        _("The models of the sensors"),
        file_name="model_status",
        download=pd.DataFrame([_raw_row(row) for row in ordered]),
        formatted=lambda places: pd.DataFrame([_row(ordered[place]) for place in places["place"]]),
        column_config={
            _("Sensor"): st.column_config.TextColumn(width="medium", pinned=True),
            _("Error at training"): st.column_config.TextColumn(
                help=_("Mean absolute error in the backtest, in the sensor's unit.")
            ),
            _("Last error"): st.column_config.TextColumn(
                help=_("Mean absolute error of what this version has forecast, once the readings have come.")
            ),
            _("Drift"): st.column_config.TextColumn(width="large" if drifts else None),
            _ratio(): st.column_config.NumberColumn(format="percent"),
        },
    )


def condition_name(condition: Condition) -> str:
    """Say what is wrong with a sensor's models."""
    return {
        Condition.WITHOUT: _("without models"),
        Condition.DRIFT: _("with drift"),
        Condition.WORSE: _("worse than at training"),
    }[condition]


def _rank(row: dict[str, Any]) -> int:
    found = conditions(row)
    return next((place for place, condition in enumerate(_WORST_FIRST) if condition in found), len(_WORST_FIRST))


def _ratio() -> str:
    return _("Last to training")


def _row(row: dict[str, Any]) -> dict[str, Any]:
    detector, forecaster = row["anomaly_detector"], row["forecaster"]
    found = conditions(row)
    return {
        _("Sensor"): row["display_name"],
        _("State"): ", ".join(condition_name(one) for one in _WORST_FIRST if one in found) or _("in order"),
        _("Detector"): _version(detector),
        _("Forecaster"): _version(forecaster),
        _("Error at training"): significant(forecaster.error_at_training if forecaster else None),
        _("Last error"): significant(forecaster.last_error if forecaster else None),
        _ratio(): error_ratio(forecaster),
        _("Unit"): row["unit"],
        _("Drift"): " ".join(
            dict.fromkeys(translated(one.drift) for one in (detector, forecaster) if one and one.drift)
        ),
        _("Detector trained"): moment(detector.trained_at if detector else None),
        _("Forecaster trained"): moment(forecaster.trained_at if forecaster else None),
        _("Newest reading"): moment(row["newest_reading"]),
        _("Machine"): row["equipment"],
    }


def _version(state: ModelState | None) -> str:
    if state is None:
        return "—"
    model = "" if state.model == ANOMALY else f", {model_name(state.model)}"
    if state.trained_at is None:
        return f"v{state.version}{model}"
    age = duration((datetime.now(UTC) - state.trained_at).total_seconds())
    return f"v{state.version}{model}, {_('{duration} ago').format(duration=age)}"


def _raw_row(row: dict[str, Any]) -> dict[str, Any]:
    """The row as other programs want it: UTC, the sensor's unit; the names do not depend on the language."""
    names = ("sensor_id", "display_name", "equipment", "unit", "newest_reading")
    facts = ("version", "trained_at", "data_until", "hours", "samples", "model", "error_at_training", "last_error")
    raw = {name: row[name] for name in names} | {"conditions": " ".join(sorted(conditions(row)))}
    for kind in ("anomaly_detector", "forecaster"):
        state = row[kind]
        raw |= {f"{kind}_{fact}": getattr(state, fact, None) for fact in facts}
        raw |= {f"{kind}_drift": str(state.drift) if state and state.drift else ""}
    return raw
