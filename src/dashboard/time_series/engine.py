"""The engine that all sessions share."""

from __future__ import annotations

import streamlit as st

from src.config import get_settings
from src.ml.ml_engine import MLEngine, create_ml_engine
from src.ml.sensor_models.store import FOLDER
from src.utils.model_store import ModelStore


@st.cache_resource(show_spinner=False)
def shared_engine() -> MLEngine:
    """Return the one engine of this server, with its models in memory."""
    return create_ml_engine()


def models_version() -> str:
    """Return a text that is another one once a model of a sensor has been trained."""
    return str(ModelStore(get_settings().models_dir / FOLDER).stamp())
