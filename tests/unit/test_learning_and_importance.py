"""Whether more data would help, and which features a model needs."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest

from src.errors import InvalidComparison
from src.evaluation.splits import smaller_part
from src.ml.candidates import Candidate, choose_candidates
from src.ml.comparison_plan import Choices, plan_comparison
from src.ml.ensembles import make_ensemble
from src.ml.learning_curve import SHARES, LearningCurve, LearningPoint, learning_curve, what_it_says
from src.ml.model_comparison import compare_models
from src.ml.permutation_importance import Importance, permutation_importance
from tests.unit.comparison_tables import FEATURES, machines


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return machines()


def one(name: str, task: str = "classification") -> Candidate:
    return choose_candidates(task, [name])[0]  # type: ignore[arg-type]


def data_of(table: pd.DataFrame, target: str = "state", **choices: object):  # type: ignore[no-untyped-def]
    return plan_comparison(table, Choices(target, **{"features": FEATURES, "fold": 3, **choices})).data  # type: ignore[arg-type]


# Smaller tables.


@pytest.mark.parametrize("split", ["random", "time", "group:machine"])
def test_a_smaller_part_is_within_a_larger_one_and_about_as_large_as_asked(table, split):
    data = data_of(table, split=split)
    rows = data.split.folds[-1][0]
    before: set[int] = set()
    for share in SHARES:
        part = smaller_part(data.split, rows, data.target, share, stratified=True, seed=1)
        assert before <= set(part) <= set(rows)
        assert len(set(part)) == len(part)
        if split != "group:machine":
            assert len(part) == pytest.approx(share * len(rows), abs=2)
        before = set(part)
    assert before == set(rows)


def test_a_smaller_part_by_time_is_the_latest_and_by_group_of_whole_groups(table):
    by_time = data_of(table, split="time")
    rows = by_time.split.folds[-1][0]
    part = smaller_part(by_time.split, rows, by_time.target, 0.4, stratified=True, seed=1)
    assert table["timestamp"][part].min() > table["timestamp"][list(set(rows) - set(part))].max()
    by_group = data_of(table, split="group:machine")
    rows = by_group.split.train
    part = smaller_part(by_group.split, rows, by_group.target, 0.4, stratified=True, seed=1)
    machine = table["machine"]
    assert not set(machine[part]) & set(machine[list(set(rows) - set(part))])


def test_a_smaller_part_at_random_has_each_class(table):
    rare = table.assign(state=np.where(table.index % 40 == 0, "failure", "normal"))
    data = data_of(rare)
    part = smaller_part(data.split, data.split.train, data.target, 0.1, stratified=True, seed=1)
    assert set(data.target[part]) == {"failure", "normal"}


# The learning curve.


@pytest.mark.parametrize("split", ["random", "time", "group:machine"])
def test_the_curve_ends_at_what_the_leaderboard_has(table, split):
    from src.ml.candidate_fitting import cross_validate

    data = data_of(table, split=split)
    told: list[float] = []
    curve = learning_curve(
        data, one("dt"), "Accuracy", ThreadPoolExecutor(1), on_progress=lambda share, _: told.append(share)
    )
    assert [point.share for point in curve.points] == list(SHARES)
    assert [point.rows for point in curve.points] == sorted(point.rows for point in curve.points)
    assert list(curve.points[-1].by_fold) == cross_validate(data, one("dt")).metrics["Accuracy"]
    assert curve.points[-1].train == 1.0  # a tree knows by heart what it was fitted on
    assert told == sorted(told)
    assert told[-1] == 1
    assert LearningCurve.from_record(json.loads(json.dumps(curve.to_record(), allow_nan=False))) == curve


def test_where_rows_still_teach_more_would_help_and_where_they_do_not_it_would_not():
    rng = np.random.default_rng(1)
    points = rng.uniform(-3, 3, (600, 2))
    wavy = pd.DataFrame({"heat": points[:, 0], "shake": points[:, 1]})
    wavy["load"] = np.sin(3 * wavy["heat"]) * np.cos(3 * wavy["shake"])
    hungry = learning_curve(data_of(wavy, "load", fold=5), one("knn", "regression"), "R2", ThreadPoolExecutor(1))
    assert hungry.verdict[0] == "more"
    assert "More data would help" in str(what_it_says(hungry))
    errors = learning_curve(data_of(wavy, "load", fold=5), one("knn", "regression"), "MAE", ThreadPoolExecutor(1))
    assert errors.verdict[0] == "more"
    assert errors.verdict[1] > 0  # an error that falls is a gain
    straight = wavy.assign(load=2 * wavy["heat"] - wavy["shake"] + rng.normal(0, 0.01, 600))
    full = learning_curve(data_of(straight, "load", fold=5), one("lr", "regression"), "R2", ThreadPoolExecutor(1))
    assert full.verdict[0] == "enough"


def point(share: float, *by_fold: float) -> LearningPoint:
    return LearningPoint(share, int(100 * share), 1.0, 0.0, float(np.mean(by_fold)), 0.1, by_fold)


def test_folds_that_differ_too_much_leave_it_open():
    curve = LearningCurve("F1", True, (point(0.7, 0.5, 0.9, 0.6), point(1.0, 0.9, 0.6, 0.7)))
    assert curve.verdict[0] == "unsure"
    assert "cannot be told" in str(what_it_says(curve))
    assert LearningCurve("F1", True).verdict[0] == "unsure"
    no_gain_on_average = LearningCurve("F1", True, (point(0.7, 0.7, 0.7, 0.7), point(1.0, 0.8, 0.6, 0.7)))
    assert no_gain_on_average.verdict[0] == "unsure"


def test_a_gain_that_is_the_same_in_each_fold_and_tiny_is_none():
    curve = LearningCurve("F1", True, (point(0.7, 0.9, 0.8, 0.7), point(1.0, 0.9001, 0.8001, 0.7001)))
    assert curve.verdict[0] == "enough"


def test_as_long_as_all_of_the_rows_were_not_tried_it_is_open():
    curve = LearningCurve("F1", True, (point(0.7, 0.5, 0.5, 0.5), point(0.85, 0.9, 0.9, 0.9)))
    assert curve.verdict == ("unsure", 0.0)


def test_so_few_rows_that_a_candidate_cannot_be_fitted_leave_a_gap(table):
    curve = learning_curve(data_of(table.head(60)), one("knn"), "Accuracy", ThreadPoolExecutor(1))
    assert curve.points[0].validation is None
    assert curve.points[-1].validation is not None


def test_a_metric_that_a_candidate_does_not_have_is_said(table):
    with pytest.raises(InvalidComparison, match="AUC is not available"):
        learning_curve(data_of(table, "three"), one("ridge"), "AUC", ThreadPoolExecutor(1))


def test_a_stack_has_a_curve_too(table):
    stack = make_ensemble("stack", "classification", choose_candidates("classification", ["lr", "nb"]))
    curve = learning_curve(data_of(table, split="time", fold=2), stack, "Accuracy", ThreadPoolExecutor(1))
    assert curve.points[-1].validation is not None


# The importance of features.


def test_a_feature_that_decides_is_important_and_noise_is_not(table):
    told: list[int] = []
    importance = permutation_importance(
        data_of(table, features=["noise", "heat", "machine"]),
        one("rf"),
        "Accuracy",
        on_progress=lambda so_far: told.append(len(so_far.features)),
    )
    assert importance.features[0].name == "heat"
    assert importance.features[0].is_needed
    assert not next(feature for feature in importance.features if feature.name == "noise").is_needed
    assert told == [1, 2, 3]
    assert Importance.from_record(json.loads(json.dumps(importance.to_record(), allow_nan=False))) == importance


@pytest.mark.parametrize("metric", ["MAE", "RMSE", "R2"])
def test_a_loss_is_positive_whichever_way_the_metric_goes(table, metric):
    importance = permutation_importance(data_of(table, "load"), one("lr", "regression"), metric, repeats=3)
    assert [feature.name for feature in importance.features] == FEATURES
    assert importance.features[0].mean > 0


def test_what_ignores_its_features_loses_nothing(table):
    importance = permutation_importance(data_of(table), one("dummy"), "Accuracy", repeats=2)
    assert [feature.mean for feature in importance.features] == [0.0, 0.0]
    assert not any(feature.is_needed for feature in importance.features)


def test_what_is_lost_is_lost_from_what_the_finalist_has_on_the_holdout(table):
    choices = {"features": [*FEATURES, "noise"], "include": ["dt"], "fold": 2}
    comparison = compare_models(table, "state", executor=ThreadPoolExecutor(1), **choices)
    importance = permutation_importance(data_of(table, **choices), one("dt"), "Accuracy", repeats=1)
    assert importance.baseline == comparison.finalists[0].holdout.metrics["Accuracy"] < 1
    assert importance.rows == comparison.holdout_rows


def test_it_agrees_with_scikit_learn(table):
    from sklearn.inspection import permutation_importance as reference

    from src.ml.candidate_fitting import fit_pipeline

    data = data_of(table, features=["heat", "shake", "noise"])
    ours = {each.name: each for each in permutation_importance(data, one("lr"), "Accuracy", repeats=30).features}
    held = data.split.holdout
    pipeline = fit_pipeline(data, one("lr"), data.split.train)
    theirs = reference(
        pipeline, data.features.iloc[held], data.target[held], scoring="accuracy", n_repeats=30, random_state=0
    )
    for name, mean, spread in zip(data.features.columns, theirs.importances_mean, theirs.importances_std, strict=True):
        assert ours[name].mean == pytest.approx(mean, abs=2 * (spread + ours[name].spread) / np.sqrt(30) + 1e-9)


def test_importance_by_a_metric_that_is_not_there_is_said(table):
    with pytest.raises(InvalidComparison, match="AUC is not available"):
        permutation_importance(data_of(table, "three"), one("ridge"), "AUC")
