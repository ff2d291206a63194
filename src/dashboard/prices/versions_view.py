"""The versions of a product's model: going back to one of them, or deleting them all."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from src.dashboard.components.acting import acting_name
from src.dashboard.components.choices import choose
from src.dashboard.components.deletion import is_model_to_go
from src.dashboard.components.page import errors_shown, flash, plain
from src.dashboard.locale import _, moment, percent, signed_percent, significant
from src.dashboard.prices.outlook import Outlook
from src.dashboard.prices.predictor import shared_manager
from src.pricing.model_acts import delete, go_back
from src.pricing.model_manager import ModelVersion


def show_versions(outlook: Outlook) -> None:
    """List the versions, and offer to go back to another one, or to delete the model."""
    versions = outlook.versions
    if not versions:
        st.info(_("There is no model yet. Train one."), icon=":material/history:")
        return
    st.dataframe(
        pd.DataFrame([_row(version) for version in versions]), hide_index=True, alt=_("Versions"), key="price_versions"
    )
    others = [version.version for version in versions if not version.is_current]
    if others:
        _offer_to_go_back(outlook.product.sku, versions, others)
    _offer_to_delete(outlook.product.sku)


def _row(version: ModelVersion) -> dict[str, str]:
    ratio = version.metrics.get("error_to_naive")
    mape = version.metrics.get("mape")
    return {
        _("Version"): version.version,
        _("Current"): _("yes") if version.is_current else "",
        _("Trained"): moment(version.trained_at),
        _("Error against the naive"): signed_percent(None if ratio is None else ratio - 1, 0),
        "MAE": significant(version.metrics.get("mae"), 3),
        "MAPE": percent(None if mape is None else mape / 100),
    }


def _offer_to_go_back(sku: str, versions: Sequence[ModelVersion], others: list[str]) -> None:
    current = next(one.version for one in versions if one.is_current)
    # With another key once that is done: it closes, rather than offer the way back below the pointer.
    with st.popover(_("Go back to another version"), icon=":material/undo:", key=f"go_back_{current}"):
        version = choose(_("Version"), others, "version")
        st.markdown(
            _(
                "From then on version {version} forecasts {sku}. Version {current} stays, and can be made the current "
                "one again in the same way."
            ).format(version=version, sku=plain(sku), current=current)
        )
        if st.button(_("Make it the current one"), type="primary", key="go_back"):
            with errors_shown():
                go_back(acting_name(), sku, version, shared_manager())
                st.query_params.pop("version", None)
                flash(_("Version {version} is now the current one.").format(version=version))
                st.rerun()


def _offer_to_delete(sku: str) -> None:
    if is_model_to_go(sku, "SKU", afterwards=_("Without a model the moving average serves.")):
        with errors_shown():
            delete(acting_name(), sku, shared_manager())
            st.query_params.pop("version", None)
            flash(_("The model of {sku} is deleted.").format(sku=sku))
            st.rerun()
