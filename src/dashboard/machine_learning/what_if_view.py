"""What if one input were different?"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import streamlit as st

from src.dashboard.components import charts
from src.dashboard.components.page import plain
from src.dashboard.locale import _, percent, significant
from src.ml.prediction import what_if
from src.ml.saved_models import LoadedModel
from src.ml.signature import Feature

GRID = 60


@st.fragment
def show_what_if(saved: LoadedModel, values: dict[str, Any]) -> None:
    """Let one input move while the others stay, and show how the answer changes."""
    movable = [f for f in saved.signature.features if f.type == "number"]
    if not movable:
        return
    st.subheader(_("What if one input were different?"), anchor=False)
    by_name = {feature.name: feature for feature in movable}
    name = st.selectbox(_("Input to move"), list(by_name), key=f"what_if_{saved.name}")
    feature = by_name[name]
    low, high = _range(feature, values[name])
    moved = st.slider(
        plain(f"{name} ({feature.unit})" if feature.unit else name),
        low,
        high,
        float(values[name]),
        step=feature.step,
        format=_digits_of(feature.step),
        key=f"slide_{saved.name}_{name}_{values[name]}",  # a new answer starts at its own value, not at the last one
    )
    grid = np.linspace(low, high, GRID).tolist()
    table = what_if(saved.model, saved.signature, values, name, [*grid, moved])
    now = table.iloc[-1]
    classes = [column for column in table.columns if column not in ("value", "outcome")]
    unit = saved.signature.target_unit
    is_class = saved.signature.task == "classification"
    outcome = str(now["outcome"]) if is_class else f"{significant(float(now['outcome']))} {unit}".strip()
    text = f"**{plain(f'{saved.signature.target}: {outcome}')}** · {plain(name)} = {significant(moved)} {feature.unit}"
    if classes:
        share = float(now[outcome] if outcome in classes else now[classes].max())
        text += f" · {_('probability {share}').format(share=percent(share))}"
    st.markdown(text)
    if classes or not is_class:
        lines = classes or ["outcome"]
        axis = f"{name} ({feature.unit})" if feature.unit else name
        value = f"{saved.signature.target} ({unit})" if unit else saved.signature.target
        title = _("Probability") if classes else value
        figure = charts.response(table.sort_values("value"), lines, moved, axis, title, is_share=bool(classes))
        charts.show(figure, "response", _("How the answer changes with {name}").format(name=name))


def _digits_of(step: float) -> str:
    """The format that shows each step as another number."""
    digits = max(-math.floor(math.log10(step)), 0)
    return f"%.{digits + 1}f" if digits < 9 else "%.3e"


def _range(feature: Feature, value: float) -> tuple[float, float]:
    """The range seen in training and the value, widened to whole steps so that the slider reaches both ends."""
    low = min(feature.minimum if feature.minimum is not None else value - 1, value)
    high = max(feature.maximum if feature.maximum is not None else value + 1, value)
    step = feature.step if low < high else max(1.0, abs(low) / 1000)  # beside 1e17 a step of 1 is none
    first, last = math.floor(low / step), math.ceil(high / step)
    if first == last:
        first, last = first - 1, last + 1
    return float(f"{first * step:.12g}"), float(f"{last * step:.12g}")
