"""What goes in and what comes out, as types; the documentation is made of them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
    model_validator,
)

from src.jobs import Job, State
from src.ml.model_facts import ModelFacts
from src.ml.prediction import Prediction
from src.ml.saved_models import LoadedModel
from src.ml.sensor_models.alarm_history import AlarmHistory, Happening
from src.sensors.moments import as_utc
from src.sensors.readings import DataQuality
from src.sensors.received_readings import ReceivedReading
from src.sensors.sensor_manager import Sensor

MOST_READINGS = 10_000
MOST_ROWS = 1_000
_EXACT = 2**53
_LARGEST_IDENTIFIER = 2**31 - 1
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}.*", re.ASCII)


def _iso_text(value: Any) -> Any:
    """Refuse what pydantic would take for seconds since 1970, and days without a time."""
    if isinstance(value, str) and not _ISO.fullmatch(value):
        raise ValueError("Write times as 2026-07-01T12:30:00Z, with a time zone")
    if not isinstance(value, str | datetime):
        raise ValueError("Times are texts, such as 2026-07-01T12:30:00Z")
    return value


def _finite_or_none(value: Any) -> Any:
    """JSON has no NaN: a figure that there is not is null."""
    return None if value is None or not math.isfinite(value) else value


def _text_or_none(value: Any) -> str | None:
    return None if value is None else str(value)


Moment = Annotated[AwareDatetime, BeforeValidator(_iso_text), AfterValidator(as_utc)]
"""A time that is given, between 1900 and 2200."""
SensorId = Annotated[int, Field(ge=1, le=_LARGEST_IDENTIFIER)]
Number = Annotated[float | None, BeforeValidator(_finite_or_none)]
Said = Annotated[str | None, BeforeValidator(_text_or_none)]
Finite = Annotated[float, Field(strict=True, allow_inf_nan=False)]


class Health(BaseModel):
    """How the service is."""

    status: Literal["ok", "database unavailable"]
    version: str = Field(examples=["0.1.0"])
    database: bool = Field(description="Whether it can be reached.")
    keys_needed: bool | None = Field(description="Whether a key is needed to ask anything else; null where not known.")


class NewReading(BaseModel):
    """One reading to be stored."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"sensor": "Press 1 temperature", "timestamp": "2026-07-01T12:30:00Z", "value": 61.5}
        },
    )

    sensor: Annotated[StrictInt, Field(ge=1, le=_LARGEST_IDENTIFIER)] | Annotated[StrictStr, Field(max_length=200)] = (
        Field(description="Identifier, or name.")
    )
    timestamp: Moment = Field(description="ISO 8601 with a time zone.")
    value: Finite | None = Field(description="In the sensor's unit; null where only the time is known.")
    quality: Annotated[StrictInt, Field(ge=0, le=3)] | None = Field(
        None,
        description="0 good, 1 flat line, 2 spike, 3 no value; left out it is 0, or 3 without a value.",
    )

    @model_validator(mode="after")
    def _value_and_quality_agree(self) -> Self:
        if self.quality is not None and (self.quality == DataQuality.MISSING) != (self.value is None):
            raise ValueError("The quality code 3 says that there is no value: give either the one or the other")
        return self

    def received(self) -> ReceivedReading:
        """Return the reading as it is stored."""
        quality = DataQuality.MISSING if self.value is None else DataQuality.GOOD
        return ReceivedReading(
            self.sensor, self.timestamp, self.value, int(quality if self.quality is None else self.quality)
        )


class NewReadings(BaseModel):
    """Readings to be stored: all of them, or none."""

    model_config = ConfigDict(extra="forbid")

    readings: list[NewReading] = Field(min_length=1, max_length=MOST_READINGS)


class StoredAnswer(BaseModel):
    """What became of a batch; those that are not new were there already, word for word."""

    model_config = ConfigDict(from_attributes=True)

    received: int = Field(examples=[3])
    new: int = Field(examples=[2])


class NewestReading(BaseModel):
    """A sensor's newest good reading."""

    timestamp: datetime
    value: float


class SensorAnswer(BaseModel):
    """A sensor, with its newest good reading; null is what is not known, or no limit."""

    model_config = ConfigDict(from_attributes=True)

    sensor_id: int = Field(examples=[1])
    display_name: str = Field(examples=["Press 1 temperature"])
    equipment: str = Field(examples=["Press 1"])
    sensor_type: str = Field(examples=["temperature"])
    unit: str = Field(examples=["°C"])
    platform: str
    enabled: bool
    physical_min: float | None
    physical_max: float | None
    warning_low: float | None
    warning_high: float | None
    critical_low: float | None
    critical_high: float | None
    newest_reading: NewestReading | None = None

    @classmethod
    def of(cls, sensor: Sensor, newest: tuple[datetime, float] | None) -> Self:
        """Make one of a sensor and of its newest reading."""
        answer = cls.model_validate(sensor)
        if newest is not None:
            answer.newest_reading = NewestReading(timestamp=newest[0], value=newest[1])
        return answer


class SensorsAnswer(BaseModel):
    """The sensors, by identifier; those that are out of use too."""

    sensors: list[SensorAnswer]
    count: int


class ForecastSteps(BaseModel):
    """The coming hours: lists of one entry an hour, values in the sensor's unit."""

    timestamps: list[datetime] = Field(description="When each hour begins, in UTC.")
    forecasted_values: list[Number] = Field(description="The mean over the hour.")
    lower_80: list[Number]
    upper_80: list[Number]
    lower_95: list[Number]
    upper_95: list[Number]
    trend: list[Number]
    is_calibrated: bool = Field(description="Whether the bands are those that the past has shown to be needed.")
    remarks: list[Annotated[str, BeforeValidator(str)]]


class ForecastMetrics(BaseModel):
    """How well the last tenth of the history was forecast from the rest; null where a figure is not defined."""

    mape: Number = Field(description="In %.")
    smape: Number = Field(description="In %.")
    rmse: Number
    mae: Number
    mase: Number = Field(description="Below 1: better than the seasonal naive.")
    coverage_80: Number
    coverage_95: Number


class ForecastSummary(BaseModel):
    """The forecast in a few figures."""

    trend_direction: Literal["increasing", "decreasing", "stable"]
    volatility: Number
    current_value: Number
    mean: Number
    minimum: Number
    minimum_at: datetime
    maximum: Number
    maximum_at: datetime
    expected_change: Number


class ForecastBacktest(BaseModel):
    """Errors on rolling windows of the past, beside those of the seasonal naive."""

    windows: int
    horizon: int
    mae: Number
    naive_mae: Number
    improvement: Number = Field(description="0.25: a quarter less error than the naive.")
    is_worth_it: bool
    verdict: Annotated[str, BeforeValidator(str)]


class ForecastAnswer(BaseModel):
    """A forecast as it was issued, and what is to be thought of it."""

    sensor_id: int = Field(examples=[1])
    display_name: str = Field(examples=["Press 1 temperature"])
    model: str = Field(description="The one that served.", examples=["auto"])
    model_version: int
    trained_at: datetime | None
    data_until: datetime = Field(description="The end of the readings that it follows.")
    forecast: ForecastSteps
    metrics: ForecastMetrics
    summary: ForecastSummary
    backtest: ForecastBacktest | None


class StateNow(BaseModel):
    """What is to be said of a sensor's newest reading."""

    is_anomaly: bool
    anomaly_score: Number = Field(description="0 to 1; 0.6 or more is an alarm.")
    value: Number
    timestamp: datetime
    historical_average: Number
    historical_std: Number
    sensor_fault: Said = Field(description="Why the sensor itself cannot be right.")
    reason: Said
    remark: Said
    alarm_threshold: Number
    strength: Number
    model_version: int
    trained_at: datetime | None


class AlarmAnswer(BaseModel):
    """Readings that belong to one alarm, or to several of one happening; `ended_at` is the first moment after."""

    started_at: datetime
    ended_at: datetime
    alarms: int
    anomaly_score: Number
    verdict: str | None = Field(description="What somebody said it was: real, false, planned, sensor_fault.")

    @classmethod
    def of(cls, happening: Happening, history: AlarmHistory) -> Self:
        """Make one of a happening that raised an alarm."""
        assert happening.stretch is not None
        return cls(
            started_at=happening.started_at,
            ended_at=happening.ended_at,
            alarms=happening.stretch.alarms,
            anomaly_score=history.score_of(happening.stretch),
            verdict=None if happening.verdict is None else str(happening.verdict.kind),
        )


class AnomaliesAnswer(BaseModel):
    """How a sensor is now, and its alarms of a period, the newest first."""

    sensor_id: int
    display_name: str
    now: StateNow
    since: datetime
    until: datetime
    alarms: list[AlarmAnswer]


class ModelAnswer(BaseModel):
    """A saved model in its current version."""

    name: str = Field(examples=["press"])
    version: int
    kind: str
    model_type: str = Field(examples=["Random Forest Classifier"])
    task: str = Field(examples=["classification"])
    target: str = Field(examples=["state"])
    metrics: Mapping[str, Number]
    saved_at: datetime | None
    is_trusted: bool = Field(description="Whether it can be asked: one from elsewhere has to be adopted first.")

    @classmethod
    def of(cls, facts: ModelFacts, *, is_trusted: bool) -> Self:
        """Make one of what is known of a model."""
        return cls(
            name=facts.name,
            version=facts.version,
            kind=facts.kind,
            model_type=facts.model_type,
            task=facts.task,
            target=facts.target,
            metrics=facts.metrics,
            saved_at=facts.saved_at,
            is_trusted=is_trusted,
        )


class ModelsAnswer(BaseModel):
    """The saved models, by name."""

    models: list[ModelAnswer]
    count: int


Value = (
    StrictBool
    | Annotated[StrictInt, Field(ge=-_EXACT, le=_EXACT)]
    | Annotated[float, Field(strict=True, allow_inf_nan=False)]
    | Annotated[StrictStr, Field(max_length=1_000)]
    | None
)


class RowsToPredict(BaseModel):
    """Rows of values, each by the names of the model's features."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"rows": [{"lux": 310.0, "temperature": 61.5, "vibration": 2.1}]}},
    )

    rows: list[dict[str, Value]] = Field(
        min_length=1,
        max_length=MOST_ROWS,
        description="A value for each feature; times as ISO 8601 or as days since 1970, null only for a category.",
    )
    version: Annotated[StrictInt, Field(ge=1, le=_LARGEST_IDENTIFIER)] | None = Field(
        None, description="A version other than the current one."
    )


class PredictionAnswer(BaseModel):
    """The answer for one row."""

    outcome: str | float = Field(description="The class, or the value in the target's unit.", examples=["normal"])
    probabilities: Mapping[str, Number] | None = Field(
        description="Of each class, the highest first; null where the model gives none."
    )
    warnings: list[str] = Field(description="Values that are unlike those seen in training.")


class PredictionsAnswer(BaseModel):
    """The answers for all rows, in their order."""

    model: str
    version: int
    target: str
    predictions: list[PredictionAnswer]

    @classmethod
    def of(cls, saved: LoadedModel, predictions: list[Prediction]) -> Self:
        """Make one of what a model has answered."""
        return cls(
            model=saved.name,
            version=saved.version,
            target=saved.signature.target,
            predictions=[
                PredictionAnswer(
                    outcome=each.outcome, probabilities=each.probabilities, warnings=list(map(str, each.warnings))
                )
                for each in predictions
            ],
        )


class JobAnswer(BaseModel):
    """A job: queued, running, done, failed, cancelled, or lost."""

    job_id: str = Field(examples=["5f0c2a9b1d3e4f67"])
    kind: str
    title: str
    state: State
    progress: float = Field(description="From 0 to 1.")
    message: str
    result: dict[str, Any] | None = Field(description="Partial while it runs, whole when it is done.")
    error: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def of(cls, job: Job) -> Self:
        """Make one of a job as the database has it."""
        return cls(
            job_id=job.job_id,
            kind=job.kind,
            title=str(job.title),
            state=job.state,
            progress=job.progress,
            message=job.message,
            result=_without_nan(job.result),
            error=_text_or_none(job.error),
            created_at=job.created_at,
            started_at=job.started_at,
            finished_at=job.finished_at,
        )


def _without_nan(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_nan(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_without_nan(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
