"""One row of values in, an answer out; and bad values refused by name."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from src.errors import InvalidPredictionInput
from src.ml.prediction import guess_signature, predict_row, predict_rows, what_if
from src.ml.preparation import make_preparation
from src.ml.signature import Signature, as_model_input, describe_features


@pytest.fixture(scope="module")
def training() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    return pd.DataFrame(
        {
            "temperature": rng.normal(20, 3, 120),
            "running": rng.random(120) > 0.5,
            "shift": rng.choice(["day", "night"], 120, p=[0.7, 0.3]),
            "seen": pd.date_range("2026-01-01", periods=120, freq="h", tz="UTC"),
        }
    )


@pytest.fixture(scope="module")
def signature(training) -> Signature:
    return Signature(describe_features(training, {"temperature": "°C"}), "state", "classification", ("hot", "ok"))


@pytest.fixture(scope="module")
def model(training):
    target = np.where(training["temperature"] > 20, "hot", "ok")
    features = as_model_input(training, list(training.columns))
    return make_pipeline(make_preparation(features), LogisticRegression(max_iter=5000)).fit(features, target)


VALUES = {"temperature": 26.0, "running": 1.0, "shift": "day", "seen": 20455.0}


def test_the_answer_has_the_class_its_probabilities_and_the_time_it_took(model, signature):
    prediction = predict_row(model, signature, VALUES)
    assert prediction.outcome == "hot"
    assert list(prediction.probabilities) == ["hot", "ok"]
    assert sum(prediction.probabilities.values()) == pytest.approx(1)
    assert prediction.milliseconds > 0
    assert prediction.warnings == ()


def test_values_outside_the_training_range_are_answered_with_a_warning(model, signature):
    prediction = predict_row(model, signature, {**VALUES, "temperature": 400.0, "shift": "holiday"})
    assert prediction.outcome == "hot"
    assert [str(note).split(":")[0] for note in prediction.warnings] == ["temperature", "shift"]
    assert "400 is outside the range seen in training" in str(prediction.warnings[0])


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("temperature", None, "'temperature' has no value"),
        ("temperature", "warm", "'warm', which is no number"),
        ("temperature", float("nan"), "no finite number"),
        ("temperature", float("inf"), "no finite number"),
        ("temperature", 1e39, "larger than a model can take"),
        ("temperature", -1e308, "larger than a model can take"),
        ("temperature", [1, 2], "no number"),
        ("seen", "yesterday", "no number"),
    ],
)
def test_values_a_model_cannot_take_are_refused_by_name(model, signature, name, value, message):
    with pytest.raises(InvalidPredictionInput, match=message):
        predict_row(model, signature, {**VALUES, name: value})


def test_a_missing_value_is_refused_not_filled_in(model, signature):
    with pytest.raises(InvalidPredictionInput, match="'temperature'"):
        predict_row(model, signature, {name: value for name, value in VALUES.items() if name != "temperature"})


def test_one_row_and_a_table_give_the_same_answer(model, signature, training):
    outcomes, probabilities = predict_rows(model, signature, training.sample(frac=1, axis=1, random_state=1))
    for place in (0, 7, 50):
        row = training.iloc[place]
        values = {
            "temperature": row["temperature"],
            "running": float(row["running"]),
            "shift": row["shift"],
            "seen": (row["seen"] - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(days=1),
        }
        single = predict_row(model, signature, values)
        assert single.outcome == outcomes[place]
        assert single.probabilities["hot"] == pytest.approx(probabilities["hot"].iloc[place])


def test_what_if_moves_one_input_and_holds_the_others(model, signature):
    table = what_if(model, signature, VALUES, "temperature", [10.0, 20.0, 30.0])
    assert table["value"].tolist() == [10.0, 20.0, 30.0]
    assert table["hot"].is_monotonic_increasing
    assert table["outcome"].tolist()[::2] == ["ok", "hot"]


@pytest.mark.parametrize("estimator", [RidgeClassifier(), LinearSVC(dual="auto")])
def test_a_model_without_probabilities_answers_without(estimator, training, signature):
    features = as_model_input(training, list(training.columns))
    target = np.where(training["temperature"] > 20, "hot", "ok")
    fitted = make_pipeline(make_preparation(features), estimator).fit(features, target)
    assert predict_row(fitted, signature, VALUES).probabilities is None


def test_a_model_saved_without_a_signature_gets_generic_names_and_answers():
    fitted = LinearRegression().fit([[0.0, 1.0], [1.0, 0.0], [2.0, 5.0]], [1.0, 2.0, 3.0])
    signature = guess_signature(fitted)
    assert signature.names == ["feature 1", "feature 2"]
    assert predict_row(fitted, signature, {"feature 1": 1.0, "feature 2": 0.0}).outcome == pytest.approx(2.0)


def test_an_object_that_does_not_say_what_it_takes_is_refused():
    class Opaque:
        def predict(self, rows):
            return [0] * len(rows)

    with pytest.raises(InvalidPredictionInput, match="does not say"):
        guess_signature(Opaque())


def test_a_signature_survives_json(signature):
    assert Signature.from_dict(signature.to_dict()) == signature


@given(value=st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_any_finite_number_gets_an_answer(value):
    signature = Signature(describe_features(pd.DataFrame({"a": [1.0, 2.0]})), "y", "regression")
    fitted = LinearRegression().fit([[0.0], [1.0]], [0.0, 0.5])
    prediction = predict_row(fitted, signature, {"a": value})
    assert prediction.outcome == pytest.approx(value / 2, rel=1e-6, abs=1e-6)
    assert bool(prediction.warnings) == (not 1.0 <= value <= 2.0)


# A decision threshold.


def test_from_the_threshold_on_a_row_is_given_the_class_and_below_it_the_other(model, signature, training):
    _, shares = predict_rows(model, signature, training)
    for threshold in (0.05, 0.5, 0.9):
        outcomes, same = predict_rows(model, signature.deciding("ok", threshold), training)
        assert outcomes.tolist() == ["ok" if share >= threshold else "hot" for share in shares["ok"]]
        pd.testing.assert_frame_equal(same, shares)
    some = float(shares["ok"].iloc[3])
    outcomes, _ = predict_rows(model, signature.deciding("ok", some), training)
    assert outcomes[3] == "ok"


def test_a_probability_that_is_the_threshold_is_enough(model, signature, training):
    row = training.iloc[[0]]
    _, shares = predict_rows(model, signature, row)
    outcomes, _ = predict_rows(model, signature.deciding("ok", float(shares["ok"].iloc[0])), row)
    assert outcomes.tolist() == ["ok"]


def test_the_answer_by_hand_follows_the_threshold_too(model, signature):
    share = predict_row(model, signature, VALUES).probabilities["ok"]
    assert predict_row(model, signature.deciding("ok", share / 2), VALUES).outcome == "ok"
    assert predict_row(model, signature.deciding("ok", min(share * 2, 1)), VALUES).outcome == "hot"
    assert what_if(model, signature.deciding("ok", 0.0), VALUES, "temperature", [10.0, 40.0])["outcome"].tolist() == [
        "ok",
        "ok",
    ]


@pytest.mark.parametrize("labels", [(False, True), (0, 1), (3, 7), ("1.5", "2.5")])
def test_labels_keep_their_type_under_a_threshold_also_after_json(labels):
    rows = pd.DataFrame({"a": [0.0, 1.0, 2.0, 3.0]})
    fitted = LogisticRegression().fit(rows.to_numpy(), np.array(labels)[[0, 0, 1, 1]])
    signature = Signature(describe_features(rows), "y", "classification", labels).deciding(str(labels[1]), 0.0)
    again = Signature.from_dict(json.loads(json.dumps(signature.to_dict())))
    outcomes, _ = predict_rows(fitted, again, rows)
    assert outcomes.tolist() == [labels[1]] * 4
    assert again == signature


def test_a_signature_from_before_there_were_thresholds_is_still_read(signature):
    record = signature.to_dict()
    del record["positive"], record["threshold"]
    assert Signature.from_dict(record) == signature


@pytest.mark.parametrize(
    ("positive", "threshold", "message"),
    [
        ("warm", 0.5, "'warm' is not one of: hot, ok"),
        ("", 0.5, "is not one of"),
        ("ok", 1.5, "threshold is 1.5"),
        ("ok", -0.1, "threshold is -0.1"),
        ("ok", float("nan"), "threshold is nan"),
    ],
)
def test_a_threshold_that_cannot_decide_is_refused(signature, positive, threshold, message):
    with pytest.raises(InvalidPredictionInput, match=message):
        signature.deciding(positive, threshold)


def test_a_threshold_needs_two_classes_and_a_model_with_probabilities(signature, training):
    with pytest.raises(InvalidPredictionInput, match="one of two classes"):
        replace(signature, classes=("hot", "ok", "cold")).deciding("ok", 0.5)
    features = as_model_input(training, list(training.columns))
    target = np.where(training["temperature"] > 20, "hot", "ok")
    fitted = make_pipeline(make_preparation(features), RidgeClassifier()).fit(features, target)
    with pytest.raises(InvalidPredictionInput, match="gives no probabilities"):
        predict_row(fitted, signature.deciding("ok", 0.3), VALUES)
