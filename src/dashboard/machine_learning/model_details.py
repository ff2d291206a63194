"""Saved models in a table, the details of one, and those that are not trusted yet."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from src.dashboard.components.page import errors_shown, flash
from src.dashboard.locale import _, moment, number, score, significant
from src.dashboard.machine_learning.table_profile import kind_name, source_name
from src.evaluation.metrics import metrics_for
from src.ml.saved_models import LoadedModel
from src.ml.signature import Signature
from src.utils.model_store import default_store, get_models_summary


def show_models() -> None:
    """Show the saved models, the newest first."""
    summary = get_models_summary()
    summary = summary[summary["trusted"]].sort_values("saved_at", ascending=False)
    shown = pd.DataFrame(
        {
            _("Name"): summary["name"],
            _("Type"): summary["model_type"],
            _("Saved"): summary["saved_at"].map(lambda value: moment(str(value))),
            _("Version"): summary["version"].astype(str),
            **{name: summary[name.lower()].map(score) for name in _metric_columns(summary)},
        }
    )
    with st.expander(_("Saved models: {count}").format(count=len(shown)), expanded=True, icon=":material/inventory_2:"):
        st.dataframe(
            shown,
            hide_index=True,
            alt=_("Saved models"),
            height=min(36 * (len(shown) + 1) + 3, 260),
            column_config={_("Name"): st.column_config.TextColumn(pinned=True)},
        )


def _metric_columns(summary: pd.DataFrame) -> list[str]:
    """The metrics that any of the models has, so that no column is empty."""
    names = [metric.name for task in ("classification", "regression") for metric in metrics_for(task)]
    return [name for name in names if name.lower() in summary and summary[name.lower()].notna().any()]


def show_details(saved: LoadedModel) -> None:
    """Show what is known about a model: what it takes, what it was trained on, how good it was."""
    training, comparison = saved.details.get("training"), saved.details.get("comparison")
    if saved.metadata.get("description"):
        st.text(saved.metadata["description"])
    st.dataframe(_features(saved.signature), hide_index=True, alt=_("What the model takes"))
    if training:
        st.caption(
            _("Trained on {rows} rows of {source}").format(
                rows=number(training["rows"], 0), source=source_name(training["source"])
            )
            + (f", {moment(training['from'])} – {moment(training['to'])}" if training["from"] else "")
        )
    if comparison:
        metrics = comparison["holdout"]["metrics"]
        st.caption(
            _("On {rows} rows held out:").format(rows=number(comparison["holdout_rows"], 0))
            + " "
            + " · ".join(f"{name} {score(value)}" for name, value in metrics.items())
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


def show_untrusted(files: dict[str, dict[str, Any]]) -> None:
    """List model files that were not saved here, with a button that warns and adopts them."""
    if not files:
        return
    with st.expander(_("Not trusted: {count}").format(count=len(files)), icon=":material/gpp_maybe:"):
        st.warning(
            _(
                "These files were not saved by this installation. Loading a model runs code from its file: adopt only "
                "what comes from someone you trust."
            )
        )
        for name in files:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"`{name}`", width="stretch")
                if st.button(_("I trust it: adopt"), key=f"trust_{name}"):
                    with errors_shown():
                        default_store().trust(name)
                        flash(_("{name!r} is adopted.").format(name=name))
                        st.rerun()
