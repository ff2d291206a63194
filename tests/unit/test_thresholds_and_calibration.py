"""What probabilities are worth: calibration, the Brier score, and the costs of each decision threshold."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pytest
from pydantic import TypeAdapter
from sklearn.metrics import brier_score_loss, confusion_matrix

from src.errors import InvalidComparison
from src.evaluation.calibration import brier_score, calibrations
from src.evaluation.holdout import Holdout, holdout_of_classes
from src.evaluation.thresholds import MOST_THRESHOLDS, ThresholdCounts, decisions_at, rarer_class, threshold_counts

TWO = np.array(["failure", "normal"])


@pytest.fixture(scope="module")
def binary() -> tuple[np.ndarray, np.ndarray]:
    """Labels, and probabilities that are what they say."""
    rng = np.random.default_rng(3)
    failing = rng.beta(1, 4, 5_000)
    return np.where(rng.random(5_000) < failing, "failure", "normal"), np.column_stack([failing, 1 - failing])


def test_probabilities_that_are_what_they_say_lie_on_the_line(binary):
    actual, shares = binary
    for curve in calibrations(actual, shares, TWO):
        assert sum(curve.rows) == 5_000
        trusted = [(p, o) for p, o, rows in zip(curve.predicted, curve.observed, curve.rows, strict=True) if rows > 200]
        assert all(abs(p - o) < 0.06 for p, o in trusted), trusted


def test_probabilities_that_are_too_sure_lie_off_the_line(binary):
    actual, shares = binary
    sure = np.where(shares > 0.5, 0.999, 0.001)
    curve = calibrations(actual, sure, TWO)[0]
    assert curve.predicted == [0.001, 0.999]
    assert 0.1 < curve.observed[0] < 0.3
    assert curve.observed[1] < 0.9


def test_the_brier_score_of_two_classes_is_that_of_scikit_learn(binary):
    actual, shares = binary
    expected = brier_score_loss(actual == "failure", shares[:, 0])
    assert brier_score(actual, shares, TWO) == pytest.approx(expected)
    assert [curve.brier for curve in calibrations(actual, shares, TWO)] == pytest.approx([expected] * 2)


def test_the_brier_score_of_three_classes_is_the_sum_over_them():
    classes = np.array(["a", "b", "c"])
    actual = np.array(["a", "b", "c", "c"])
    assert brier_score(actual, np.eye(3)[[0, 1, 2, 2]], classes) == 0
    assert brier_score(actual, np.eye(3)[[1, 2, 0, 0]], classes) == 2  # surely wrong
    assert brier_score(actual, np.full((4, 3), 1 / 3), classes) == pytest.approx(2 / 3)


def test_the_counts_at_each_threshold_are_those_of_the_decisions(binary):
    actual, shares = binary
    for i, counts in enumerate(threshold_counts(actual, shares, TWO)):
        assert counts.label == TWO[i]
        assert len(counts.thresholds) == len(counts.true_positives) <= MOST_THRESHOLDS
        assert counts.thresholds == sorted(set(counts.thresholds))
        for place in (0, 1, 50, 120, len(counts.thresholds) - 1):
            decisions = decisions_at(counts, place)
            given = shares[:, i] >= counts.thresholds[place]
            ((left, wrong), (missed, right)) = confusion_matrix(actual == TWO[i], given, labels=[False, True])
            assert decisions.true_negatives == left
            assert decisions.false_positives == wrong
            assert decisions.false_negatives == missed
            assert decisions.true_positives == right


def test_a_probability_that_is_the_threshold_decides_for_the_class():
    counts = threshold_counts(np.array(["failure", "normal"]), np.array([[0.5, 0.5], [0.5, 0.5]]), TWO)[0]
    at_half = decisions_at(counts, counts.nearest(0.5))
    assert (at_half.true_positives, at_half.false_positives) == (1, 1)


def test_the_cheapest_threshold_of_believable_probabilities_is_where_the_costs_meet(binary):
    """Elkan, "The foundations of cost-sensitive learning" (2001): decide for it from c_fp / (c_fp + c_fn) on."""
    counts = threshold_counts(*binary, TWO)[0]
    for false_alarm, missed in ((1, 1), (1, 4), (1, 9), (3, 1)):
        cheapest = counts.thresholds[counts.cheapest(false_alarm, missed)]
        assert cheapest == pytest.approx(false_alarm / (false_alarm + missed), abs=0.08)


def test_the_unit_of_the_costs_scales_them_and_does_not_change_what_is_best(binary):
    counts = threshold_counts(*binary, TWO)[0]
    assert counts.costs(2000, 14_000) == pytest.approx(1000 * counts.costs(2, 14))
    assert counts.cheapest(2000, 14_000) == counts.cheapest(2, 14)
    place = counts.nearest(0.5)
    decisions = decisions_at(counts, place)
    expected = (2 * decisions.false_positives + 14 * decisions.false_negatives) / 5_000 * 1_000
    assert counts.costs(2, 14)[place] == pytest.approx(expected)


@pytest.mark.parametrize("costs", [(-1, 1), (1, -0.5), (float("nan"), 1), (1, float("inf")), (0, 0), (1e300, 1)])
def test_costs_that_mean_nothing_are_refused(binary, costs):
    with pytest.raises(InvalidComparison, match="cost"):
        threshold_counts(*binary, TWO)[0].costs(*costs)


def test_of_a_rare_class_the_low_thresholds_are_told_apart():
    rng = np.random.default_rng(1)
    shares = rng.beta(1, 400, 4_000)  # the mean is 0.0025
    actual = np.where(rng.random(4_000) < shares, "failure", "normal")
    counts = threshold_counts(actual, np.column_stack([shares, 1 - shares]), TWO)[0]
    assert sum(0 < threshold < 0.01 for threshold in counts.thresholds) > 30
    assert counts.cheapest(1, 300) not in (0, len(counts.thresholds) - 1)


def test_the_class_to_find_is_the_rarer_one_or_the_second(binary):
    assert rarer_class(threshold_counts(*binary, TWO)) == "failure"
    even = threshold_counts(np.array(["failure", "normal"]), np.full((2, 2), 0.5), TWO)
    assert rarer_class(even) == "normal"


def test_what_is_not_defined_is_none_and_nothing_is_divided_by_zero():
    counts = ThresholdCounts("failure", 0, 4, [0.0, 1.0], [0, 0], [4, 0])
    assert decisions_at(counts, 1).metrics == {"Accuracy": 1.0, "Recall": None, "Precision": None, "F1": None}
    assert decisions_at(counts, 0).false_positive_rate == 1.0


def test_a_holdout_has_them_where_there_are_probabilities_and_survives_json(binary):
    actual, shares = binary
    predicted = TWO[shares.argmax(axis=1)]
    holdout = holdout_of_classes(actual, predicted, shares, TWO, shares)
    assert holdout.brier == brier_score(actual, shares, TWO)
    assert [counts.label for counts in holdout.thresholds] == [curve.label for curve in holdout.calibration]
    again = TypeAdapter(Holdout).validate_python(json.loads(json.dumps(asdict(holdout), allow_nan=False)))
    assert again == holdout
    without = holdout_of_classes(actual, predicted, None, TWO)
    assert (without.brier, without.calibration, without.thresholds) == (None, [], [])


def test_three_classes_have_calibration_and_no_threshold(binary):
    classes = np.array(["a", "b", "c"])
    shares = np.random.default_rng(2).dirichlet([1, 1, 1], 300)
    holdout = holdout_of_classes(
        classes[shares.argmax(axis=1)], classes[shares.argmax(axis=1)], shares, classes, shares
    )
    assert len(holdout.calibration) == 3
    assert holdout.thresholds == []


def test_a_holdout_from_before_they_were_kept_is_still_read(binary):
    actual, shares = binary
    record = asdict(holdout_of_classes(actual, TWO[shares.argmax(axis=1)], shares, TWO, shares))
    for name in ("brier", "calibration", "thresholds"):
        del record[name]
    old = TypeAdapter(Holdout).validate_python(record)
    assert (old.brier, old.calibration, old.thresholds) == (None, [], [])
