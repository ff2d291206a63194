"""What there is to train from, sensor by sensor, and why some cannot be trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import streamlit as st

from src.dashboard.components.page import provenance
from src.dashboard.components.tables import show_table
from src.dashboard.locale import _, duration, moment, number, translated
from src.dashboard.time_series.model_kinds import kind_name
from src.ml.sensor_models.readiness import Readiness, Samples, lacks_models
from src.ml.sensor_models.retraining import Plan
from src.ml.sensor_models.store import Version
from src.ml.sensor_models.training import ANOMALY, FORECASTER


def show_training_table(looked: Sequence[Readiness], plan: Plan, versions: Mapping[str, Version]) -> None:
    """Show how many sensors can be trained, and a row a sensor; those that cannot be come first."""
    ready = sum(one.can_be_trained for one in looked)
    figures = {
        _("Sensors"): len(looked),
        _("Can be trained"): ready,
        _("Cannot be trained"): len(looked) - ready,
        _("Without models"): sum(lacks_models(one.sensor, plan, versions) for one in looked),
    }
    row = st.container(horizontal=True)
    for label, value in figures.items():
        row.metric(label, number(value, 0), border=True)
    newest = max((one.newest for one in looked if one.newest), default=None)
    provenance(_("Data as of {time}").format(time=moment(newest)) if newest else "")
    ordered = sorted(looked, key=lambda one: one.can_be_trained)
    show_table(
        pd.DataFrame({"place": range(len(ordered))}),
        "training",
        _("What there is to train from, sensor by sensor"),
        file_name="training",
        download=pd.DataFrame([_raw_row(one, plan, versions) for one in ordered]),
        formatted=lambda rows: pd.DataFrame([_row(ordered[place], plan, versions) for place in rows["place"]]),
        column_config={
            _("Sensor"): st.column_config.TextColumn(width="medium", pinned=True),
            _("Can it be trained?"): st.column_config.TextColumn(width="large" if ready < len(looked) else None),
            _detector_samples(): st.column_config.TextColumn(help=_("Good readings that there are / that are needed.")),
            _forecaster_samples(): st.column_config.TextColumn(
                help=_("Hours with a good reading that there are / that are needed.")
            ),
        },
    )


def _detector_samples() -> str:
    return _("Detector samples")


def _forecaster_samples() -> str:
    return _("Forecaster samples")


def _row(one: Readiness, plan: Plan, versions: Mapping[str, Version]) -> dict[str, Any]:
    samples = {kind: _of_needed(found) for kind, found in one.samples.items()}
    models = {kind: _version_text(plan.version_of(one.sensor, kind, versions)) for kind in one.samples}
    return {
        _("Sensor"): one.sensor.display_name,
        _("Can it be trained?"): _answer(one),
        **({_detector_samples(): samples[ANOMALY], _("Detector"): models[ANOMALY]} if ANOMALY in samples else {}),
        **(
            {_forecaster_samples(): samples[FORECASTER], _("Forecaster"): models[FORECASTER]}
            if FORECASTER in samples
            else {}
        ),
        _("Newest reading"): moment(one.newest),
        _("Machine"): one.sensor.equipment,
    }


def _answer(one: Readiness) -> str:
    reasons = {kind: translated(found.reason) for kind, found in one.samples.items() if found.reason is not None}
    if not reasons:
        return _("yes")
    if len(reasons) == len(one.samples) and len(set(reasons.values())) == 1:
        return next(iter(reasons.values()))
    return " ".join(f"{kind_name(kind)}: {reason}" for kind, reason in reasons.items())


def _of_needed(samples: Samples) -> str:
    return f"{number(samples.count, 0)}{'+' if samples.is_least else ''} / {number(samples.needed, 0)}"


def _version_text(version: Version | None) -> str:
    if version is None:
        return "—"
    if version.trained_at is None:
        return f"v{version.version}"
    age = duration((datetime.now(UTC) - version.trained_at).total_seconds())
    return f"v{version.version}, {_('{duration} ago').format(duration=age)}"


def _raw_row(one: Readiness, plan: Plan, versions: Mapping[str, Version]) -> dict[str, Any]:
    """The row as other programs want it; the names do not depend on the language."""
    row: dict[str, Any] = {"sensor": one.sensor.display_name, "machine": one.sensor.equipment, "newest": one.newest}
    for kind, found in one.samples.items():
        version = plan.version_of(one.sensor, kind, versions)
        row |= {
            f"{kind}_samples": found.count,
            f"{kind}_needed": found.needed,
            f"{kind}_reason": str(found.reason or ""),
            f"{kind}_version": version.version if version else None,
            f"{kind}_trained_at": version.trained_at if version else None,
        }
    return row
