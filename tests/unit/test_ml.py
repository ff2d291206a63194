"""The detectors and forecasters of requirement document 001, used as it uses them."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from src.errors import DetectorNotFitted, InvalidDetector, InvalidReadingValues
from src.ml.anomaly_detector import AnomalyDetector, create_anomaly_detector


def usual(count: int = 200, seed: int = 0) -> np.ndarray:
    """Values of a sensor in order."""
    return np.random.default_rng(seed).normal(50, 5, count)


SENSORS = {
    "normal": lambda rng, n: rng.normal(50, 5, n),
    "uniform, tiny unit": lambda rng, n: rng.uniform(0, 1e-6, n),
    "skewed, large unit": lambda rng, n: 1e6 * rng.lognormal(0, 1, n),
    "around zero": lambda rng, n: rng.standard_t(4, n),
    "far from zero": lambda rng, n: 1e6 + rng.normal(0, 1, n),
}


@pytest.fixture(scope="module")
def detector() -> AnomalyDetector:
    """A detector that has learnt; no test changes it."""
    return create_anomaly_detector(contamination=0.1).fit(usual())


class TestAnomalyDetector:
    @pytest.mark.parametrize("contamination", [0.01, 0.1, 0.5])
    def test_initialisation_keeps_the_contamination_and_has_learnt_nothing(self, contamination):
        detector = create_anomaly_detector(contamination=contamination)
        assert detector.contamination == contamination
        assert not detector.is_fitted

    @pytest.mark.parametrize("contamination", [0.0, 0.009, 0.51, -1, float("nan"), float("inf"), None, "0.1", True])
    def test_a_contamination_out_of_its_range_is_refused(self, contamination):
        with pytest.raises(InvalidDetector, match=r"contamination is .* from 0\.01 to 0\.5"):
            create_anomaly_detector(contamination=contamination)

    def test_training_returns_the_detector_itself(self):
        detector = create_anomaly_detector()
        assert detector.fit(usual()) is detector
        assert detector.is_fitted

    def test_the_same_training_gives_the_same_scores(self):
        scores = [create_anomaly_detector().fit(usual()).detect_ensemble(usual(seed=1))[1] for _ in range(2)]
        assert np.array_equal(*scores)

    def test_isolation_forest_detection(self, detector):
        predictions, scores = detector.detect_isolation_forest([50.0, 49.0, 95.0, -10.0])
        assert predictions.tolist() == [1, 1, -1, -1]
        assert scores[:2].max() < scores[2:].min()

    def test_lof_detection(self, detector):
        predictions, scores = detector.detect_lof([50.0, 49.0, 95.0, -10.0])
        assert predictions.tolist() == [1, 1, -1, -1]
        assert scores[2:].min() > 0.9

    def test_ensemble_detection(self, detector):
        values = usual(seed=1)
        values[7] = 120.0
        predictions, scores = detector.detect_ensemble(values)
        assert len(predictions) == len(values)
        assert set(predictions) == {-1, 1}
        assert scores.argmax() == 7
        assert scores[7] > 0.9
        assert scores.min() >= 0
        assert scores.max() <= 1

    def test_each_detector_flags_about_its_contamination_of_what_it_learnt(self):
        values = usual(1_000)
        for contamination in (0.05, 0.3):
            detector = create_anomaly_detector(contamination).fit(values)
            for detect in (detector.detect_isolation_forest, detector.detect_lof, detector.detect_ensemble):
                share = (detect(values)[0] == -1).mean()
                assert abs(share - contamination) < 0.4 * contamination, detect

    def test_scoring_and_thresholding_are_separate(self, detector):
        values = usual(1_000, seed=2)
        found = {threshold: detector.detect_ensemble(values, threshold) for threshold in (0.3, 0.5, 0.8)}
        assert all(np.array_equal(scores, found[0.5][1]) for _, scores in found.values())
        counts = [(predictions == -1).sum() for predictions, _ in found.values()]
        assert counts[0] > counts[1] > counts[2]

    @pytest.mark.parametrize("threshold", [0.0, 0.29, 0.81, 1.0, float("nan"), None])
    def test_a_threshold_out_of_its_range_is_refused(self, detector, threshold):
        with pytest.raises(InvalidDetector, match=r"threshold is .* from 0\.3 to 0\.8"):
            detector.detect_ensemble(usual(), threshold)

    @pytest.mark.parametrize("name", SENSORS)
    def test_the_bands_mean_the_same_for_every_sensor(self, name):
        rng = np.random.default_rng(5)
        detector = create_anomaly_detector(0.1).fit(SENSORS[name](rng, 1_000))
        _, scores = detector.detect_ensemble(SENSORS[name](rng, 5_000))
        shares = [(scores >= band).mean() for band in (0.3, 0.6, 0.9)]
        assert 0.2 < shares[0] < 0.42, shares  # 1 in 3
        assert 0.025 < shares[1] < 0.08, shares  # 1 in 21
        assert shares[2] < 0.004, shares  # 1 in 2,100

    def test_the_threshold_of_a_percentile_is_exceeded_by_the_rest(self, detector):
        values = usual(400, seed=3)
        threshold = detector.calculate_anomaly_threshold(values, 95)
        assert isinstance(threshold, float)
        assert (detector.detect_ensemble(values)[1] > threshold).sum() == 20
        assert detector.calculate_anomaly_threshold(values, 99) > threshold

    @pytest.mark.parametrize("percentile", [-1, 100.1, float("nan"), "95"])
    def test_a_percentile_out_of_its_range_is_refused(self, detector, percentile):
        with pytest.raises(InvalidDetector, match=r"percentile is .* from 0\.0 to 100\.0"):
            detector.calculate_anomaly_threshold(usual(), percentile)

    def test_the_summary_says_how_many_and_which(self, detector):
        summary = detector.get_anomaly_summary([50.0, 120.0, 51.0, -30.0])
        assert summary["total_samples"] == 4
        assert summary["anomaly_count"] == 2
        assert summary["anomaly_percentage"] == 50.0
        assert summary["anomaly_indices"] == [1, 3]
        assert summary["anomaly_values"] == [120.0, -30.0]
        assert 0 <= summary["min_score"] < summary["mean_score"] < summary["max_score"] <= 1
        assert summary["mean"] == pytest.approx(47.75)

    @pytest.mark.parametrize("count", [0, 1, 29])
    def test_small_data_is_refused_for_training(self, count):
        with pytest.raises(InvalidReadingValues, match="at least"):
            create_anomaly_detector().fit(usual(count))

    def test_thirty_values_are_enough_and_one_can_be_judged(self):
        detector = create_anomaly_detector().fit(usual(30))
        assert detector.detect_ensemble([50.0])[0].tolist() == [1]
        assert detector.detect_ensemble([500.0])[0].tolist() == [-1]

    @pytest.mark.parametrize("constant", [0.0, 7.0, -1e-12, 1e9])
    def test_constant_values_are_usual_and_any_other_is_not(self, constant):
        detector = create_anomaly_detector().fit(np.full(100, constant))
        other = constant + (abs(constant) or 1.0)
        predictions, scores = detector.detect_ensemble([constant, other])
        assert predictions.tolist() == [1, -1]
        assert scores[1] > 0.9

    @pytest.mark.parametrize(
        ("data", "message"),
        [
            (
                [1.0, np.nan, 2.0],
                "1 of 3 values are missing, infinite or larger than 1e\\+100; the first is at place 1",
            ),
            ([np.inf], "1 of 1 values"),
            ([1e200], "1 of 1 values"),
            ([], "no values"),
            (np.ones((5, 2)), r"shape \(5, 2\)"),
            (np.ones((2, 2, 1)), r"shape \(2, 2, 1\)"),
            (3.0, r"shape \(\)"),
            (["a"], "no numbers"),
            ([None, {}], "no numbers"),
        ],
    )
    def test_values_that_cannot_be_judged_are_refused_by_name(self, detector, data, message):
        with pytest.raises(InvalidReadingValues, match=message):
            detector.detect_ensemble(data)
        with pytest.raises(InvalidReadingValues):
            create_anomaly_detector().fit(data)

    def test_one_column_is_as_good_as_one_dimension(self, detector):
        values = usual(seed=4)
        assert np.array_equal(detector.detect_ensemble(values)[1], detector.detect_ensemble(values[:, None])[1])

    def test_asking_before_training_is_refused_by_name(self):
        with pytest.raises(DetectorNotFitted, match="Call fit"):
            create_anomaly_detector().detect_ensemble(usual())

    def test_a_failed_training_leaves_what_was_learnt_before(self):
        detector = create_anomaly_detector().fit(usual())
        before = detector.detect_ensemble(usual())[1]
        with pytest.raises(InvalidReadingValues):
            detector.fit([np.nan] * 50)
        assert np.array_equal(detector.detect_ensemble(usual())[1], before)

    def test_it_can_be_kept_and_read_again(self, detector):
        again = pickle.loads(pickle.dumps(detector))
        assert np.array_equal(again.detect_ensemble(usual())[1], detector.detect_ensemble(usual())[1])

    @settings(max_examples=30, deadline=None)
    @given(arrays(float, st.integers(30, 60), elements=st.floats(-1e99, 1e99)))
    def test_whatever_finite_values_come_the_scores_are_from_0_to_1(self, values):
        predictions, scores = create_anomaly_detector().fit(values).detect_ensemble(values)
        assert ((scores >= 0) & (scores <= 1)).all()
        assert np.array_equal(predictions == -1, scores >= 0.5)
