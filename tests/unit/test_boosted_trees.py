"""Trees as arrays say what LightGBM says of every row."""

from __future__ import annotations

import pickle

import lightgbm
import numpy as np
import pytest

from src.pricing.boosted_trees import BoostedTrees
from src.pricing.boosting import BoosterSettings, fit_trees, lightgbm_parameters

RNG = np.random.default_rng(0)


def rows(count: int, missing: float) -> np.ndarray:
    found = RNG.normal(size=(count, 6))
    found[RNG.random(found.shape) < missing] = np.nan
    return found


def booster(missing: float, trees: int = 20, objective: str = "l1") -> lightgbm.Booster:
    features = rows(300, missing)
    targets = np.nan_to_num(features[:, 0]) + np.abs(np.nan_to_num(features[:, 1])) + RNG.normal(0, 0.1, 300)
    return lightgbm.train(lightgbm_parameters(BoosterSettings(), objective), lightgbm.Dataset(features, targets), trees)


@pytest.mark.parametrize("objective", ["l1", "l2"])
@pytest.mark.parametrize("missing_in_training", [0.0, 0.2])
def test_predictions_are_lightgbms_also_where_features_are_missing(missing_in_training: float, objective: str) -> None:
    learnt, asked = booster(missing_in_training, objective=objective), rows(200, 0.3)
    found = BoostedTrees.of(learnt).predict(asked[None])
    np.testing.assert_allclose(found[0], learnt.predict(asked), rtol=0, atol=1e-12)


def test_boosters_of_different_lengths_are_asked_together_each_for_its_own_rows() -> None:
    learnt = [booster(0.1, trees) for trees in (1, 30, 7)]
    asked = rows(12, 0.1).reshape(3, 4, 6)
    found = BoostedTrees.stacked([BoostedTrees.of(one) for one in learnt]).predict(asked)
    assert found.shape == (3, 4)
    for one, its_rows, its_values in zip(learnt, asked, found, strict=True):
        np.testing.assert_allclose(its_values, one.predict(its_rows), rtol=0, atol=1e-12)


def test_a_booster_that_could_not_split_says_the_same_of_every_row() -> None:
    features = rows(50, 0.0)
    constant = fit_trees(features, np.full(50, 3.0), BoosterSettings(n_estimators=5), "l1")
    np.testing.assert_allclose(constant.predict(features[None]), 3.0)


def test_the_same_rows_give_the_same_trees_and_survive_pickling() -> None:
    features, targets = rows(100, 0.1), RNG.normal(size=100)
    first, second = (fit_trees(features, targets, BoosterSettings(n_estimators=10), "l1") for _ in range(2))
    asked = rows(20, 0.1)[None]
    np.testing.assert_array_equal(first.predict(asked), second.predict(asked))
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(first)).predict(asked), first.predict(asked))
