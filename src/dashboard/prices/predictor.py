"""The models of prices that all sessions share."""

from __future__ import annotations

import streamlit as st

from src.pricing.model_manager import ModelManager, create_model_manager
from src.pricing.prediction import PricePredictor


@st.cache_resource(show_spinner=False)
def shared_predictor() -> PricePredictor:
    """Return the one predictor of this server, with its models in memory."""
    return PricePredictor()


@st.cache_resource(show_spinner=False)
def shared_manager() -> ModelManager:
    """Return the one manager of this server."""
    return create_model_manager()
