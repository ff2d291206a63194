"""Predict by hand: from no model at all to an answer that is kept."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import TextInput

from src.ml.prediction_history import recent_predictions
from src.ml.signature import Feature, Signature
from src.utils.model_store import default_store, list_models, save_model
from tests.integration.pages.samples import (
    as_read,
    click,
    open_page,
    run,
    shown,
    the_error,
)


def inputs(app: AppTest) -> list[TextInput]:
    """The fields for numbers."""
    return list(app.text_input)


def test_without_models_predicting_points_to_training(language, say):
    app = open_page("predict", language)
    assert app.info[0].value == say("There is no saved model yet. Train and compare some, and save the best.")
    assert app.button(key="go_train").label == say("Train and compare")
    assert not app.selectbox


def test_a_prediction_is_answered_explained_and_recorded(model, language, say):
    app = open_page("predict", language)
    labels = [field.label for field in inputs(app)]
    assert ["lux" in labels[0], "°C" in labels[1], "mm/s" in labels[2]] == [True] * 3
    for field, value in zip(inputs(app), ["400", "88", "8.8"], strict=True):
        field.set_value(value)
    app = click(app, "predict")
    assert (app.metric[0].label, app.metric[0].value) == ("state", "failure")
    assert say("Probability of each class") in shown(app)
    assert not app.warning
    kept = recent_predictions("states")
    assert kept["inputs"].tolist() == [{"lux": 400.0, "temperature": 88.0, "vibration": 8.8}]
    assert kept["outcome"].tolist() == ["failure"]
    assert "failure" in app.dataframe[-1].value[say("Answer")].tolist()


def test_a_value_unlike_the_training_is_warned_about_and_answered(model, language, say):
    app = open_page("predict", language)
    inputs(app)[1].set_value("400,5")
    app = click(app, "predict")
    assert app.warning[0].value.startswith("temperature: 400" + ("," if language == "pt_BR" else ".") + "5")
    assert app.metric[0].value == "failure"


@pytest.mark.parametrize("typed", ["", "abc", "1e400", "1,2,3", "0x10", "NaN"])
def test_what_is_no_number_is_refused_with_the_name_of_the_input_and_nothing_is_recorded(model, typed, language):
    app = click(open_page("predict", language), "predict")
    inputs(app)[1].set_value(typed)
    app = click(app, "predict")
    assert the_error(app).startswith("'temperature' ")
    assert not app.metric
    assert len(recent_predictions("states")) == 1


def test_a_comma_is_a_decimal_mark_and_never_dropped(model, language):
    app = open_page("predict", language)
    inputs(app)[2].set_value("1,5")
    click(app, "predict")
    assert recent_predictions("states")["inputs"][0]["vibration"] == 1.5


def test_a_value_means_the_same_after_a_change_of_the_language(model):
    app = open_page("predict", "en")
    inputs(app)[1].set_value("38.725")
    app = click(app, "predict")
    app.session_state["lang"] = "pt_BR"
    run(app)
    assert inputs(app)[1].value == "38,725"
    app = click(app, "predict")
    assert recent_predictions("states")["inputs"][0]["temperature"] == 38.725
    assert not app.error


def test_moving_one_input_moves_the_answer(model, language):
    app = open_page("predict", language)
    for field, value in zip(inputs(app), ["400", "25", "1"], strict=True):
        field.set_value(value)
    app = click(app, "predict")
    app.selectbox(key="what_if_states").select("temperature")
    run(app)
    app.slider[0].set_value(app.slider[0].max)
    before = app.metric[0].value
    run(app)
    assert app.metric[0].value == before == "normal"
    assert any("temperature = " in text for text in shown(app))


def test_a_model_without_a_signature_gets_generic_inputs(language):
    save_model(LogisticRegression().fit([[0.0, 0.0], [1.0, 1.0]], ["off", "on"]), "plain")
    app = open_page("predict", language)
    assert len(inputs(app)) == 2
    for field in inputs(app):
        field.set_value("5")
    assert click(app, "predict").metric[0].value == "on"


def test_a_model_that_cannot_take_the_values_says_so(language, say):
    words = pd.DataFrame({"shift": ["day", "night"]})
    save_model(make_pipeline(OneHotEncoder(), LogisticRegression()).fit(words, ["on", "off"]), "words")
    app = click(open_page("predict", language), "predict")
    assert say("The model cannot take these values: {reason}", reason="").strip() in the_error(app)
    assert not app.metric


def test_an_input_that_was_the_same_in_all_training_rows_can_be_moved_however_large(language):
    feature = {"name": "serial", "type": "number", "minimum": 1e17, "maximum": 1e17, "typical": 1e17}
    signature = Signature((Feature(**feature),), "state", "classification", ("off", "on"))
    trained = LogisticRegression().fit([[0.0], [1.0]], ["off", "on"])
    default_store().save(trained, "serial", details={"signature": signature.to_dict()})
    app = click(open_page("predict", language), "predict")
    assert app.slider[0].min < 1e17 < app.slider[0].max


def test_the_keyboard_goes_through_the_inputs_in_the_order_of_the_signature(language):
    names = [f"input {number}" for number in range(7)]
    rows = pd.DataFrame([[float(row + number) for number in range(7)] for row in range(4)], columns=names)
    save_model(LogisticRegression().fit(rows, ["off", "off", "on", "on"]), "seven")
    assert [field.label for field in inputs(open_page("predict", language))] == names


def test_the_model_in_the_url_is_chosen(model, language):
    save_model(LogisticRegression().fit([[0.0], [1.0]], ["off", "on"]), "newer")
    assert open_page("predict", language, model="states").selectbox[0].value == "states"
    assert open_page("predict", language).selectbox[0].value == "newer"


def test_a_model_in_the_url_that_does_not_exist_is_said(model, language, say):
    app = open_page("predict", language, model="gone")
    assert as_read(app.warning[0].value) == say("There is no model called {name!r} here. Choose another.", name="gone")
    assert app.selectbox[0].value == "states"


def test_a_model_of_other_libraries_is_used_with_a_warning(model, settings, language, say):
    sidecar = settings.models_dir / "states.json"
    sidecar.write_text(json.dumps(json.loads(sidecar.read_text()) | {"libraries": {"scikit-learn": "0.1"}}))
    app = open_page("predict", language)
    start, end = say(
        "The model was saved with {libraries}. Check its predictions, or train it anew.", libraries="|"
    ).split("|")
    assert app.warning[0].value.startswith(start + "scikit-learn 0.1")
    assert app.warning[0].value.endswith(end)
    assert len(inputs(app)) == 3


def test_a_corrupt_model_file_is_said_so_and_never_opened(model, settings, language, say):
    file = settings.models_dir / list_models()["states"]["path"]
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    app = open_page("predict", language)
    assert the_error(app).startswith(
        say(
            "The file {path!r} of the model {name!r} is not what was saved. Restore it from a backup, or go back to "
            "another version.",
            path=file.name,
            name="states",
        )
    )
    assert app.selectbox[0].value == "states"
    assert not inputs(app)


def test_a_file_that_was_not_saved_here_cannot_be_chosen_and_is_said_to_be_there(settings, language):
    save_model(LogisticRegression().fit([[0.0], [1.0]], ["off", "on"]), "ours")
    file = settings.models_dir / list_models()["ours"]["path"]
    (settings.models_dir / "theirs.pkl").write_bytes(file.read_bytes())
    app = open_page("predict", language)
    assert app.selectbox[0].options == ["ours"]
    count = {"en": "1 model is not trusted yet.", "pt_BR": "1 modelo ainda não é confiável."}[language]
    assert count in shown(app)
    assert app.button(key="go_models")
