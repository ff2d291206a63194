"""Past predictions: filtered, answered, scored; and the reasons of a prediction by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from src.ml.explanation import Explainer
from src.ml.prediction import Prediction
from src.ml.prediction_history import HistoryFilter, find_predictions, record_prediction
from src.ml.saved_models import save_finalist
from src.utils.model_store import save_model
from tests.integration.pages.samples import click, open_page, run, shown, the_error


@pytest.fixture
def asked() -> list[int]:
    """Three predictions of classes by one model, one of a value by another."""
    for outcome in ("ok", "hot", "ok"):
        record_prediction("states", 1, {"heat": 21.5}, Prediction(outcome, {"ok": 0.6, "hot": 0.4}, (), 1.0), "Ana")
    record_prediction("levels", 2, {"heat": 3.0}, Prediction(7.5, None, (), 1.0))
    return find_predictions(HistoryFilter())["prediction_id"].tolist()[::-1]


def listed(app) -> pd.DataFrame:
    return app.dataframe[-1].value


def test_without_predictions_the_history_points_to_predicting(language, say):
    app = open_page("history", language)
    assert app.info[0].value == say("Nobody has asked a model yet.")
    assert app.button(key="go_predict").label == say("Predict by hand")


def test_past_predictions_are_listed_the_newest_first_with_who_asked(asked, language, say):
    table = listed(open_page("history", language))
    assert table[say("Model")].tolist() == ["levels", "states", "states", "states"]
    assert table[say("Asked by")].tolist() == ["", "Ana", "Ana", "Ana"]


def test_the_probability_is_that_of_the_answer_where_a_threshold_chose_it(language, say):
    record_prediction("alarm", 1, {"heat": 21.5}, Prediction("hot", {"ok": 0.7, "hot": 0.3}, (), 1.0))
    assert listed(open_page("history", language))[say("Probability")][0][:2] == "30"


def test_filters_are_read_from_the_url_and_written_to_it(asked, language, say):
    app = open_page("history", language, model="states", **{"class": "hot"})
    assert listed(app)[say("Answer")].tolist() == ["hot"]
    app.selectbox(key="history_class").select("ok")
    run(app)
    assert len(listed(app)) == 2
    assert app.query_params["class"] == "ok"


def test_a_filter_in_the_url_that_nothing_has_is_left_out(asked, language):
    assert len(listed(open_page("history", language, model="gone", period="tomorrow", answered="maybe"))) == 4


def test_filters_that_nothing_fits_say_so(asked, language, say):
    app = open_page("history", language, answered="yes")
    assert say("No prediction fits these filters. Choose others.") in [info.value for info in app.info]


def test_an_answer_is_kept_scored_and_can_be_taken_back(asked, language, say):
    app = open_page("history", language, model="states")
    app.selectbox(key="actual_of").select(asked[0])
    run(app)
    app.selectbox(key=f"actual_{asked[0]}").select("hot")
    app = click(app, "save_actual")
    assert find_predictions(HistoryFilter(is_answered=True))["actual"].tolist() == ["hot"]
    assert say("How good in use") in shown(app)
    assert "0,0%" in shown(app) or "0.0%" in shown(app)
    app.selectbox(key="actual_of").select(asked[0])
    run(app)
    app = click(app, "undo_actual")
    assert find_predictions(HistoryFilter(is_answered=True)).empty


def test_after_an_answer_the_next_prediction_without_one_is_offered(asked, language):
    app = click(open_page("history", language, model="states"), "save_actual")
    assert app.selectbox(key="actual_of").value == asked[1]


@pytest.mark.parametrize("typed", ["", "warm", "1e400", "nan"])
def test_a_value_that_is_no_number_is_refused(asked, typed, language):
    app = open_page("history", language, model="levels")
    app.text_input(key=f"actual_{asked[3]}").set_value(typed)
    app = click(app, "save_actual")
    assert the_error(app)
    assert find_predictions(HistoryFilter(is_answered=True)).empty


def test_a_value_may_have_a_decimal_comma(asked, language):
    app = open_page("history", language, model="levels")
    app.text_input(key=f"actual_{asked[3]}").set_value("8,5")
    click(app, "save_actual")
    assert find_predictions(HistoryFilter(is_answered=True))["actual"].tolist() == [8.5]


def test_a_prediction_shows_what_contributed_what_would_flip_it_and_the_nearest_cases(classes, language, say):
    finalist = classes.whole.finalists[0]
    save_finalist(classes.whole, finalist.id, finalist.artefact, "states")
    app = click(open_page("predict", language), "predict")
    texts = shown(app)
    for heading in ("Why this answer?", "What contributed to the answer", "The nearest cases of the training table"):
        assert say(heading) in texts
    assert any("temperature = " in chart.proto.spec for chart in app.get("plotly_chart"))
    cases = next(frame.value for frame in app.dataframe if say("Distance") in frame.value)
    assert len(cases) == 5
    assert not app.error


def test_an_answer_is_kept_before_its_reasons_are_looked_for_and_without_them(model, language, say, monkeypatch):
    kept = []

    def fail(*_: object) -> None:
        kept.append(len(find_predictions(HistoryFilter())))
        raise RuntimeError("no reasons today")

    monkeypatch.setattr(Explainer, "explain", fail)
    app = click(open_page("predict", language), "predict")
    assert kept == [1]
    assert say("Something went wrong that should not have. Reload the page; the log has the details.") in the_error(app)
    assert app.metric[0].value
    assert say("What if one input were different?") in shown(app)


def test_a_model_saved_without_cases_says_so(model, language, say):
    app = click(open_page("predict", language), "predict")
    assert say("This model was saved without training cases. Train it anew to see which are nearest.") in shown(app)
    assert not app.error


def test_a_model_of_which_nothing_is_known_is_answered_all_the_same(language):
    save_model(LogisticRegression().fit([[0.0, 0.0], [1.0, 1.0]], ["off", "on"]), "plain")
    app = click(open_page("predict", language), "predict")
    assert app.metric[0].value in ("off", "on")
    assert not app.error
