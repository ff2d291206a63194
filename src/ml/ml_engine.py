"""Models of sensors, from readings to answers: trained on the first call, kept across restarts, trained anew for all.

The names of methods, parameters and keys are those of requirement document 001.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from src.database.activities import record_activity
from src.database.engine import get_engine, reading, writing
from src.errors import FarolError
from src.ml.anomalies.fitting import CONTAMINATION
from src.ml.anomalies.inputs import checked_contamination
from src.ml.anomaly_verdicts import read_verdicts
from src.ml.forecast_accuracy import ForecastAccuracy, forecast_accuracy
from src.ml.forecast_ledger import delete_old_forecasts
from src.ml.repositories import PredictionRepository, SensorReadingsRepository
from src.ml.sensor_models.alarm_history import AlarmHistory
from src.ml.sensor_models.detecting import Detecting
from src.ml.sensor_models.forecasting import CurrentForecaster, Forecasting
from src.ml.sensor_models.judged_past import JudgedPast
from src.ml.sensor_models.retraining import Plan, Retraining, retrain
from src.ml.sensor_models.status import read_status
from src.ml.sensor_models.store import SensorModels, Version
from src.ml.sensor_models.training import AUTO, DETECTOR_HOURS, FORECASTER_HOURS
from src.ml.sensor_prediction import SensorPrediction
from src.notes import Note
from src.sensors.events import EventKind, read_events
from src.sensors.existing import existing_sensors
from src.sensors.history import History
from src.sensors.sensor_manager import Sensor, create_sensor_manager


class MLEngine:
    """Trains, asks and keeps the models of sensors; threads may share one.

    Parameters
    ----------
    engine : Engine, optional
        The database; the one that the settings name by default.
    folder : Path, optional
        Where the models are kept; ``sensors`` in the folder of models by default.
    """

    def __init__(self, engine: Engine | None = None, folder: Path | None = None) -> None:
        self._engine = engine or get_engine()
        self._sensors = create_sensor_manager(self._engine)
        self._models = SensorModels(folder)
        self._detecting = Detecting(self._engine, self._models)
        self._forecasting = Forecasting(self._engine, self._models)
        self._lock = threading.RLock()

    def get_sensor_history(self, sensor_id: int, hours: float = DETECTOR_HOURS) -> History:
        """Return the good readings of the last hours up to the sensor's newest one; see `SensorReadingsRepository`."""
        return SensorReadingsRepository(self._engine).history(sensor_id, hours)

    def train_anomaly_detector(
        self,
        sensor_id: int,
        hours: float = DETECTOR_HOURS,
        contamination: float = CONTAMINATION,
        *,
        actor: str | None = None,
    ) -> dict[str, Any]:
        """Train a sensor's detector on its last hours, and keep it as a new version.

        Parameters
        ----------
        hours : float
            Back from the newest good reading; at least 30 good readings are needed.
        contamination : float
            Expected share of unusual readings, 0.01 to 0.5.
        actor : str, optional
            Who wanted it, for "who did what"; it is not noted there when left out.

        Returns
        -------
        dict
            ``version``, ``trained_at``, and what `src.ml.sensor_models.training` says of a detector: ``samples``,
            ``data_from``, ``data_until``, ``alarm_threshold`` …

        Raises
        ------
        SensorNotFound, NoReadings, InvalidPeriod
            There is no such sensor, nothing to learn from, or no such length of time.
        InvalidReadingValues
            There are too few readings to learn from.
        InvalidDetector
            The contamination is out of its range.
        """
        contamination = checked_contamination(contamination)
        with self._lock:
            sensor = self._sensors.get_sensor(sensor_id)
            facts = _facts(self._detecting.train(sensor, hours=hours, contamination=contamination).version)
        if actor is not None:
            self._note(actor, sensor, Note("detector trained anew: version {version}", {"version": facts["version"]}))
        return facts

    def train_forecaster(self, sensor_id: int, hours: float = FORECASTER_HOURS, model: str = AUTO) -> dict[str, Any]:
        """Train a sensor's forecaster on the hourly means of its last hours, and keep it as a new version.

        Parameters
        ----------
        hours : float
            Back from the newest good reading; at least 50 hours with a reading are needed.
        model : str
            As `create_forecaster` knows it; each model has its own versions.

        Returns
        -------
        dict
            As from `train_anomaly_detector`, with ``serving``, the model that serves, and what its backtest has shown.

        Raises
        ------
        SensorNotFound, NoReadings, InvalidPeriod
            As in `train_anomaly_detector`.
        InvalidSeries, InvalidForecast
            Nothing can be learnt from the readings, or there is no such model.
        """
        with self._lock:
            return _facts(self._forecasting.train(self._sensors.get_sensor(sensor_id), model, hours=hours).version)

    def detect_anomalies(self, sensor_id: int, *, now: datetime | None = None) -> dict[str, Any]:
        """Judge a sensor's newest reading, with all that came before it.

        A sensor without a detector is trained first. Alarms among the readings that are new are kept as predictions.

        Parameters
        ----------
        now : datetime, optional
            From which a sensor counts as silent; the present by default.

        Returns
        -------
        dict
            What `WatchedSensor.said_of_now` says, with ``sensor_id``, ``display_name``, ``model_version``,
            ``trained_at``.

        Raises
        ------
        SensorNotFound, NoReadings, InvalidReadingValues
            There is no such sensor, or too little to learn from.
        """
        with self._lock:
            sensor = self._sensors.get_sensor(sensor_id)
            results, refused = self._detecting.detect([sensor], now or datetime.now(UTC))
            if refused:
                raise refused[sensor.sensor_id]
            return results[sensor.sensor_id]

    def detect_all(
        self, sensor_ids: Iterable[int] | None = None, *, train: bool = True, now: datetime | None = None
    ) -> dict[int, dict[str, Any]]:
        """Judge the newest readings of some sensors, or of all that are in use.

        Parameters
        ----------
        train : bool
            Whether sensors without a detector are trained first, or left out.

        Returns
        -------
        dict of int to dict
            By sensor, as from `detect_anomalies`. Of a sensor that cannot be judged, ``is_anomaly`` and ``is_ongoing``
            are False, ``anomaly_score`` and ``value`` are None and ``reason`` says why.
        """
        with self._lock:
            sensors = self._chosen(sensor_ids)
            results, refused = self._detecting.detect(sensors, now or datetime.now(UTC), train=train)
        return {
            sensor.sensor_id: results.get(sensor.sensor_id) or _not_judged(sensor, refused[sensor.sensor_id])
            for sensor in sensors
            if sensor.sensor_id in results or sensor.sensor_id in refused
        }

    def judged_past(self, sensor_id: int) -> JudgedPast:
        """Return what was said of a sensor's last readings, up to the newest; raises as `detect_anomalies` does."""
        with self._lock:
            self.detect_anomalies(sensor_id)
            return self._detecting.past(self._sensors.get_sensor(sensor_id))

    def alarm_history(self, sensor_id: int) -> AlarmHistory:
        """Return what was said of a sensor's last readings beside failures and verdicts; raises as `detect_anomalies`.

        `src.ml.sensor_models.threshold_replay` tells from it what another threshold would have done.
        """
        with self._lock:
            past = self.judged_past(sensor_id)
            sensor = self._sensors.get_sensor(sensor_id)
            detector = self._detecting.detector(sensor)
            threshold, silence_rows = detector.alarm_threshold, detector.silence_rows
        with reading(self._engine) as connection:
            events = read_events(connection, equipment=sensor.equipment)
        return AlarmHistory(
            past=past,
            alarm_threshold=threshold,
            silence_rows=silence_rows,
            failures=tuple(event for event in events if event.kind == EventKind.FAILURE),
            verdicts=tuple(read_verdicts([sensor_id], engine=self._engine)),
        )

    def set_alarm_threshold(self, sensor_id: int, threshold: float, *, actor: str = "") -> dict[str, Any]:
        """Raise a sensor's alarms from this strength on; kept as a new version of its detector, which goes on as it is.

        Raises
        ------
        InvalidDetector
            The threshold is below 0.1.
        SensorNotFound, NoReadings, InvalidReadingValues
            As in `detect_anomalies`.
        """
        return self._set_threshold(sensor_id, lambda detector: detector.set_alarm_threshold(threshold), actor)

    def set_alarms_per_week(self, sensor_id: int, alarms_per_week: float, *, actor: str = "") -> dict[str, Any]:
        """Set the threshold that would have given so many alarms a week; else as `set_alarm_threshold`."""
        return self._set_threshold(sensor_id, lambda detector: detector.set_alarms_per_week(alarms_per_week), actor)

    def forecast_sensor(self, sensor_id: int, periods: int = 24, model: str = AUTO) -> dict[str, Any]:
        """Forecast the hourly means that follow a sensor's readings, and keep the forecast as it was issued.

        A sensor without a forecaster of that model is trained first.

        Parameters
        ----------
        periods : int
            1 to 10,000 hours.

        Returns
        -------
        dict
            ``forecast`` as from `TimeSeriesForecaster.forecast`, ``metrics`` as from `calculate_metrics`, ``summary``
            as from `forecast_summary`, ``backtest`` as from `backtest`, None for a model that has had none; ``model``,
            ``model_version``, ``trained_at``, ``data_until``, ``sensor_id``, ``display_name``.

        Raises
        ------
        SensorNotFound, NoReadings, InvalidSeries
            There is no such sensor, or too little to learn from.
        InvalidForecast
            So many hours cannot be forecast, or there is no such model.
        """
        with self._lock:
            return self._forecasting.forecast(self._sensors.get_sensor(sensor_id), periods, model)

    def current_forecaster(self, sensor_id: int, model: str = AUTO) -> CurrentForecaster:
        """Return a sensor's forecaster as it forecasts now, to be asked about what it has learnt.

        A sensor without a forecaster of that model is trained first. Nothing is issued.

        Raises
        ------
        SensorNotFound, NoReadings, InvalidSeries, InvalidForecast
            As in `forecast_sensor`.
        """
        with self._lock:
            return self._forecasting.current(self._sensors.get_sensor(sensor_id), model)

    def forecast_accuracy(self, sensor_id: int) -> ForecastAccuracy:
        """Hold a sensor's issued forecasts against the readings that came; see `src.ml.forecast_accuracy`."""
        return forecast_accuracy(sensor_id, engine=self._engine)

    def save_prediction(self, sensor_id: int, model_type: str, prediction_timestamp: datetime, **said: Any) -> int:
        """Keep a prediction, and return its identifier; the fields of `said` are those of `SensorPrediction`.

        Raises
        ------
        InvalidPrediction, InvalidPeriod, SensorNotFound
            It cannot be kept like that.
        """
        prediction = SensorPrediction(
            sensor_id=sensor_id, model_type=model_type, prediction_timestamp=prediction_timestamp, **said
        )
        return PredictionRepository(self._engine).save(prediction).prediction_id or 0

    def get_predictions(
        self, sensor_id: int, model_type: str | None = None, limit: int = 100
    ) -> list[SensorPrediction]:
        """Return the predictions kept for a sensor, the latest first; see `PredictionRepository.by_sensor`."""
        return PredictionRepository(self._engine).by_sensor(sensor_id, model_type, limit)

    def retrain_all_models(
        self,
        sensor_ids: Iterable[int] | None = None,
        *,
        plan: Plan | None = None,
        on_progress: Callable[[Retraining], None] | None = None,
    ) -> dict[str, Any]:
        """Train the detectors and forecasters of some sensors, or of all in use, in worker processes.

        Then clear away the models of sensors that are gone, and predictions and forecasts that are old.

        Parameters
        ----------
        plan : Plan, optional
            What to train and how; both kinds, each sensor as before, by default.
        on_progress : callable, optional
            Called with how far it is.

        Returns
        -------
        dict
            ``sensors``, ``trained`` (models), ``anomaly_detectors``, ``forecasters``, ``skipped``, ``failed``,
            ``failures`` (a list of ``sensor_id``, ``kind``, ``reason``), ``seconds``.
        """
        sensors = self._chosen(sensor_ids)
        models = self._models.another()  # the one in use is not held up
        done = retrain(sensors, plan or Plan(), models, engine=self._engine, on_progress=on_progress)
        self._clear_away(models)
        return {"sensors": len(sensors), **done.report()}

    def _clear_away(self, models: SensorModels) -> None:
        """Remove the models of sensors that are gone, and what was predicted longer ago than it is kept."""
        models.keep_only({sensor.sensor_id for sensor in self._sensors.get_all_sensors()})
        PredictionRepository(self._engine).delete_old()
        delete_old_forecasts(engine=self._engine)

    def get_ml_status(self) -> dict[str, Any]:
        """Return which models there are, how old and how good they are; see `src.ml.sensor_models.status`."""
        with self._lock:
            return read_status(self._sensors.get_enabled_sensors(), self._models.versions(), self._engine)

    def _chosen(self, sensor_ids: Iterable[int] | None) -> Sequence[Sensor]:
        if sensor_ids is None:
            return self._sensors.get_enabled_sensors()
        with reading(self._engine) as connection:
            wanted = set(existing_sensors(connection, sensor_ids))
        return [sensor for sensor in self._sensors.get_all_sensors() if sensor.sensor_id in wanted]

    def _set_threshold(self, sensor_id: int, change: Callable[[Any], None], actor: str) -> dict[str, Any]:
        with self._lock:
            before = self.detect_anomalies(sensor_id)["alarm_threshold"]
            sensor = self._sensors.get_sensor(sensor_id)
            facts = _facts(self._detecting.change(sensor, change).version)
        values = {"before": before, "after": facts["alarm_threshold"]}
        self._note(actor, sensor, Note("alarm threshold: {before:.4g} → {after:.4g}", values))
        return facts

    def _note(self, actor: str, sensor: Sensor, action: Note) -> None:
        with writing(self._engine) as connection:
            record_activity(actor, "sensor", sensor.display_name, action, connection)


def create_ml_engine() -> MLEngine:
    """Return an engine on the database and the folder of models that the settings name."""
    return MLEngine()


def _not_judged(sensor: Sensor, error: FarolError) -> dict[str, Any]:
    names = ("anomaly_score", "value", "historical_average", "historical_std", "timestamp", "sensor_fault", "remark")
    return {
        "sensor_id": sensor.sensor_id,
        "display_name": sensor.display_name,
        "is_anomaly": False,
        "is_ongoing": False,
        **dict.fromkeys(names),
        "reason": Note.of(error),
    }


def _facts(version: Version) -> dict[str, Any]:
    return {"version": version.version, "trained_at": version.trained_at, **version.facts}
