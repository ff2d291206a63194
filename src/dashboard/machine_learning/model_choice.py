"""Which saved model a page asks: chosen among those that may be used, and loaded once for all pages."""

from __future__ import annotations

from typing import Any

import streamlit as st

from src.dashboard.components.page import plain, show_error
from src.dashboard.locale import _, ngettext
from src.dashboard.page_list import go_to
from src.errors import FarolError
from src.ml.saved_models import LoadedModel, load_saved
from src.utils.model_store import default_store, list_models


@st.cache_resource(max_entries=8, show_spinner=False)
def _load(name: str, version: int, sha256: str) -> LoadedModel:
    """Load a model once; version and hash are in the key, so that a new version is seen at once."""
    return load_saved(name, version)


def choose_model() -> LoadedModel | None:
    """Let the reader choose a model, which the URL names; None where there is none, or it cannot be loaded."""
    untrusted = default_store().untrusted()
    models = {name: entry for name, entry in list_models().items() if name not in untrusted}
    if not models:
        st.info(
            _("There is no saved model yet. Train and compare some, and save the best."), icon=":material/inventory_2:"
        )
        if st.button(_("Train and compare"), type="primary", key="go_train"):
            go_to("train")
        _point_to_models(len(untrusted))
        return None
    name = _choose(models, len(untrusted))
    if name is None:
        return None
    try:
        with st.spinner(_("Loading the model…")):
            saved = _load(name, models[name]["version"], models[name]["sha256"])
    except FarolError as error:
        show_error(error)
        return None
    if saved.changed_libraries:
        message = _("The model was saved with {libraries}. Check its predictions, or train it anew.")
        st.warning(message.format(libraries=", ".join(saved.changed_libraries)), icon=":material/warning:")
    return saved


def _choose(models: dict[str, dict[str, Any]], untrusted: int) -> str | None:
    asked = st.query_params.get("model")
    if asked is not None and asked not in models:
        st.warning(plain(_("There is no model called {name!r} here. Choose another.").format(name=asked)))
    newest_first = sorted(models, key=lambda name: models[name]["saved_at"], reverse=True)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox(_("Model"), newest_first, key="model", bind="query-params")
        _point_to_models(untrusted)
    return name


def _point_to_models(untrusted: int) -> None:
    """Lead to where models are looked at, and to those that could be used if they were trusted."""
    with st.container(horizontal=True, vertical_alignment="center", width="content"):
        if untrusted:
            st.caption(ngettext("{count} model is not trusted yet.", "{count} models are not trusted yet.", untrusted))
        if st.button(_("All models"), key="go_models", type="tertiary", icon=":material/inventory_2:"):
            go_to("models")
