"""Why a model answered so: parts that add up, cases that lie near, changes that flip."""

from __future__ import annotations

import importlib
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from src.errors import ModelCorrupt
from src.ml.candidates import CLASSIFIERS, REGRESSORS, Candidate
from src.ml.explanation import Explainer, additive, explain
from src.ml.explanation.additive import additive_for
from src.ml.prediction import predict_row
from src.ml.preparation import make_preparation
from src.ml.saved_models import LoadedModel
from src.ml.signature import Signature, as_model_input, describe_features
from src.ml.training_cases import KEY, MOST_CELLS, cases_as_details, cases_of, pack_cases

EXACT_CLASSIFIERS = {"lr", "dt", "svm", "ridge", "rf", "ada", "gbc", "lda", "et", "lightgbm"}
ESTIMATED_REGRESSORS = {"kr", "svm", "knn", "ada", "mlp", "dummy"}
VALUES = {"heat": 22.0, "shake": 4.0, "shift": "day", "idle": 0.0}


@pytest.fixture(scope="module")
def shap() -> Any:
    """The yardstick; what it imports warns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module("shap")


def training_table(rows: int = 160) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    return pd.DataFrame(
        {
            "heat": rng.normal(20, 3, rows),
            "shake": rng.uniform(0, 9, rows),
            "shift": rng.choice(["day", "night", "late"], rows),
            "idle": rng.random(rows) > 0.8,
        }
    )


def strain(table: pd.DataFrame) -> np.ndarray:
    noise = np.random.default_rng(4).normal(0, 0.1, len(table))
    return (table["heat"] / 20 + table["shake"] / 9 + 0.3 * (table["shift"] == "day") + noise).to_numpy()


TARGETS = {
    "three classes": lambda s: np.select([s > 2.0, s > 1.6], ["failure", "warning"], "normal"),
    "two classes": lambda s: np.where(s > 1.6, "failure", "normal"),
    "a value": lambda s: s.astype(np.float32).astype(float),
}


def saved(estimator: object, kind: str, *, cases: bool = True) -> LoadedModel:
    """A model as a comparison would save it."""
    table = training_table()
    target = TARGETS[kind](strain(table))
    features = as_model_input(table, list(table.columns))
    model = Pipeline([("prepare", make_preparation(features)), ("estimator", estimator)]).fit(features, target)
    classes = () if kind == "a value" else tuple(np.unique(target).tolist())
    task = "classification" if classes else "regression"
    details = cases_as_details(pack_cases(features, target)) if cases else {}
    return LoadedModel("m", 1, "", {}, details, model, Signature(describe_features(table), "state", task, classes))


def own_answer(model: LoadedModel, scale: str) -> float:
    """What the model itself says of `VALUES`, on the scale of the contributions."""
    row = as_model_input(pd.DataFrame([VALUES]), model.signature)
    outcome = predict_row(model.model, model.signature, VALUES).outcome
    if scale == "value":
        return float(model.model.predict(row)[0])
    place = list(model.signature.classes).index(outcome)
    if scale == "probability":
        return float(model.model.predict_proba(row)[0, place])
    if hasattr(model.model, "decision_function"):
        scores = np.ravel(model.model.decision_function(row))
    else:
        prepared = model.model[:-1].transform(row)
        scores = np.ravel(model.model[-1].predict(prepared, raw_score=True))
    return float(scores[place] if len(scores) > 1 else scores[0] * (1 if place else -1))


def quick(candidate: Candidate) -> bool:
    return candidate.id not in ("tr", "gpc")


@pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning", "ignore::FutureWarning", "ignore:.*:UserWarning"
)
@pytest.mark.parametrize("kind", TARGETS)
def test_base_and_parts_add_up_to_the_answer_of_every_candidate(kind):
    regression = kind == "a value"
    for candidate in filter(quick, REGRESSORS if regression else CLASSIFIERS):
        model = saved(candidate.make(1), kind)
        contributions = explain(model, VALUES).contributions
        assert contributions is not None, candidate.id
        exact = candidate.id not in ESTIMATED_REGRESSORS if regression else candidate.id in EXACT_CLASSIFIERS
        assert (contributions.method != "sampled") == exact, candidate.id
        assert set(contributions.parts) == set(VALUES)
        expected = own_answer(model, contributions.scale)
        assert contributions.answer == pytest.approx(expected, rel=1e-4, abs=1e-4), candidate.id


@pytest.mark.parametrize(
    "estimator",
    [
        DecisionTreeClassifier(random_state=0),
        RandomForestClassifier(20, random_state=0),
        ExtraTreesClassifier(20, random_state=0),
        GradientBoostingClassifier(n_estimators=20, random_state=0),
        DecisionTreeRegressor(random_state=0),
        RandomForestRegressor(20, random_state=0),
        ExtraTreesRegressor(20, random_state=0),
        GradientBoostingRegressor(n_estimators=20, random_state=0),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_contributions_of_trees_are_those_of_the_library_shap(estimator, shap):
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(300, 6)).astype(np.float32)
    signal = rows[:, 0] + rows[:, 1] * rows[:, 2] + rng.normal(0, 0.3, 300)
    is_classifier = hasattr(estimator, "predict_proba")
    estimator.fit(rows, np.where(signal > 0, "b", "a") if is_classifier else signal)
    theirs = shap.TreeExplainer(estimator)
    values = np.asarray(theirs.shap_values(rows[:5]))
    means = np.ravel(theirs.expected_value)
    ours = additive_for(estimator, None)
    for place in range(5):
        base, parts = ours.split(rows[place], 1 if is_classifier else 0)
        expected = values[place, :, 1] if values.ndim == 3 else values[place]
        assert parts == pytest.approx(expected, abs=1e-9)
        assert base == pytest.approx(means[-1], abs=1e-9)


def test_contributions_of_a_linear_model_are_those_of_the_library_shap(shap):
    rng = np.random.default_rng(2)
    rows = rng.normal(size=(80, 4))
    estimator = Ridge().fit(rows, rows @ [1.0, -2.0, 0.5, 0.0] + 3)
    theirs = shap.LinearExplainer(estimator, rows).shap_values(rows[:3])
    ours = additive_for(estimator, rows)
    for place in range(3):
        assert ours.split(rows[place], 0)[1] == pytest.approx(theirs[place], abs=1e-6)


def test_an_estimate_comes_close_to_the_exact_values():
    model = saved(LogisticRegression(max_iter=5000), "two classes")
    explainer = Explainer(model)
    row = as_model_input(pd.DataFrame([VALUES]), model.signature)
    exact = explainer._exact(row, 1)
    explainer._model = _ScoreOnly(model.model)
    estimated = explainer._sampled(row, 1)
    assert estimated.method == "sampled"
    for name, part in exact.parts.items():
        assert estimated.parts[name] == pytest.approx(part, abs=0.12 * abs(exact.answer - exact.base) + 0.02)


class _ScoreOnly:
    """A model of which only its scores are asked."""

    def __init__(self, model):
        self._model = model
        self.feature_names_in_ = model.feature_names_in_

    def decision_function(self, rows):
        return self._model.decision_function(rows)


def test_a_sum_that_does_not_agree_with_the_model_is_not_shown_as_exact():
    model = saved(Ridge(), "a value")
    model.model[-1].predict = lambda rows: np.full(len(rows), 7.0)
    assert explain(model, VALUES).contributions.method == "sampled"


def test_of_a_forest_too_large_to_take_apart_within_a_second_the_contributions_are_estimated(monkeypatch):
    model = saved(ExtraTreesClassifier(30, random_state=0), "two classes")
    assert explain(model, VALUES).contributions.method == "trees"
    monkeypatch.setattr(additive, "MOST_STEPS", 1_000)
    assert explain(model, VALUES).contributions.method == "sampled"


def test_what_rounding_leaves_of_nothing_is_nothing():
    rng = np.random.default_rng(3)
    rows = pd.DataFrame({"heat": rng.normal(50, 9, 200), "noise": rng.normal(0, 1, 200)})
    fitted = Ridge(alpha=1e-9).fit(rows, 2 * rows["heat"])
    assert fitted.coef_[1] != 0
    model = LoadedModel("line", 1, "", {}, {}, fitted, Signature(describe_features(rows), "double", "regression"))
    parts = explain(model, {"heat": 80.0, "noise": 1.0}).contributions.parts
    assert parts["heat"] == pytest.approx(2 * (80 - rows["heat"].mean()), rel=0.1)
    assert parts["noise"] == 0


def test_a_category_has_one_part_however_many_columns_it_has():
    parts = explain(saved(LogisticRegression(max_iter=5000), "two classes"), VALUES).contributions.parts
    night = explain(saved(LogisticRegression(max_iter=5000), "two classes"), {**VALUES, "shift": "night"})
    assert abs(parts["shift"] - -night.contributions.parts["shift"]) > 0.1


def test_the_nearest_case_to_a_training_row_is_that_row():
    model = saved(RandomForestClassifier(20, random_state=0), "three classes")
    row = training_table().iloc[17]
    explanation = explain(model, {**row, "idle": float(row["idle"])})
    nearest = explanation.cases[0]
    assert nearest.distance == pytest.approx(0, abs=1e-6)
    assert nearest.values["heat"] == pytest.approx(row["heat"])
    assert nearest.values["shift"] == row["shift"]
    assert nearest.actual == TARGETS["three classes"](strain(training_table()))[17]
    assert len(explanation.cases) == 5
    assert [case.distance for case in explanation.cases] == sorted(case.distance for case in explanation.cases)
    assert explanation.is_novel is False


def test_values_each_within_range_but_never_together_are_novel():
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 1, 300)
    table = pd.DataFrame({"x": x, "y": x + rng.normal(0, 0.01, 300)})
    model = Ridge().fit(table, x)
    details = cases_as_details(pack_cases(table, x))
    loaded = LoadedModel("m", 1, "", {}, details, model, Signature(describe_features(table), "t", "regression"))
    assert explain(loaded, {"x": 0.5, "y": 0.5}).is_novel is False
    assert explain(loaded, {"x": 0.1, "y": 0.9}).is_novel is True


def test_the_smallest_change_flips_the_class_and_half_of_it_does_not():
    model = saved(LogisticRegression(max_iter=5000), "two classes")
    values = {**VALUES, "heat": 16.0, "shake": 3.5}
    now = predict_row(model.model, model.signature, values).outcome
    changes = explain(model, values).changes
    assert changes
    assert [change.share for change in changes] == sorted(change.share for change in changes)
    for change in changes:
        flipped = predict_row(model.model, model.signature, {**values, change.feature: change.value}).outcome
        assert flipped == change.outcome != now
    numeric = next(change for change in changes if isinstance(change.value, float) and change.feature == "heat")
    almost = values["heat"] + 0.98 * (numeric.value - values["heat"])
    assert predict_row(model.model, model.signature, {**values, "heat": almost}).outcome == now
    feature = next(f for f in model.signature.features if f.name == "heat")
    assert feature.minimum <= numeric.value <= feature.maximum


def test_where_no_single_change_flips_the_class_there_is_none():
    model = saved(CLASSIFIERS[-1].make(0), "two classes")  # it always answers the same
    assert explain(model, VALUES).changes == ()


def test_a_value_has_no_class_to_flip():
    assert explain(saved(Ridge(), "a value"), VALUES).changes is None


def test_a_model_saved_before_cases_were_kept_is_explained_without_them():
    explanation = explain(saved(LogisticRegression(max_iter=5000), "two classes", cases=False), VALUES)
    assert explanation.cases == ()
    assert explanation.is_novel is None
    assert explanation.contributions.method == "linear"
    assert explanation.changes


def test_a_model_that_gives_a_bare_class_only_has_no_contributions():
    class Opaque:
        classes_ = np.array(["failure", "normal"])

        def predict(self, rows):
            return np.where(rows[:, 0].astype(float) > 20, "failure", "normal")

    signature = Signature(
        describe_features(training_table()[["heat"]]), "state", "classification", ("failure", "normal")
    )
    loaded = LoadedModel("m", 1, "", {}, {}, Opaque(), signature)
    explanation = explain(loaded, {"heat": 22.0})
    assert explanation.contributions is None
    assert [change.outcome for change in explanation.changes] == ["normal"]


def test_of_a_large_table_evenly_picked_rows_are_kept():
    table = pd.DataFrame({"x": np.arange(150_000.0), "y": 1.0})
    cases = cases_of(cases_as_details(pack_cases(table, np.arange(150_000))), ["x", "y"])
    assert len(cases.features) == MOST_CELLS // 3
    assert cases.target[0] == 0
    assert cases.target[-1] == 149_999


def test_cases_survive_whatever_the_features_are_called_and_missing_values():
    table = pd.DataFrame({"target": [1.0, np.nan], "0": ["a", np.nan]})
    cases = cases_of(cases_as_details(pack_cases(table, np.array(["no", "yes"]))), ["target", "0"])
    assert cases.features["target"].tolist()[0] == 1.0
    assert cases.features.isna().sum().sum() == 2
    assert cases.target.tolist() == ["no", "yes"]


@pytest.mark.parametrize(
    "packed", ["", "no base64 at all!", "AAAA", 7, pack_cases(pd.DataFrame({"a": [1.0]}), [1]).hex()]
)
def test_damaged_cases_are_refused_by_name(packed):
    with pytest.raises(ModelCorrupt, match="training rows"):
        cases_of({KEY: packed}, ["a"])


def test_cases_of_other_features_are_refused_by_name():
    details = cases_as_details(pack_cases(pd.DataFrame({"a": [1.0], "b": [2.0]}), np.array([1])))
    with pytest.raises(ModelCorrupt, match="training rows"):
        cases_of(details, ["a"])
