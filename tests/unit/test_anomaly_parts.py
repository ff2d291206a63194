"""What the online detector is made of: forest and factor beside scikit-learn's, features, calibration, alarms."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from src.errors import InvalidDetector
from src.ml.anomalies.alarms import AlarmRate, Silence, anomaly_scores, replay
from src.ml.anomalies.calibration import PastRange, RunningCalibration, Smoothing
from src.ml.anomalies.fitting import Scaling, fit_detectors
from src.ml.anomalies.isolation_forest import expected_length, grow_forest
from src.ml.anomalies.local_outlier_factor import LocalOutlierFactor
from src.ml.anomalies.past_sample import PastSample
from src.ml.anomalies.views import features

some_values = arrays(float, st.integers(1, 80), elements=st.floats(-1e6, 1e6))


def rows_of(columns: int, count: int = 600, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, columns)).astype(np.float32)


@pytest.mark.parametrize("columns", [1, 3])
def test_the_forest_agrees_with_scikit_learn_as_well_as_that_agrees_with_itself(columns):
    from sklearn.ensemble import IsolationForest

    known, asked = rows_of(columns), 1.5 * rows_of(columns, seed=1)
    ours = grow_forest(known, np.random.default_rng(0), trees=200).scores(asked)
    one, other = (
        -IsolationForest(n_estimators=200, random_state=seed).fit(known).score_samples(asked) for seed in (0, 1)
    )
    assert np.corrcoef(ours, one)[0, 1] > 0.98
    assert abs(ours - one).mean() < 1.5 * abs(one - other).mean()


@pytest.mark.parametrize(("columns", "neighbours"), [(1, 20), (3, 5)])
def test_the_factor_is_that_of_scikit_learn(columns, neighbours):
    from sklearn.neighbors import LocalOutlierFactor as Yardstick

    known, asked = rows_of(columns), 2 * rows_of(columns, seed=1)
    ours = LocalOutlierFactor(known, neighbours)
    yardstick = Yardstick(neighbours, novelty=True).fit(known.astype(float))
    assert ours.own_scores == pytest.approx(-yardstick.negative_outlier_factor_, rel=1e-5)
    assert ours.scores(asked) == pytest.approx(-yardstick.score_samples(asked.astype(float)), rel=1e-5)


def test_the_expected_path_length_is_the_published_one():
    assert expected_length(np.array([0, 1, 2])).tolist() == [0, 0, 1]
    assert expected_length(np.array([256]))[0] == pytest.approx(10.24, abs=0.01)


@pytest.mark.parametrize("count", [3, 15, 256, 1_000])
def test_a_forest_grows_from_any_rows_and_one_row_scores_as_among_others(count):
    forest = grow_forest(rows_of(3, count), np.random.default_rng(0), trees=20)
    asked = rows_of(3, 50, seed=1)
    scores = forest.scores(asked)
    assert ((scores > 0) & (scores < 1)).all()
    assert np.array_equal(scores, [forest.scores(row[None])[0] for row in asked])


def test_rows_that_are_all_equal_grow_a_forest_and_have_a_finite_factor():
    same = np.ones((50, 3))
    assert np.isfinite(grow_forest(same, np.random.default_rng(0)).scores(same)).all()
    factor = LocalOutlierFactor(same, 5)
    assert factor.own_scores == pytest.approx(np.ones(50))
    assert np.isfinite(factor.scores(same * 2)).all()


def test_a_kept_factor_scores_as_before():
    factor = LocalOutlierFactor(rows_of(3), 5)
    asked = rows_of(3, seed=2)
    assert np.array_equal(pickle.loads(pickle.dumps(factor)).scores(asked), factor.scores(asked))


@settings(deadline=None)
@given(some_values, st.integers(2, 12), st.integers(0, 80))
def test_the_features_of_a_reading_are_the_same_in_any_block_and_without_its_future(values, window, cut):
    whole = features(values, window)
    cut = min(cut, len(values))
    assert np.array_equal(features(values[:cut], window), whole[:cut])
    past = max(cut - window + 1, 0)  # all of the past that a stream keeps
    assert np.array_equal(features(values[past:], window, start=cut - past), whole[cut:])


def test_the_features_are_value_rolling_mean_and_rolling_deviation():
    values = np.array([1.0, 3.0, 5.0, 11.0])
    assert features(values, 3)[:, 0].tolist() == values.tolist()
    assert features(values, 3)[:, 1] == pytest.approx([1, 2, 3, 19 / 3])
    assert features(values, 3)[3, 2] == pytest.approx(np.std([3, 5, 11]))


def test_the_spread_is_that_of_the_middle_or_a_fifth_of_the_deviation():
    normal = np.random.default_rng(0).normal(10, 2, (10_000, 1))
    assert Scaling.of(normal).spread == pytest.approx([2], rel=0.05)
    rarely = np.where(np.arange(1_000)[:, None] < 20, 100.0, 0.0)  # the quantiles coincide
    assert Scaling.of(rarely).spread == pytest.approx(0.2 * rarely.std())
    assert Scaling.of(np.full((50, 3), 7.0)).spread.tolist() == [7, 7, 7]


def test_a_step_of_a_coarse_sensor_that_is_rare_but_known_is_not_infinitely_sparse():
    values = np.round(np.random.default_rng(0).normal(20, 0.8, 500))
    fitted = fit_detectors(features(values, 10), np.random.default_rng(1))
    factor_of_the_value = fitted.log_scores(features(values, 10))[:, 2]
    assert np.exp(factor_of_the_value.max()) < 100  # equal neighbours would make it 10 to the 10


@settings(deadline=None)
@given(some_values, st.integers(0, 80))
def test_running_numbers_are_the_same_in_any_blocks(values, cut):
    scores = np.column_stack([values, values[::-1]])
    for make, ask, asked in (
        (lambda: RunningCalibration(2), RunningCalibration.standardise, scores),
        (Smoothing, Smoothing.smooth, values),
        (PastRange, lambda known, part: np.column_stack(known.before(part)), values),
    ):
        at_once, in_two = make(), make()
        parts = [ask(in_two, asked[:cut]), ask(in_two, asked[cut:])]
        assert np.array_equal(ask(at_once, asked), np.concatenate(parts))


def test_a_score_is_held_against_those_before_it_only():
    scores = np.random.default_rng(0).normal(5, 2, (200, 1))
    standard = RunningCalibration(1).standardise(scores)
    assert standard[0] == 0
    before = scores[:150]
    assert standard[150] == pytest.approx((scores[150] - before.mean()) / before.std())
    assert RunningCalibration(1).standardise(np.array([[1.0], [1.0], [1.1]]))[2] == pytest.approx(0.1 / 0.2)


def test_smoothing_has_its_half_life():
    assert Smoothing(1.5).smooth(np.array([1.0, 0, 0, 0]))[3] == pytest.approx(0.25)


def test_the_sample_of_the_past_is_even_and_bounded_and_does_not_depend_on_blocks():
    rows = np.arange(20_000.0)[:, None]
    at_once, one_by_one = PastSample(1, 400, seed=1), PastSample(1, 400, seed=1)
    at_once.add(rows)
    for row in rows:
        one_by_one.add(row[None])
    sample = at_once.rows()[:, 0]
    assert np.array_equal(sample, one_by_one.rows()[:, 0])
    assert len(sample) == 400
    assert (np.diff(sample) > 0).all()
    assert abs(sample.mean() - 10_000) < 1_000
    assert len(pickle.dumps(one_by_one)) < 20_000


def test_an_alarm_silences_the_next_unless_it_is_twice_as_strong():
    alarms, silenced = Silence(rows=3).hear(np.array([0, 2, 1.9, 4, 4.1, 3, 3, 3, 3.0]), 1.5)
    assert alarms.tolist() == [False, True, False, False, True, False, False, False, True]
    assert silenced.tolist() == [False, False, True, True, False, True, True, True, False]


def test_a_replay_with_another_threshold_needs_no_scores_anew():
    strengths = np.array([np.nan, 1.0, 3.0, 1.0, 2.0])
    assert replay(strengths, 1.5, 1).tolist() == [False, False, True, False, True]
    assert replay(strengths, 2.5, 0).tolist() == [False, False, True, False, False]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=20), st.floats(0.1, 20))
def test_the_scale_from_0_to_1_keeps_the_order_and_has_the_threshold_where_it_says(strengths, threshold):
    ordered = np.sort(strengths)
    scores = anomaly_scores(ordered, threshold)
    assert ((scores >= 0) & (scores <= 1)).all()
    assert (np.diff(scores) >= 0).all()
    marks = anomaly_scores(np.array([0.5, 1, 2]) * threshold, threshold)
    assert marks == pytest.approx([0.3, 0.6, 0.9])
    assert np.array_equal(scores >= marks[1], ordered >= threshold)


def test_the_threshold_of_a_rate_gives_that_rate_on_what_it_was_drawn_from_and_about_that_later():
    strengths = np.random.default_rng(2).gumbel(0, 0.4, 40_000)
    rate = AlarmRate(stretch_rows=20)
    rate.add(strengths[:20_000])
    threshold = rate.threshold(3.0, np.timedelta64(600, "s"))
    weeks = 20_000 * 600 / (7 * 86_400)
    assert 2.4 < replay(strengths[:20_000], threshold, 20).sum() / weeks <= 3.0
    assert 1.5 < replay(strengths[20_000:], threshold, 20).sum() / weeks < 4.5


def test_a_rate_that_the_past_is_too_short_for_sets_the_threshold_just_above_its_strongest():
    rate = AlarmRate(stretch_rows=5)
    assert rate.threshold(1.0, np.timedelta64(1, "h")) == 1.4  # nothing is known yet
    rate.add(np.array([0.5, 2.5, 1.0]))
    assert 2.5 < rate.threshold(0.01, np.timedelta64(1, "h")) < 2.5001
    assert rate.threshold(1e9, np.timedelta64(1, "h")) == 0.1


@pytest.mark.parametrize("threshold", [0.0, -1.0, float("nan"), float("inf")])
def test_a_threshold_that_is_none_is_refused(threshold):
    with pytest.raises(InvalidDetector, match="alarm threshold"):
        replay(np.zeros(3), threshold, 5)
