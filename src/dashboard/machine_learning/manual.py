"""Predict by hand: what do these values mean?"""

from __future__ import annotations

from typing import Any

import streamlit as st

from src.dashboard.components import charts
from src.dashboard.components.acting import acting_name
from src.dashboard.components.page import errors_shown, page_header, plain, provenance, show_error
from src.dashboard.locale import _, moment, number, percent, significant, translated
from src.dashboard.machine_learning.explanation_view import show_explanation
from src.dashboard.machine_learning.input_form import ask_for_inputs, read_inputs
from src.dashboard.machine_learning.model_choice import choose_model
from src.dashboard.machine_learning.model_details import decides_by, show_details
from src.dashboard.machine_learning.prediction_list import show_history
from src.dashboard.machine_learning.what_if_view import show_what_if
from src.errors import FarolError
from src.ml.prediction import Prediction, predict_row
from src.ml.prediction_history import record_prediction
from src.ml.saved_models import LoadedModel


def show() -> None:
    """Show the page."""
    page_header(_("Predict by hand"), _("Type sensor values in: what state is this, and how sure is the model?"))
    saved = choose_model()
    if saved is None:
        return
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
        _key, values, prediction = answered
        _show_answer(saved, prediction)
        show_explanation(saved, values, str(prediction.outcome))
        show_what_if(saved, values)
    show_history(saved.name)


def _answer(saved: LoadedModel, typed: dict[str, Any]) -> None:
    try:
        values = read_inputs(saved.signature, typed)
        prediction = predict_row(saved.model, saved.signature, values)
    except FarolError as error:
        st.session_state.pop("answer", None)
        show_error(error)
        return
    st.session_state["answer"] = ((saved.name, saved.version), values, prediction)
    with errors_shown():  # at once: what follows takes a while, and whoever has read the answer may leave
        record_prediction(saved.name, saved.version, values, prediction, acting_name())


def _show_answer(saved: LoadedModel, prediction: Prediction) -> None:
    for note in prediction.warnings:
        st.warning(plain(translated(note)), icon=":material/warning:")
    left, right = st.columns([1, 2])
    with left, st.container(border=True, key="answer_card"):
        unit = saved.signature.target_unit
        answer = prediction.outcome
        outcome = answer if isinstance(answer, str) else f"{significant(answer)} {unit}"
        st.metric(plain(saved.signature.target), plain(outcome.strip()))
        if prediction.probabilities:
            share = prediction.probabilities.get(str(answer), next(iter(prediction.probabilities.values())))
            st.caption(_("probability {share}").format(share=percent(share)))
        if text := decides_by(saved.signature):
            st.caption(f":material/tune: {plain(text)}")
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
