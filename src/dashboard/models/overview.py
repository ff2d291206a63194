"""Models: what have we got, and can we trust it?"""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from src.dashboard.components.acts import offer_acts
from src.dashboard.components.page import asked_in_url, page_header, plain, put_in_url
from src.dashboard.components.tables import show_table
from src.dashboard.locale import _, moment, number, score
from src.dashboard.models.details import show_model
from src.dashboard.models.importing import offer_import
from src.dashboard.models.names import file_size, order_names, trust_name
from src.dashboard.page_list import go_to
from src.evaluation.metrics import metric_title
from src.storage.model_summary import ORDERS, Order, find_models
from src.utils.model_store import get_models_summary


def show() -> None:
    """Show the page: one model where the URL names it, else all of them."""
    page_header(_("Models"), _("What have we got, and can we trust it?"))
    summary = get_models_summary()
    asked = st.query_params.get("model")
    known = summary[summary["name"] == asked]
    if len(known):
        show_model(str(asked), trusted=bool(known["trusted"].iloc[0]), names=sorted(summary["name"]))
        return
    if asked is not None:
        st.warning(plain(_("There is no model called {name!r} here. Choose another.").format(name=asked)))
    if summary.empty:
        st.info(
            _("There is no saved model yet. Train and compare some, and save the best."), icon=":material/inventory_2:"
        )
        if st.button(_("Train and compare"), type="primary", key="go_train"):
            go_to("train")
    else:
        _list(summary)
    offer_import()
    offer_acts("model")


def _list(summary: pd.DataFrame) -> None:
    left, right = st.columns([3, 2])
    search = left.text_input(
        _("Search"), key="search", bind="query-params", help=_("Words in the name, type, target or notes")
    )
    with right:
        order = _ask_for_order()
    found = find_models(summary, search or "", order)
    if found.empty:
        st.info(_("No model has these words in it."), icon=":material/search_off:")
        return
    st.selectbox(
        _("Open a model"),
        found["name"],
        index=None,
        placeholder=_("Choose one of {count}").format(count=number(len(found), 0)),
        key="open_model",
        on_change=_open,
    )
    show_table(
        found,
        "models",
        _("Saved models"),
        file_name="models",
        formatted=_shown,
        column_config=_widths(),
    )


def _ask_for_order() -> Order:
    names = order_names()
    orders = list(names)
    # Set anew in each run: after a change of language the browser would go on showing the former one's words.
    st.session_state["model_order"] = asked_in_url("order", orders, "newest")
    chosen = st.selectbox(
        _("Order"), orders, format_func=names.__getitem__, key="model_order", on_change=_put_order_in_url
    )
    return next(order for order in ORDERS if order == chosen)


def _put_order_in_url() -> None:
    put_in_url("order", st.session_state["model_order"])


def _open() -> None:
    if name := st.session_state["open_model"]:
        st.query_params["model"] = name


def _shown(found: pd.DataFrame) -> pd.DataFrame:
    rows = found.itertuples(index=False)
    return pd.DataFrame([_row(row) for row in rows])


def _row(row: Any) -> dict[str, str]:
    return {
        _("Name"): row.name,
        _("Type"): row.model_type,
        _("Target"): row.target,
        _("Score"): f"{score(row.score)} {metric_title(row.metric)}".strip(),
        _("Saved"): moment(row.saved_at) if row.saved_at == row.saved_at else "—",
        _("Version"): str(row.version),
        _("Size"): file_size(None if pd.isna(row.size_bytes) else int(row.size_bytes)),
        _("Trusted"): trust_name(row.trusted, missing=bool(pd.isna(row.size_bytes))),
        _("Notes"): row.description,
    }


def _widths() -> dict[Any, Any]:
    """Widths in pixels with which score and time are in sight at 800 pixels."""
    names = {
        _("Type"): 130,
        _("Target"): 80,
        _("Score"): 120,
        _("Saved"): 132,
        _("Version"): 64,
        _("Size"): 80,
        _("Trusted"): 80,
    }
    return {
        _("Name"): st.column_config.TextColumn(pinned=True),
        **{name: st.column_config.TextColumn(width=width) for name, width in names.items()},
    }
