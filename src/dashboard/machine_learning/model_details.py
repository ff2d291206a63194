"""What is known about a saved model, at a glance."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from src.dashboard.components.page import plain
from src.dashboard.locale import _, moment, number, score, significant
from src.dashboard.machine_learning.table_profile import kind_name, source_name
from src.ml.saved_models import LoadedModel
from src.ml.signature import Signature


def show_details(saved: LoadedModel) -> None:
    """Show what is known about a model: what it takes, what it was trained on, how good it was."""
    training, comparison = saved.details.get("training"), saved.details.get("comparison")
    if saved.metadata.get("description"):
        st.text(saved.metadata["description"])
    show_features(saved.signature)
    if text := decides_by(saved.signature):
        st.caption(f":material/tune: {plain(text)}")
    if training:
        text = _("Trained on {rows} rows of {source}").format(
            rows=number(training["rows"], 0), source=source_name(training["source"])
        )
        span = f", {moment(training['from'])} – {moment(training['to'])}" if training["from"] else ""
        st.caption(plain(text + span))
    if comparison:
        metrics = comparison["holdout"]["metrics"]
        text = _("On {rows} rows held out:").format(rows=number(comparison["holdout_rows"], 0))
        st.caption(plain(f"{text} {' · '.join(f'{name} {score(value)}' for name, value in metrics.items())}"))


def show_features(signature: Signature) -> None:
    """Show the features that a model takes, in order, with what was seen in training."""
    st.dataframe(_features(signature), hide_index=True, alt=_("What the model takes"))


def decides_by(signature: Signature) -> str:
    """Say by which threshold a model decides; empty where it decides for the more probable class."""
    if signature.threshold is None:
        return ""
    return _("Decides for {label!r} from a probability of {threshold} on.").format(
        label=str(signature.positive), threshold=significant(signature.threshold)
    )


def _features(signature: Signature) -> pd.DataFrame:
    columns = {
        _("Feature"): [feature.name for feature in signature.features],
        _("Type"): [kind_name(feature.type) for feature in signature.features],
        _("Unit"): [feature.unit for feature in signature.features],
        _("Lowest"): [significant(feature.minimum) for feature in signature.features],
        _("Highest"): [significant(feature.maximum) for feature in signature.features],
        _("Categories"): [", ".join(feature.categories[:8]) for feature in signature.features],
    }
    return pd.DataFrame({name: cells for name, cells in columns.items() if any(cells)})
