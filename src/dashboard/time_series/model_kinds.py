"""What the kinds of sensors' models are called; it imports nothing that takes a while."""

from __future__ import annotations

from src.dashboard.locale import _


def kind_name(kind: str) -> str:
    """Say what a kind of model is called: ``anomaly`` or ``forecaster``."""
    return {"anomaly": _("Anomaly detector"), "forecaster": _("Forecaster")}[kind]
