"""The models by their names."""

from __future__ import annotations

from src.errors import InvalidForecast
from src.ml.forecasting.ensemble import MedianEnsemble
from src.ml.forecasting.model import ForecastModel
from src.ml.forecasting.naive import SeasonalNaive
from src.ml.forecasting.prophet_model import ProphetModel, ProphetOptions
from src.ml.forecasting.statistical import STATISTICAL, StatisticalModel

MODEL_NAMES = ("prophet", "auto", "seasonal_naive", *STATISTICAL)


def make_model(name: str, options: ProphetOptions) -> ForecastModel:
    """Return a model that has learned nothing yet.

    Raises
    ------
    InvalidForecast
        There is none of that name.
    """
    if name == "prophet":
        return ProphetModel(options)
    if name == "auto":
        return MedianEnsemble()
    if name == "seasonal_naive":
        return SeasonalNaive()
    if name in STATISTICAL:
        return StatisticalModel(name)
    raise InvalidForecast(
        "There is no forecaster {model!r}. Choose one of {known}.", model=name, known=", ".join(MODEL_NAMES)
    )


def imports_of(name: str) -> tuple[str, ...]:
    """Return the libraries that a model takes seconds to import, for workers to have them beforehand."""
    if name == "prophet":
        return ("prophet",)
    return ("statsforecast.models",) if name in STATISTICAL else ()
