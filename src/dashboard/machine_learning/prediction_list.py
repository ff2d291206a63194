"""The predictions that were made by hand."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from src.dashboard.locale import _, moment
from src.dashboard.locale.typed import write_number
from src.ml.prediction_history import recent_predictions


def show_history(name: str) -> None:
    """Show what was asked of a model, and what it answered, the latest first."""
    history = recent_predictions(name, limit=50)
    if history.empty:
        return
    with st.expander(_("Predictions made with this model"), icon=":material/history:"):
        inputs = pd.DataFrame(history["inputs"].tolist()).map(_as_typed)
        shown = pd.concat(
            [
                history["predicted_at"].map(moment).rename(_("Time")),
                inputs,
                history["outcome"].map(_as_typed).rename(_("Answer")),
                history["model_version"].rename(_("Version")),
            ],
            axis=1,
        )
        st.dataframe(shown, hide_index=True, alt=_("Predictions made with this model"))


def _as_typed(value: object) -> str:
    return write_number(value) if isinstance(value, int | float) and value == value else str(value)
