"""The form of a prediction, made from the model's signature."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from src.dashboard.components.number_field import prepare_number
from src.dashboard.components.page import plain
from src.dashboard.locale import _
from src.dashboard.locale.typed import read_number, write_number
from src.ml.saved_models import LoadedModel
from src.ml.signature import Feature, Signature

ROW = 3
ICONS = {
    "lux": ":material/lightbulb:",
    "temperature": ":material/device_thermostat:",
    "vibration": ":material/vibration:",
}


def ask_for_inputs(saved: LoadedModel) -> dict[str, Any] | None:
    """Ask for a value of each feature, numbers as text; None until the button is pressed."""
    with st.form(key="inputs"):
        typed: dict[str, Any] = {}
        features = saved.signature.features
        for start in range(0, len(features), ROW):  # row by row: the order of reading is that of the keyboard
            row = features[start : start + ROW]
            for column, feature in zip(st.columns(min(ROW, len(features))), row, strict=False):
                with column:
                    typed[feature.name] = _input(feature, f"{saved.name}_{feature.name}")
        pressed = st.form_submit_button(
            _("Predict"), type="primary", icon=":material/online_prediction:", key="predict"
        )
    return typed if pressed else None


def _input(feature: Feature, key: str) -> Any:
    label = plain(f"{feature.name} ({feature.unit})" if feature.unit else feature.name)
    if feature.type == "category":
        return st.selectbox(label, feature.categories, key=key, accept_new_options=True)
    if feature.type == "boolean":
        return float(st.toggle(label, value=bool(feature.typical), key=key))
    prepare_number(key, feature.typical or 0.0)
    text = st.text_input(label, icon=ICONS.get(feature.name), key=key, persist_state="session")
    if feature.minimum is not None and feature.maximum is not None:
        st.caption(
            _("seen in training: {minimum} to {maximum}").format(
                minimum=write_number(feature.minimum), maximum=write_number(feature.maximum)
            )
        )
    return text


def read_inputs(signature: Signature, typed: Mapping[str, Any]) -> dict[str, Any]:
    """Read what was typed into the form.

    Raises
    ------
    InvalidPredictionInput
        What was typed for a number is none, or can be read as two.
    """
    numbers = {feature.name for feature in signature.features if feature.type in ("number", "time")}
    return {name: read_number(name, value) if name in numbers else value for name, value in typed.items()}
