"""Predict by hand: what do these values mean?"""

from __future__ import annotations

from typing import Any

import streamlit as st

from src.dashboard.components import charts
from src.dashboard.components.page import errors_shown, page_header, plain, provenance, show_error
from src.dashboard.locale import _, moment, number, percent, significant, translated
from src.dashboard.machine_learning.input_form import ask_for_inputs, read_inputs
from src.dashboard.machine_learning.model_details import show_details, show_models, show_untrusted
from src.dashboard.machine_learning.prediction_list import show_history
from src.dashboard.machine_learning.what_if_view import show_what_if
from src.dashboard.page_list import go_to
from src.errors import FarolError
from src.ml.prediction import Prediction, predict_row
from src.ml.prediction_history import record_prediction
from src.ml.saved_models import LoadedModel, load_saved
from src.utils.model_store import default_store, list_models


@st.cache_resource(max_entries=8, show_spinner=False)
def _load(name: str, version: int, sha256: str) -> LoadedModel:
    """Load a model once; version and hash are in the key, so that a new version is seen at once."""
    return load_saved(name, version)


def show() -> None:
    """Show the page."""
    page_header(_("Predict by hand"), _("Type sensor values in: what state is this, and how sure is the model?"))
    untrusted = default_store().untrusted()
    models = {name: entry for name, entry in list_models().items() if name not in untrusted}
    if not models:
        st.info(
            _("There is no saved model yet. Train and compare some, and save the best."), icon=":material/inventory_2:"
        )
        if st.button(_("Train and compare"), type="primary", key="go_train"):
            go_to("train")
        show_untrusted(untrusted)
        return
    show_models()
    name = _choose(models)
    show_untrusted(untrusted)
    if name is None:
        return
    try:
        with st.spinner(_("Loading the model…")):
            saved = _load(name, models[name]["version"], models[name]["sha256"])
    except FarolError as error:
        show_error(error)
        return
    if saved.changed_libraries:
        message = _("The model was saved with {libraries}. Check its predictions, or train it anew.")
        st.warning(message.format(libraries=", ".join(saved.changed_libraries)), icon=":material/warning:")
    with st.expander(_("Details of the model"), icon=":material/info:"):
        show_details(saved)
    typed = ask_for_inputs(saved)
    seen = st.session_state.get("model_seen")
    st.session_state["model_seen"] = (saved.name, saved.version)
    if typed is not None and seen != (saved.name, saved.version):  # typed for a model that was deleted or replaced
        st.warning(_("The model changed while you typed. Look at the values, then press Predict again."))
        typed = None
    if typed is not None:
        _answer(saved, typed)
    answered = st.session_state.get("answer")
    if answered and answered[0] == (saved.name, saved.version):
        _show_answer(saved, *answered[1:])
        if typed is not None:  # after the answer, which is worth having even where it cannot be kept
            with errors_shown():
                record_prediction(saved.name, saved.version, *answered[1:])
    show_history(name)


def _choose(models: dict[str, dict[str, Any]]) -> str | None:
    asked = st.query_params.get("model")
    if asked is not None and asked not in models:
        st.warning(plain(_("There is no model called {name!r} here. Choose another.").format(name=asked)))
    newest_first = sorted(models, key=lambda name: models[name]["saved_at"], reverse=True)
    return st.selectbox(_("Model"), newest_first, key="model", bind="query-params")


def _answer(saved: LoadedModel, typed: dict[str, Any]) -> None:
    try:
        values = read_inputs(saved.signature, typed)
        prediction = predict_row(saved.model, saved.signature, values)
    except FarolError as error:
        st.session_state.pop("answer", None)
        show_error(error)
        return
    st.session_state["answer"] = ((saved.name, saved.version), values, prediction)


def _show_answer(saved: LoadedModel, values: dict[str, Any], prediction: Prediction) -> None:
    for note in prediction.warnings:
        st.warning(plain(translated(note)), icon=":material/warning:")
    left, right = st.columns([1, 2])
    with left, st.container(border=True, key="answer_card"):
        unit = saved.signature.target_unit
        answer = prediction.outcome
        outcome = answer if isinstance(answer, str) else f"{significant(answer)} {unit}"
        st.metric(plain(saved.signature.target), plain(outcome.strip()))
        if prediction.probabilities:
            top = next(iter(prediction.probabilities.values()))
            st.caption(_("probability {share}").format(share=percent(top)))
    with right:
        if prediction.probabilities:
            figure = charts.probabilities(prediction.probabilities)
            charts.show(
                figure, "probabilities", _("Probability of each class"), 90 + 40 * len(prediction.probabilities)
            )
        elif saved.signature.task == "classification":
            st.caption(_("This model gives no probabilities."))
    provenance(
        f"{saved.name}, {_('version')} {saved.version}",
        _("trained {time}").format(time=moment(saved.details.get("trained_at") or saved.saved_at)),
        _("answered in {time} ms").format(time=number(prediction.milliseconds, 1)),
    )
    show_what_if(saved, values)
