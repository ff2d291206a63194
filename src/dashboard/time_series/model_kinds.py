"""What the models of sensors are called; it imports nothing that takes a while."""

from __future__ import annotations

from src.dashboard.locale import _


def kind_name(kind: str) -> str:
    """Say what a kind of model is called: ``anomaly`` or ``forecaster``."""
    return {"anomaly": _("Anomaly detector"), "forecaster": _("Forecaster")}[kind]


def model_name(model: str) -> str:
    """Say what a forecaster is called."""
    names = {
        "auto": _("Median ensemble"),
        "seasonal_naive": _("Seasonal naive"),
        "prophet": "Prophet",
        "auto_ets": "AutoETS",
        "auto_theta": "AutoTheta",
        "mstl": "MSTL",
        "auto_arima": "AutoARIMA",
    }
    return names.get(model, model)
