"""Whether the models of sensors have changed, told without importing what asks them."""

from __future__ import annotations

from src.config import get_settings
from src.ml.sensor_models import FOLDER
from src.utils.model_store import ModelStore


def models_version() -> str:
    """Return a text that is another one once a model of a sensor is trained; an empty one where there are none."""
    stamp = ModelStore(get_settings().models_dir / FOLDER).stamp()
    return "" if stamp is None else str(stamp)
