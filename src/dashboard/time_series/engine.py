"""The engine that all sessions share."""

from __future__ import annotations

import streamlit as st

from src.ml.ml_engine import MLEngine, create_ml_engine


@st.cache_resource(show_spinner=False)
def shared_engine() -> MLEngine:
    """Return the one engine of this server, with its models in memory."""
    return create_ml_engine()
