"""The pages. Each is imported when it is opened, so that the first one does not wait for the others."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import NoReturn

import streamlit as st

from src.dashboard.components.page import nothing_unsaid

_MODULES = {
    "home": "src.dashboard.operations.home",
    "forecasting": "src.dashboard.time_series.forecasting_page",
    "anomalies": "src.dashboard.time_series.anomalies_page",
    "model_status": "src.dashboard.time_series.status_page",
    "training": "src.dashboard.time_series.training_page",
    "prices": "src.dashboard.prices.prices_page",
    "price_board": "src.dashboard.prices.board_page",
    "predict": "src.dashboard.machine_learning.manual",
    "batch": "src.dashboard.machine_learning.batch_page",
    "history": "src.dashboard.machine_learning.history_page",
    "models": "src.dashboard.models.overview",
    "train": "src.dashboard.machine_learning.train_model_view",
    "import": "src.dashboard.data.import_page",
    "data": "src.dashboard.data.quality_page",
    "sensors": "src.dashboard.data.sensors_page",
    "jobs": "src.dashboard.operations.jobs",
}
"""Path in the URL to the module whose `show` shows the page; paths do not depend on the language."""


def _page(path: str, module: str) -> Callable[[], None]:
    def show() -> None:
        with nothing_unsaid():
            importlib.import_module(module).show()

    show.__name__ = path  # Streamlit asks a page's function for its name
    return show


PAGES: dict[str, Callable[[], None]] = {path: _page(path, module) for path, module in _MODULES.items()}
"""What shows each page, by its path in the URL."""


def go_to(path: str, **query: str) -> NoReturn:
    """Switch to another page, with parameters for its URL."""
    st.switch_page(st.Page(PAGES[path], url_path=path), query_params=query or None)
