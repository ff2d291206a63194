"""What calls for a training: a sensor without models, with drift, or with errors larger than at the training."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from src.ml.sensor_models.status import ModelState

WORSE = 1.5
"""So many times the error at training are too much: less is what a backtest and a few days of use differ by anyway."""


class Condition(StrEnum):
    """Why a sensor's models are not in order."""

    WITHOUT = "without"
    DRIFT = "drift"
    WORSE = "worse"


def error_ratio(state: ModelState | None) -> float | None:
    """Return the last error as a multiple of that at training; None where either is not known."""
    if state is None or state.last_error is None or not state.error_at_training:
        return None
    return state.last_error / state.error_at_training


def conditions(row: Mapping[str, Any]) -> frozenset[Condition]:
    """Return what is wrong with a sensor's models: none of it, where they are in order.

    Parameters
    ----------
    row : mapping
        One of the ``sensors`` of `MLEngine.get_ml_status`.
    """
    states: list[ModelState | None] = [row["anomaly_detector"], row["forecaster"]]
    found = {
        Condition.WITHOUT: None in states,
        Condition.DRIFT: any(state is not None and state.drift is not None for state in states),
        Condition.WORSE: (error_ratio(row["forecaster"]) or 0.0) > WORSE,
    }
    return frozenset(condition for condition, holds in found.items() if holds)
