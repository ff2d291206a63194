"""What is to be forecast: how far ahead, and by which model."""

from __future__ import annotations

from src.dashboard.components.choices import choose
from src.dashboard.components.horizon import choose_horizon
from src.dashboard.locale import _
from src.dashboard.time_series.model_kinds import model_name
from src.ml.forecasting.models import MODEL_NAMES
from src.ml.forecasting.results import checked_periods
from src.ml.sensor_models.forecast_report import FAST_MODELS, MOST_HOURS
from src.notes import Note

_MODELS = (*FAST_MODELS, *(name for name in MODEL_NAMES if name not in FAST_MODELS))


def with_model_name(remark: Note) -> Note:
    """Return a remark that calls the model as people do."""
    model = remark.values.get("model")
    return remark if model is None else Note(remark.template, {**remark.values, "model": model_name(str(model))})


def choose_hours() -> str:
    """Let the reader choose how many hours ahead."""
    names = {"24": _("24 hours"), "48": _("48 hours"), "168": _("7 days"), "336": _("14 days")}
    return choose_horizon(names, "24", "hours", _("Hours ahead"), "72")


def choose_model() -> str:
    """Let the reader choose a model; the URL's `model` says which."""
    return choose(_("Model"), _MODELS, "model", names=model_name)


def as_hours(text: str) -> int:
    """Return the hours that a text stands for.

    Raises
    ------
    InvalidForecast
        It is no whole number that can be forecast.
    """
    is_number = text.isascii() and text.isdigit() and len(text) < 10
    return checked_periods(int(text) if is_number else text, MOST_HOURS)
