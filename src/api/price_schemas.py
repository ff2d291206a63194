"""What the routes of prices answer, with the names of requirement document 002."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

from src.api.schemas import Number
from src.pricing.model_manager import ModelVersion
from src.pricing.prediction import PricePrediction
from src.pricing.training_job import ProductOutcome

Metrics = dict[str, Number]


class PriceTrainingAnswer(BaseModel):
    """What came of a training."""

    sku: str = Field(examples=["SKU12345"])
    success: bool
    metrics: Metrics = Field(
        description="Of the 30 days held out.", examples=[{"rmse": 12.35, "mae": 9.88, "mape": 5.67}]
    )
    training_samples: int = Field(examples=[335])
    validation_samples: int = Field(examples=[30])
    features_count: int = Field(examples=[45])
    message: str = Field(examples=["The model was trained."])

    @classmethod
    def of(cls, outcome: ProductOutcome) -> Self:
        """Make one of what the job has reported."""
        notes = " ".join(str(note) for note in outcome.notes)
        return cls(
            sku=outcome.sku,
            success=True,
            metrics=outcome.metrics,
            training_samples=outcome.training_samples,
            validation_samples=outcome.validation_samples,
            features_count=outcome.features_count,
            message=f"The model was trained. {notes}".rstrip(),
        )


class PriceForecastAnswer(BaseModel):
    """A product's coming days."""

    model_config = ConfigDict(protected_namespaces=())

    sku: str = Field(examples=["SKU12345"])
    dates: list[date]
    prices: list[float] = Field(examples=[[125.5, 126.3]])
    quantities: list[float]
    lower_80: list[Number] = Field(description="Null where no errors are known to make an interval of.")
    upper_80: list[Number]
    lower_95: list[Number]
    upper_95: list[Number]
    model_used: str = Field(
        description="The model and its version; `naive` where the last price is the better forecast; `moving average` "
        "without a model.",
        examples=["LightGBM_v20251016T193000Z"],
    )
    metrics: Metrics
    remark: str | None = Field(description="Why the model that there is was not used.")

    @classmethod
    def of(cls, prediction: PricePrediction) -> Self:
        """Make one of a prediction."""
        forecast = prediction.forecast
        columns = ("prices", "quantities", "lower_80", "upper_80", "lower_95", "upper_95")
        return cls(
            sku=forecast.sku,
            dates=forecast.dates.astype(date).tolist(),
            **{name: getattr(forecast, name).tolist() for name in columns},
            model_used=prediction.model_used,
            metrics=dict(prediction.metrics),
            remark=None if prediction.remark is None else str(prediction.remark),
        )


class PriceModelsAnswer(BaseModel):
    """The products that have a model."""

    models: list[str] = Field(examples=[["SKU001", "SKU002"]])
    count: int = Field(examples=[2])


class PriceModelAnswer(BaseModel):
    """A product's model."""

    model_config = ConfigDict(protected_namespaces=())

    sku: str = Field(examples=["SKU12345"])
    exists: bool = True
    model_type: str = Field(examples=["LightGBM"])
    version: str = Field(examples=["20251016T193000Z"])
    metrics: Metrics
    trained_at: datetime
    training_samples: int = Field(examples=[335])

    @classmethod
    def of(cls, version: ModelVersion, facts: Mapping[str, Any]) -> Self:
        """Make one of the current version and what is listed of it."""
        return cls(
            sku=version.sku,
            model_type=facts["model_type"],
            version=version.version,
            metrics=version.metrics,
            trained_at=version.trained_at,
            training_samples=facts["training_samples"],
        )
