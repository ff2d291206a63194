"""What learns from sensors over time, behind the interfaces of requirement document 001 and used as it uses them."""

from __future__ import annotations

import math
import pickle
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sqlalchemy import Engine

from src.config import get_settings
from src.database.activities import read_activities
from src.database.engine import writing
from src.database.tables import forecasts, ml_predictions, sensor_readings, sensors
from src.errors import (
    DetectorNotFitted,
    ForecasterNotFitted,
    InvalidDetector,
    InvalidForecast,
    InvalidPeriod,
    InvalidPrediction,
    InvalidReadingValues,
    InvalidSeries,
    NoReadings,
    SensorNotFound,
)
from src.ml.anomaly_detector import AnomalyDetector, create_anomaly_detector
from src.ml.forecaster import TimeSeriesForecaster, create_forecaster
from src.ml.ml_engine import MLEngine, create_ml_engine
from src.ml.sensor_models.retraining import Plan, Retraining
from src.sensors.sensor_manager import create_sensor_manager
from tests.integration.sensor_samples import HOUR, add_sensor, store
from tests.integration.watched_sensors import newest_hour, store_latest, usual_values, watched_sensor


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


class TestTimeSeriesForecaster:
    """The forecaster with each of its models; those of statsforecast are in `test_forecast_models.py`."""

    START = datetime(2026, 1, 5, tzinfo=UTC)
    LISTS = ("timestamps", "forecasted_values", "lower_bound", "upper_bound", "lower_80", "upper_80", "lower_95",
             "upper_95", "trend")  # fmt: skip

    def times(self, count: int) -> list[datetime]:
        return [self.START + timedelta(hours=hour) for hour in range(count)]

    def values(self, count: int, seed: int = 0) -> np.ndarray:
        daily = 50 + 10 * np.sin(np.arange(count) * 2 * np.pi / 24)
        return daily + np.random.default_rng(seed).normal(0, 1, count)

    def walk(self, count: int) -> np.ndarray:
        """Values of which the last day repeated is the best forecast there is."""
        return np.tile(np.random.default_rng(3).normal(50, 10, 24), count // 24)

    def fitted(self, model: str = "auto", count: int = 400, **options: Any) -> TimeSeriesForecaster:
        return create_forecaster(model, **options).fit(self.times(count), self.values(count))

    @pytest.mark.parametrize("model", ["auto", "seasonal_naive", "prophet"])
    def test_forecast_has_a_value_with_bounds_and_trend_for_each_step(self, model: str) -> None:
        forecast = self.fitted(model, daily_seasonality=True).forecast(periods=30)
        assert {len(forecast[name]) for name in self.LISTS} == {30}
        assert forecast["timestamps"] == [self.START + timedelta(hours=400 + step) for step in range(30)]
        assert all(time.tzinfo == UTC for time in forecast["timestamps"])
        for name in self.LISTS[1:]:
            assert all(type(value) is float and math.isfinite(value) for value in forecast[name]), name
        order = [forecast[name] for name in ("lower_95", "lower_80", "forecasted_values", "upper_80", "upper_95")]
        assert (np.diff(order, axis=0) > 0).all()
        assert forecast["model"] == forecast["requested_model"] == model
        actual = 50 + 10 * np.sin(np.arange(400, 430) * 2 * np.pi / 24)
        assert np.abs(np.array(forecast["forecasted_values"]) - actual).mean() < 2.5

    def test_the_default_is_prophet_with_the_documented_parameters(self) -> None:
        forecaster = create_forecaster(
            interval_width=0.95, yearly_seasonality=True, weekly_seasonality=True, daily_seasonality=False
        )
        assert forecaster.model == create_forecaster().model == "prophet"
        assert not forecaster.is_fitted
        assert forecaster.interval_width == 0.95

    @pytest.mark.parametrize("model", ["auto", "seasonal_naive", "prophet"])
    def test_the_same_history_gives_the_same_forecast(self, model: str) -> None:
        np.random.seed(4)
        first = self.fitted(model).forecast(12)
        np.random.seed(5)  # whatever has been drawn before
        state = np.random.get_state()[1].tolist()
        assert self.fitted(model).forecast(12) == first
        assert np.random.get_state()[1].tolist() == state  # the numbers that others draw are left as they were

    @pytest.mark.parametrize("model", ["auto", "seasonal_naive", "prophet"])
    def test_a_fitted_forecaster_can_be_kept_and_is_small(self, model: str) -> None:
        forecaster = self.fitted(model, count=720)
        content = pickle.dumps(forecaster)
        assert len(content) < 100_000
        again = pickle.loads(content)
        assert again.forecast(24) == forecaster.forecast(24)
        assert again.backtest()["mae"] == forecaster.backtest()["mae"]

    def test_prophet_says_nothing_and_leaves_nothing_behind(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture
    ) -> None:
        self.fitted(
            "prophet", 60
        )  # its library makes a folder of its own when it is imported, and removes it at the end
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        monkeypatch.chdir(tmp_path)
        self.fitted("prophet").forecast(5)
        assert list(tmp_path.iterdir()) == []
        assert capfd.readouterr() == ("", "")

    def test_the_interval_can_be_chosen(self) -> None:
        narrow, wide = (self.fitted(interval_width=width).forecast(10) for width in (0.5, 0.95))
        assert narrow["interval_width"] == 0.5
        assert narrow["lower_95"] == wide["lower_bound"]
        assert (np.array(narrow["upper_bound"]) < narrow["upper_80"]).all()

    def test_the_trend_is_the_level_without_the_season(self) -> None:
        count = 480
        values = self.values(count) + 0.05 * np.arange(count)
        forecast = create_forecaster("auto").fit(self.times(count), values).forecast(24)
        expected = 50 + 0.05 * np.arange(count, count + 24)
        np.testing.assert_allclose(forecast["trend"], expected, atol=1.0)
        assert np.ptp(forecast["trend"]) < 3

    def test_where_auto_is_not_worth_it_the_naive_serves_and_it_is_said(self) -> None:
        noisy = self.walk(480) + np.where(np.arange(480) < 240, np.random.default_rng(4).normal(0, 30, 480), 0)
        forecaster = create_forecaster("auto").fit(self.times(480), noisy)
        forecast = forecaster.forecast(24)
        assert forecast["model"] == forecaster.model == "seasonal_naive"
        assert forecast["requested_model"] == "auto"
        assert forecast["forecasted_values"] == noisy[-24:].tolist()
        said = [str(note) for note in forecast["remarks"]]
        assert any(note.startswith("Not worth a model") for note in said)
        assert "The seasonal naive serves." in said
        report = forecaster.backtest()
        assert not report["is_worth_it"]
        assert report["improvement"] <= 0
        assert report["serving"] == "seasonal_naive"

    def test_other_windows_decide_anew_which_model_serves(self) -> None:
        rng = np.random.default_rng(4)
        values = np.concatenate([self.walk(432) + rng.normal(0, 2, 432), self.walk(432)[:48]])
        values[432:] = values[408:432][np.arange(48) % 24]  # of late the naive is never wrong
        forecaster = create_forecaster("auto").fit(self.times(480), values)
        served = []
        for windows in (1, 8, 1):
            report = forecaster.backtest(windows=windows)
            assert (report["serving"] == "auto") == report["is_worth_it"]
            assert forecaster.forecast(3)["model"] == report["serving"]
            served.append(report["serving"])
        assert served == ["seasonal_naive", "auto", "seasonal_naive"]

    def test_a_model_asked_for_by_name_stays_also_where_it_is_not_worth_it(self) -> None:
        forecaster = create_forecaster("prophet").fit(self.times(240), self.walk(240))
        report = forecaster.backtest(windows=2)
        assert "Not worth a model" in str(report["verdict"])
        assert forecaster.forecast(5)["model"] == report["serving"] == "prophet"

    def test_backtest_says_by_how_much_the_naive_is_beaten(self) -> None:
        report = self.fitted().backtest()
        assert (report["model"], report["windows"], report["horizon"]) == ("auto", 8, 48)
        assert report["improvement"] == pytest.approx(1 - report["mae"] / report["naive_mae"])
        assert 0.1 < report["improvement"] < 0.5
        assert "beats the seasonal naive" in str(report["verdict"])
        assert 0.6 < report["coverage_80"] < report["coverage_95"] <= 1
        assert report["naive_mase"] == pytest.approx(1.0, abs=0.15)
        assert self.fitted().backtest(horizon=5, windows=3)["horizon"] == 5

    def test_each_backtest_has_the_windows_that_were_asked_for(self) -> None:
        forecaster = self.fitted()
        assert [forecaster.backtest(windows=windows)["windows"] for windows in (2, 8, 3)] == [2, 8, 3]
        assert forecaster.backtest()["windows"] == 8
        with pytest.raises(InvalidForecast, match="0 windows"):
            forecaster.backtest(windows=0)

    def test_a_backtest_calibrates_the_intervals_of_prophet(self) -> None:
        forecaster = self.fitted("prophet")
        before = forecaster.forecast(10)
        forecaster.backtest(windows=2)
        after = forecaster.forecast(10)
        assert (before["is_calibrated"], after["is_calibrated"]) == (False, True)
        assert "The intervals are the model's own" in " ".join(map(str, before["remarks"]))
        assert before["forecasted_values"] == after["forecasted_values"]
        assert before["lower_95"] != after["lower_95"]

    @pytest.mark.parametrize("model", ["auto", "seasonal_naive", "prophet"])
    def test_metrics_are_of_the_last_tenth_which_was_not_learned(self, model: str) -> None:
        count = 400
        metrics = self.fitted(model, count, daily_seasonality=True).calculate_metrics()
        assert {"mape", "rmse", "mae", "mase", "coverage", "smape", "coverage_80", "coverage_95"} <= set(metrics)
        assert metrics["steps"] == 40
        assert metrics["mae"] <= metrics["rmse"]
        changed = self.values(count)
        changed[360:] += 1_000  # unforeseeable: had it been seen, the error would be smaller
        surprised = create_forecaster(model, daily_seasonality=True).fit(self.times(count), changed)
        metrics_then = surprised.calculate_metrics()
        assert metrics_then["mae"] > 900
        assert metrics_then["coverage"] == 0.0

    def test_mape_is_no_number_and_says_so_where_values_are_near_zero(self) -> None:
        values = np.where(np.arange(400) % 24 < 8, 0.0, self.values(400))
        metrics = create_forecaster("auto").fit(self.times(400), values).calculate_metrics()
        assert math.isnan(metrics["mape"])
        assert f"{metrics['mape']:.2f}%" == "nan%"
        assert "MAPE is meaningless" in str(metrics["remarks"][0])
        assert math.isfinite(metrics["mae"])

    @pytest.mark.parametrize("model", ["auto", "prophet"])
    def test_the_history_comes_before_the_forecast_with_what_fits_it(self, model: str) -> None:
        forecaster = self.fitted(model, 240, daily_seasonality=True)
        whole, ahead = forecaster.forecast_with_history(12), forecaster.forecast(12)
        for name in self.LISTS:
            assert len(whole[name]) == 252
            assert whole[name][240:] == pytest.approx(ahead[name]) if name != "timestamps" else ahead[name]
        assert whole["timestamps"] == self.times(252)
        assert whole["is_forecast"] == [False] * 240 + [True] * 12
        assert whole["actual_values"] == [*self.values(240), *[None] * 12]
        fit = np.array(whole["forecasted_values"][24:240], float)
        assert np.abs(fit - self.values(240)[24:]).mean() < 2.5
        lower, upper = (np.array(whole[name][24:240], float) for name in ("lower_80", "upper_80"))
        actual = self.values(240)[24:]
        assert ((actual >= lower) & (actual <= upper)).mean() == pytest.approx(0.8, abs=0.05)

    def test_the_summary_says_direction_spread_and_extremes(self) -> None:
        forecaster = self.fitted()
        summary, forecast = forecaster.forecast_summary(24), forecaster.forecast(24)
        values = forecast["forecasted_values"]
        assert summary["trend_direction"] == "stable"
        assert summary["volatility"] == pytest.approx(np.std(values))
        assert (summary["minimum"], summary["maximum"]) == (min(values), max(values))
        assert summary["maximum_at"] == forecast["timestamps"][int(np.argmax(values))]
        assert summary["current_value"] == self.values(400)[-1]
        assert (summary["periods"], summary["frequency"], summary["model"]) == (24, "1 h", "auto")
        assert forecaster.forecast_summary()["periods"] == 24

    @pytest.mark.parametrize(("slope", "direction"), [(0.3, "increasing"), (-0.3, "decreasing"), (0.0, "stable")])
    def test_the_direction_is_that_of_the_trend(self, slope: float, direction: str) -> None:
        values = self.values(400) + slope * np.arange(400)
        assert (
            create_forecaster("auto").fit(self.times(400), values).forecast_summary(48)["trend_direction"] == direction
        )

    def test_components_of_stl_add_up_to_the_pattern(self) -> None:
        components = self.fitted(count=500).get_components()
        assert components["source"] == "STL"
        assert set(components["seasons"]) == {"daily", "weekly"}
        assert components["timestamps"] == self.times(500)
        daily = np.array(components["seasons"]["daily"])
        assert np.ptp(daily) == pytest.approx(20, abs=3)
        together = np.array(components["trend"]) + daily + components["seasons"]["weekly"]
        assert np.abs(together - self.values(500)).mean() < 1

    def test_components_without_a_season_are_a_smooth_trend(self) -> None:
        times = [self.START + timedelta(seconds=second) for second in range(100)]
        values = np.arange(100) + np.random.default_rng(1).normal(0, 1, 100)
        components = create_forecaster("auto").fit(times, values).get_components()
        assert components["seasons"] == {}
        assert np.abs(np.array(components["trend"]) - np.arange(100)).mean() < 0.5

    def test_components_of_prophet_are_its_own_with_its_changepoints(self) -> None:
        values = self.values(400) + np.maximum(np.arange(400) - 200, 0)
        forecaster = create_forecaster("prophet", yearly_seasonality=False, daily_seasonality=True)
        components = forecaster.fit(self.times(400), values).get_components()
        assert components["source"] == "prophet"
        assert set(components["seasons"]) == {"daily", "weekly"}
        moment = max(components["changepoints"], key=lambda pair: pair[1])[0]
        assert abs(moment - self.times(201)[200]) < timedelta(hours=30)
        assert sum(change for _, change in components["changepoints"]) == pytest.approx(24, rel=0.2)  # a unit an hour

    def test_a_season_that_the_history_does_not_hold_twice_is_left_out_and_it_is_said(self) -> None:
        forecaster = create_forecaster("prophet", daily_seasonality=True).fit(self.times(100), self.values(100))
        assert set(forecaster.get_components()["seasons"]) == {"daily"}
        said = [str(note) for note in forecaster.forecast(3)["remarks"]]
        assert any("tell a yearly season" in note for note in said)
        assert any("tell a weekly season" in note for note in said)
        assert not any("tell a daily season" in note for note in said)
        plain = create_forecaster("prophet", yearly_seasonality=False, weekly_seasonality=False)
        forecast = plain.fit(self.times(100), self.values(100)).forecast(3)
        assert [str(note) for note in forecast["remarks"]] == [
            "Prophet is not asked for a daily season, and forecasts all hours of a day alike.",
            "The intervals are the model's own. A backtest calibrates them.",
        ]

    def test_a_far_horizon_is_forecast_and_it_is_said_where_intervals_are_no_longer_calibrated(self) -> None:
        forecaster = self.fitted(horizon=24)
        assert (
            forecaster.forecast(24)["remarks"]
            == forecaster.fit(self.times(400), self.values(400)).forecast(1)["remarks"]
        )
        far = forecaster.forecast(10_000)
        assert "Beyond 24 steps the intervals are not calibrated" in " ".join(map(str, far["remarks"]))
        width = np.subtract(far["upper_95"], far["lower_95"])
        assert width[9_999] > 10 * width[23]

    @pytest.mark.parametrize("periods", [0, -1, 10_001, 100_000, 1.5, True, None, "24"])
    def test_a_horizon_that_there_cannot_be_is_refused(self, periods: Any) -> None:
        forecaster = self.fitted("seasonal_naive", 60)
        for ask in (forecaster.forecast, forecaster.forecast_with_history, forecaster.forecast_summary):
            with pytest.raises(InvalidForecast, match="cannot be forecast"):
                ask(periods)

    def test_a_forecast_beyond_all_calendars_is_refused(self) -> None:
        months = [datetime(1960 + month // 12, month % 12 + 1, 1, tzinfo=UTC) for month in range(60)]
        forecaster = create_forecaster("auto").fit(months, self.values(60))
        assert forecaster.forecast(3)["timestamps"][-1] == datetime(1965, 3, 1, tzinfo=UTC)
        with pytest.raises(InvalidForecast, match="after the year 2261"):
            forecaster.forecast(10_000)

    def test_an_unknown_model_is_refused_at_once_with_the_known_ones(self) -> None:
        with pytest.raises(InvalidForecast, match=r"no forecaster 'oracle'\. Choose one of prophet, auto"):
            create_forecaster("oracle")

    @pytest.mark.parametrize("share", [0, 1, 1.5, -0.1, math.nan])
    def test_an_interval_that_there_cannot_be_is_refused(self, share: float) -> None:
        with pytest.raises(InvalidForecast, match="between 0 and 1"):
            create_forecaster("auto", interval_width=share)

    @pytest.mark.parametrize("horizon", [0, 100_000, 2.5])
    def test_a_calibration_for_no_horizon_is_refused(self, horizon: Any) -> None:
        with pytest.raises(InvalidForecast, match="cannot be forecast"):
            create_forecaster("auto", horizon=horizon)
        with pytest.raises(InvalidForecast, match="cannot be forecast"):
            self.fitted("seasonal_naive", 60).backtest(horizon=horizon)

    @pytest.mark.parametrize(
        "ask",
        ["forecast", "forecast_with_history", "calculate_metrics", "forecast_summary", "get_components", "backtest"],
    )
    def test_what_has_learned_nothing_says_so(self, ask: str) -> None:
        with pytest.raises(ForecasterNotFitted, match="learned nothing yet"):
            getattr(create_forecaster("auto"), ask)()

    @pytest.mark.parametrize("model", ["auto", "prophet"])
    def test_too_little_is_refused_and_what_was_learned_before_stays(self, model: str) -> None:
        forecaster = self.fitted(model, 60)
        before = forecaster.forecast(3)
        with pytest.raises(InvalidSeries, match="49 values"):
            forecaster.fit(self.times(49), self.values(49))
        with pytest.raises(InvalidSeries, match="infinite"):
            forecaster.fit(self.times(60), [*self.values(59), math.inf])
        assert forecaster.forecast(3) == before

    @pytest.mark.parametrize("model", ["auto", "seasonal_naive", "prophet"])
    def test_fifty_values_are_enough(self, model: str) -> None:
        forecaster = self.fitted(model, 50)
        assert len(forecaster.forecast(24)["forecasted_values"]) == 24
        assert forecaster.calculate_metrics()["steps"] == 5
        assert forecaster.backtest()["windows"] >= 2

    @pytest.mark.parametrize("model", ["auto", "seasonal_naive", "prophet"])
    @pytest.mark.parametrize("value", [0.0, 7.0])
    def test_a_constant_sensor_stays_constant(self, model: str, value: float) -> None:
        forecaster = create_forecaster(model).fit(self.times(100), [value] * 100)
        forecast = forecaster.forecast(24)
        np.testing.assert_allclose(forecast["forecasted_values"], value, atol=1e-6)
        np.testing.assert_allclose(forecast["lower_bound"], value, atol=1e-6)
        assert forecaster.forecast_summary()["trend_direction"] == "stable"
        assert forecaster.calculate_metrics()["mae"] == pytest.approx(0, abs=1e-6)
        assert forecaster.backtest()["improvement"] <= 0

    @pytest.mark.parametrize("model", ["auto", "seasonal_naive", "prophet"])
    def test_gaps_repeats_and_any_order_are_accepted(self, model: str) -> None:
        kept = [hour for hour in range(400) if not 100 <= hour < 130]
        order = np.random.default_rng(1).permutation(kept).tolist()
        times, values = self.times(400), self.values(400)
        forecaster = create_forecaster(model, daily_seasonality=True).fit(
            [times[hour] for hour in [*order, 5, 5]], [values[hour] for hour in [*order, 5, 5]]
        )
        forecast = forecaster.forecast(24)
        actual = 50 + 10 * np.sin(np.arange(400, 424) * 2 * np.pi / 24)
        assert np.abs(np.array(forecast["forecasted_values"]) - actual).mean() < 2.5
        said = " ".join(map(str, forecast["remarks"]))
        assert "30 of 400 steps" in said
        assert "2 values share a step" in said
        history = forecaster.forecast_with_history(1)
        assert history["actual_values"][100:130] == [None] * 30

    def test_intervals_hold_about_what_they_say_on_days_to_come(self) -> None:
        held = {80: [], 95: []}
        for seed in range(12):
            values = self.values(448, seed)
            forecast = create_forecaster("auto").fit(self.times(400), values[:400]).forecast(48)
            for level, shares in held.items():
                lower, upper = forecast[f"lower_{level}"], forecast[f"upper_{level}"]
                shares.append(((values[400:] >= lower) & (values[400:] <= upper)).mean())
        assert np.mean(held[80]) == pytest.approx(0.82, abs=0.06)
        assert np.mean(held[95]) == pytest.approx(0.96, abs=0.03)


ANOMALY_KEYS = {
    "sensor_id",
    "display_name",
    "is_anomaly",
    "is_ongoing",
    "anomaly_score",
    "value",
    "historical_average",
    "historical_std",
    "timestamp",
    "sensor_fault",
    "reason",
    "remark",
}


@pytest.fixture
def ml_engine(engine: Engine) -> MLEngine:
    """An engine on an empty database, once in SQLite and once in PostgreSQL."""
    return create_ml_engine()


class TestMLEngine:
    def test_the_first_call_trains_and_judges_the_newest_reading(self, engine, ml_engine):
        sensor_id = watched_sensor(engine)
        result = ml_engine.detect_anomalies(sensor_id)
        assert result.keys() >= ANOMALY_KEYS
        assert result["model_version"] == 1
        assert result["value"] == pytest.approx(usual_values(200)[-1])
        assert result["historical_average"] == pytest.approx(usual_values(200)[-169:].mean(), abs=0.5)
        assert result["historical_std"] == pytest.approx(usual_values(200)[-169:].std(), rel=0.1)
        assert (result["is_anomaly"], result["sensor_fault"]) == (False, None)
        assert 0 <= result["anomaly_score"] < 0.6

    def test_a_reading_far_from_all_others_is_an_anomaly_and_is_kept_as_one(self, engine, ml_engine):
        sensor_id = watched_sensor(engine, left_out=1)
        ml_engine.train_anomaly_detector(sensor_id)
        store_latest(engine, sensor_id, [75.0])
        result = ml_engine.detect_anomalies(sensor_id)
        assert result["is_anomaly"]
        assert result["anomaly_score"] >= 0.6
        assert "Outside everything before" in str(result["reason"])
        (kept,) = ml_engine.get_predictions(sensor_id, "ANOMALY_DETECTOR")
        assert kept.is_anomaly
        assert kept.prediction_timestamp == result["timestamp"]
        assert kept.anomaly_score == pytest.approx(result["anomaly_score"])
        assert kept.model_version == result["model_version"]
        assert ml_engine.detect_anomalies(sensor_id) == result  # asked again, it says the same and keeps nothing twice
        assert len(ml_engine.get_predictions(sensor_id)) == 1

    def test_an_anomaly_goes_on_after_its_alarm_until_readings_are_usual_again_or_do_not_come(self, engine, ml_engine):
        sensor_id, said = watched_sensor(engine, left_out=40), []
        ml_engine.train_anomaly_detector(sensor_id)
        for place in range(3):
            store(engine, sensor_id, [75.0], start=newest_hour() - (39 - place) * HOUR)
            said.append(ml_engine.detect_anomalies(sensor_id, now=newest_hour() - (39 - place) * HOUR))
        assert [one["is_anomaly"] for one in said] == [True, False, False]
        assert [one["is_ongoing"] for one in said] == [True, True, True]
        silent = ml_engine.detect_anomalies(sensor_id)
        assert (silent["sensor_fault"] is None, silent["is_ongoing"]) == (False, False)
        store_latest(engine, sensor_id, usual_values(200)[-37:].tolist())
        assert not ml_engine.detect_anomalies(sensor_id)["is_ongoing"]

    @pytest.mark.parametrize(
        ("values", "quality", "fault"),
        [([400.0], 0, "physical range"), ([51.0], 2, "marks the reading as bad"), ([None], 0, "no value")],
    )
    def test_a_sensor_fault_is_no_anomaly(self, engine, ml_engine, values, quality, fault):
        sensor_id = watched_sensor(engine, left_out=1)
        with writing(engine) as connection:
            connection.execute(sa.update(sensors).values(physical_max=100.0))
        ml_engine.train_anomaly_detector(sensor_id)
        store_latest(engine, sensor_id, values, quality=quality)
        result = ml_engine.detect_anomalies(sensor_id)
        assert fault in str(result["sensor_fault"])
        assert not result["is_anomaly"]
        assert result["value"] == values[0]

    def test_a_sensor_that_is_silent_is_said_to_be_so(self, engine, ml_engine):
        sensor_id = watched_sensor(engine)
        later = datetime.now(UTC) + timedelta(hours=9)
        assert "Stale" in str(ml_engine.detect_anomalies(sensor_id, now=later)["sensor_fault"])

    def test_a_restart_loses_nothing(self, engine, ml_engine):
        sensor_id = watched_sensor(engine, left_out=5)
        ml_engine.train_anomaly_detector(sensor_id)
        before = []
        for value in (51.0, 70.0, 52.0, 49.0):
            before.append(_said_after(engine, ml_engine, sensor_id, value, step=len(before)))
        after = create_ml_engine()
        again = after.detect_anomalies(sensor_id)
        assert _comparable(again) == _comparable(before[-1])
        np.testing.assert_array_equal(
            after.judged_past(sensor_id).strengths, ml_engine.judged_past(sensor_id).strengths
        )

    def test_a_version_that_another_process_has_trained_is_noticed(self, engine, ml_engine):
        sensor_id = watched_sensor(engine)
        assert ml_engine.detect_anomalies(sensor_id)["model_version"] == 1
        create_ml_engine().train_anomaly_detector(sensor_id, hours=100)
        assert ml_engine.detect_anomalies(sensor_id)["model_version"] == 2

    def test_the_next_sensor_of_the_same_identifier_gets_a_model_of_its_own(self, engine, ml_engine):
        sensor_id = watched_sensor(engine)
        ml_engine.detect_anomalies(sensor_id)
        ml_engine.forecast_sensor(sensor_id)
        create_sensor_manager(engine).delete(sensor_id, actor="")
        other = watched_sensor(engine, "Saw noise", hours=150)
        if other != sensor_id:
            pytest.skip("this database does not give identifiers again")
        with writing(engine) as connection:
            connection.execute(sa.update(sensor_readings).values(value=sensor_readings.c.value + 1_000))
        result = ml_engine.detect_anomalies(other)
        assert result["model_version"] == 2
        assert result["historical_average"] > 1_000
        assert min(ml_engine.forecast_sensor(other)["forecast"]["forecasted_values"]) > 900

    def test_a_threshold_that_was_adopted_outlives_a_restart_and_a_training(self, engine, ml_engine):
        sensor_id = watched_sensor(engine)
        ml_engine.set_alarm_threshold(sensor_id, 2.5, actor="Ana")
        act = read_activities("sensor")[0]
        assert (act.actor, act.subject, str(act.action)) == ("Ana", "Saw heat", "alarm threshold: 1.4 → 2.5")
        assert create_ml_engine().detect_anomalies(sensor_id)["alarm_threshold"] == 2.5
        ml_engine.retrain_all_models(plan=Plan(kinds=("anomaly",)))
        assert ml_engine.detect_anomalies(sensor_id)["alarm_threshold"] == 2.5
        assert ml_engine.train_anomaly_detector(sensor_id)["alarm_threshold"] == 2.5

    def test_what_was_said_of_the_past_stays_as_it_was_said(self, engine, ml_engine):
        sensor_id = watched_sensor(engine, left_out=3)
        ml_engine.train_anomaly_detector(sensor_id)
        store_latest(engine, sensor_id, [51.0, 80.0, 50.0])
        ml_engine.detect_anomalies(sensor_id)
        before = ml_engine.judged_past(sensor_id)
        assert before.is_anomaly.sum() == 1
        ml_engine.train_anomaly_detector(sensor_id)
        after = ml_engine.judged_past(sensor_id)
        assert after.times[after.is_anomaly] == before.times[before.is_anomaly]
        assert (np.diff(after.times) > np.timedelta64(0)).all()

    def test_all_sensors_at_once_say_what_each_says_alone(self, engine, ml_engine):
        ids = [watched_sensor(engine, f"Saw {number}", hours=150 + number) for number in range(3)]
        few = watched_sensor(engine, "New saw", hours=20)
        results = ml_engine.detect_all()
        assert [_comparable(results[key]) for key in ids] == [
            _comparable(ml_engine.detect_anomalies(key)) for key in ids
        ]
        assert "20 good readings are too few" in str(results[few]["reason"])
        assert (results[few]["is_anomaly"], results[few]["anomaly_score"]) == (False, None)
        assert ml_engine.detect_all([few], train=False) == {}

    def test_a_forecast_has_the_keys_of_the_document_and_names_its_model(self, engine, ml_engine):
        sensor_id = watched_sensor(engine, hours=700)
        result = ml_engine.forecast_sensor(sensor_id, periods=24)
        forecast = result["forecast"]
        names = ("timestamps", "forecasted_values", "lower_bound", "upper_bound", "trend")
        assert {len(forecast[name]) for name in names} == {24}
        assert forecast["timestamps"][0] == newest_hour() + timedelta(hours=1)
        assert result["metrics"].keys() >= {"mape", "rmse", "mae", "mase", "coverage"}
        assert result["summary"].keys() >= {"trend_direction", "volatility"}
        assert (result["model"], result["model_version"]) == ("auto", 1)
        season = 50 + 5 * np.sin(2 * np.pi * np.arange(699, 723) / 24)
        assert np.abs(np.array(forecast["forecasted_values"]) - season).mean() < 1.0

    @pytest.mark.parametrize("model", ["auto", "prophet"])
    def test_a_forecast_begins_after_the_newest_hour_though_the_model_is_older(self, engine, ml_engine, model):
        sensor_id = watched_sensor(engine, hours=200, left_out=6)
        ml_engine.train_forecaster(sensor_id, model=model)
        first = ml_engine.forecast_sensor(sensor_id, 3, model)["forecast"]["timestamps"][0]
        store_latest(engine, sensor_id, usual_values(200)[-6:].tolist())
        result = create_ml_engine().forecast_sensor(sensor_id, 3, model)
        assert result["forecast"]["timestamps"][0] == first + timedelta(hours=6)
        assert result["model_version"] == 1
        assert len(result["forecast"]["forecasted_values"]) == len(result["forecast"]["lower_80"]) == 3

    def test_an_issued_forecast_is_held_against_the_readings_that_come(self, engine, ml_engine):
        sensor_id = watched_sensor(engine, hours=200, left_out=6)
        issued = ml_engine.forecast_sensor(sensor_id, 4)["forecast"]
        assert ml_engine.forecast_accuracy(sensor_id).errors is None
        store_latest(engine, sensor_id, [value + 2 for value in issued["forecasted_values"]] + [50.0, 50.0])
        accuracy = ml_engine.forecast_accuracy(sensor_id)
        assert (accuracy.forecasts, accuracy.steps) == (1, 4)
        assert accuracy.errors.mae == pytest.approx(2.0)
        assert accuracy.by_version[0].model_version == 1

    def test_all_models_are_trained_anew_and_the_progress_is_told(self, engine, ml_engine):
        ids = [watched_sensor(engine, f"Saw {number}") for number in range(3)]
        watched_sensor(engine, "New saw", hours=40)
        told: list[float] = []

        def tell(so_far: Retraining) -> None:
            told.append(so_far.done / so_far.total)

        done = ml_engine.retrain_all_models(on_progress=tell)
        assert (done["sensors"], done["anomaly_detectors"], done["forecasters"], done["failed"]) == (4, 4, 3, 1)
        assert "There are 40 values" in str(done["failures"][0]["reason"])
        assert told == sorted(told)
        assert told[-1] == 1.0
        status = ml_engine.get_ml_status()
        assert (status["total_sensors"], status["anomaly_detectors"], status["forecasters"]) == (4, 4, 3)
        assert status["coverage"] == 0.75
        rows = {row["sensor_id"]: row for row in status["sensors"]}
        assert rows[ids[0]]["forecaster"].error_at_training > 0
        assert rows[ids[0]]["anomaly_detector"].drift is None

    def test_sensors_without_new_readings_can_be_skipped(self, engine, ml_engine):
        ids = [watched_sensor(engine, f"Saw {number}", left_out=1) for number in range(2)]
        ml_engine.retrain_all_models()
        store_latest(engine, ids[0], [50.0])
        done = ml_engine.retrain_all_models(plan=Plan(skip_unchanged=True))
        assert (done["trained"], done["skipped"]) == (2, 2)
        assert ml_engine.detect_anomalies(ids[0])["model_version"] == 2
        assert ml_engine.detect_anomalies(ids[1])["model_version"] == 1

    def test_readings_that_left_the_training_range_are_a_drift(self, engine, ml_engine):
        sensor_id = watched_sensor(engine, left_out=3)
        ml_engine.retrain_all_models()
        store_latest(engine, sensor_id, [80.0, 81.0, 82.0])
        (row,) = ml_engine.get_ml_status()["sensors"]
        assert "80" in str(row["anomaly_detector"].drift) or "82" in str(row["anomaly_detector"].drift)
        assert row["forecaster"].drift is not None

    def test_only_the_last_versions_are_kept(self, engine, ml_engine, settings):
        sensor_id = watched_sensor(engine)
        for _ in range(5):
            ml_engine.train_anomaly_detector(sensor_id)
        files = sorted(path.name for path in (settings.models_dir / "sensors").glob("anomaly-*.pkl"))
        assert files == [f"anomaly-{sensor_id}@{version}.pkl" for version in (3, 4, 5)]

    def test_a_training_of_all_clears_away_what_is_old_and_the_models_of_sensors_that_are_gone(
        self, engine, ml_engine, settings
    ):
        gone, stays = watched_sensor(engine), watched_sensor(engine, "Saw noise")
        ml_engine.detect_all()
        ml_engine.save_prediction(stays, "FORECASTER", datetime.now(UTC), forecasted_value=1.0)
        ml_engine.forecast_sensor(stays)
        with writing(engine) as connection:
            for table, column in ((ml_predictions, "created_at"), (forecasts, "issued_at")):
                connection.execute(sa.update(table).values({column: datetime(2020, 1, 1, tzinfo=UTC)}))
        create_sensor_manager(engine).delete(gone, actor="")
        ml_engine.retrain_all_models()
        assert ml_engine.get_predictions(stays) == []
        assert ml_engine.forecast_accuracy(stays).forecasts == 0
        assert not list((settings.models_dir / "sensors").glob(f"anomaly-{gone}*"))
        assert list((settings.models_dir / "sensors").glob(f"anomaly-{stays}*"))

    def test_models_in_memory_are_bounded_and_the_answers_stay_the_same(self, engine, ml_engine, monkeypatch):
        ids = [watched_sensor(engine, f"Saw {number}") for number in range(5)]
        wanted = {key: _comparable(one) for key, one in ml_engine.detect_all().items()}
        monkeypatch.setenv("FAROL_SENSOR_MODELS_MB", "1")
        get_settings.cache_clear()
        small = create_ml_engine()
        for _ in range(2):
            assert {key: _comparable(small.detect_anomalies(key)) for key in ids} == wanted
            assert 0 < small._models.bytes_in_memory <= 1_000_000

    def test_a_damaged_model_is_trained_anew(self, engine, ml_engine, settings):
        sensor_id = watched_sensor(engine)
        ml_engine.detect_anomalies(sensor_id)
        (settings.models_dir / "sensors" / f"anomaly-{sensor_id}.pkl").write_bytes(b"damaged")
        assert create_ml_engine().detect_anomalies(sensor_id)["model_version"] == 2

    def test_predictions_are_saved_and_read_as_in_the_document(self, engine, ml_engine):
        sensor_id = watched_sensor(engine, hours=1)
        ml_engine.save_prediction(
            sensor_id=sensor_id,
            model_type="FORECASTER",
            prediction_timestamp=datetime.now(UTC),
            forecasted_value=55.2,
            confidence_low=51.0,
            confidence_high=59.4,
        )
        (kept,) = ml_engine.get_predictions(sensor_id=sensor_id, model_type="FORECASTER", limit=100)
        assert (kept.forecasted_value, kept.confidence_low, kept.confidence_high) == (55.2, 51.0, 59.4)

    def test_history_is_that_of_the_good_readings(self, engine, ml_engine):
        sensor_id = watched_sensor(engine, hours=50)
        assert len(ml_engine.get_sensor_history(sensor_id, hours=24)) == 24

    @pytest.mark.parametrize(
        ("call", "error"),
        [
            (lambda e, s: e.detect_anomalies(999), SensorNotFound),
            (lambda e, s: e.forecast_sensor(999), SensorNotFound),
            (lambda e, s: e.get_predictions(999), SensorNotFound),
            (lambda e, s: e.retrain_all_models([999]), SensorNotFound),
            (lambda e, s: e.detect_anomalies("1; drop table sensors"), SensorNotFound),
            (lambda e, s: e.forecast_sensor(s, 0), InvalidForecast),
            (lambda e, s: e.forecast_sensor(s, 100_000), InvalidForecast),
            (lambda e, s: e.forecast_sensor(s, 24, "oracle"), InvalidForecast),
            (lambda e, s: e.train_forecaster(s, model="oracle"), InvalidForecast),
            (lambda e, s: e.train_anomaly_detector(s, hours=0), InvalidPeriod),
            (lambda e, s: e.train_anomaly_detector(s, hours=float("nan")), InvalidPeriod),
            (lambda e, s: e.train_anomaly_detector(s, contamination=0.9), InvalidDetector),
            (lambda e, s: e.train_anomaly_detector(s, hours=10), InvalidReadingValues),
            (lambda e, s: e.train_forecaster(s, hours=10), InvalidSeries),
            (lambda e, s: e.set_alarm_threshold(s, float("nan")), InvalidDetector),
            (lambda e, s: e.set_alarms_per_week(s, 0), InvalidDetector),
            (lambda e, s: e.save_prediction(s, "ORACLE", datetime.now(UTC)), InvalidPrediction),
        ],
    )
    def test_bad_input_is_refused_by_name_and_loses_nothing(self, engine, ml_engine, call, error):
        sensor_id = watched_sensor(engine)
        before = ml_engine.detect_anomalies(sensor_id)
        with pytest.raises(error):
            call(ml_engine, sensor_id)
        assert _comparable(ml_engine.detect_anomalies(sensor_id)) == _comparable(before)

    def test_a_sensor_without_readings_is_refused_by_name(self, engine, ml_engine):
        sensor_id = add_sensor(engine, "Saw noise")
        for call in (ml_engine.detect_anomalies, ml_engine.forecast_sensor, ml_engine.train_forecaster):
            with pytest.raises(NoReadings, match="Saw noise"):
                call(sensor_id)

    def test_several_threads_may_ask_at_once(self, engine, ml_engine):
        ids = [watched_sensor(engine, f"Saw {number}") for number in range(3)]
        with ThreadPoolExecutor(4) as threads:
            results = list(threads.map(ml_engine.detect_anomalies, ids * 4))
        assert {result["model_version"] for result in results} == {1}


def _said_after(engine: Engine, ml_engine: MLEngine, sensor_id: int, value: float, step: int) -> dict[str, Any]:
    store(engine, sensor_id, [value], start=newest_hour() - timedelta(hours=4 - step))
    return ml_engine.detect_anomalies(sensor_id)


def _comparable(result: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in result.items() if name != "trained_at"}
