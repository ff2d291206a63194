"""Predict by hand: what do these values mean?"""

from __future__ import annotations

from typing import Any

import streamlit as st

from src.dashboard.components import charts
from src.dashboard.components.page import errors_shown, page_header, plain, provenance, show_error
from src.dashboard.locale import _, current_language, moment, number, percent, significant, translated
from src.dashboard.locale.typed import exchange_marks, read_number, write_number
from src.dashboard.machine_learning.model_details import show_details, show_models, show_untrusted
from src.dashboard.machine_learning.prediction_list import show_history
from src.dashboard.machine_learning.what_if_view import show_what_if
from src.dashboard.page_list import go_to
from src.errors import FarolError
from src.ml.prediction import Prediction, predict_row
from src.ml.prediction_history import record_prediction
from src.ml.saved_models import LoadedModel, load_saved
from src.ml.signature import Feature
from src.utils.model_store import default_store, list_models

ROW = 3
ICONS = {
    "lux": ":material/lightbulb:",
    "temperature": ":material/device_thermostat:",
    "vibration": ":material/vibration:",
}


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
    typed = _inputs(saved)
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


def _inputs(saved: LoadedModel) -> dict[str, Any] | None:
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
    _prepare_text(key, feature)
    text = st.text_input(label, icon=ICONS.get(feature.name), key=key, persist_state="session")
    if feature.minimum is not None and feature.maximum is not None:
        st.caption(
            _("seen in training: {minimum} to {maximum}").format(
                minimum=write_number(feature.minimum), maximum=write_number(feature.maximum)
            )
        )
    return text


def _prepare_text(key: str, feature: Feature) -> None:
    """Fill a number in where nothing is typed yet; what is there means the same after a change of the language."""
    state, language = st.session_state, current_language()
    if key not in state:
        state[key] = write_number(feature.typical or 0.0)
    elif state[f"{key}_language"] != language:
        state[key] = exchange_marks(state[key])
    state[f"{key}_language"] = language


def _answer(saved: LoadedModel, typed: dict[str, Any]) -> None:
    numbers = {feature.name for feature in saved.signature.features if feature.type in ("number", "time")}
    try:
        values = {name: read_number(name, value) if name in numbers else value for name, value in typed.items()}
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
