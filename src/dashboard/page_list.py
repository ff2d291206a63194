"""The pages. Each is imported when it is opened, so that the first one does not wait for the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

import streamlit as st

from src.dashboard.components.page import nothing_unsaid


def _plant() -> None:
    from src.dashboard.operations import plant

    with nothing_unsaid():
        plant.show()


def _predict() -> None:
    from src.dashboard.machine_learning import manual

    with nothing_unsaid():
        manual.show()


def _train() -> None:
    from src.dashboard.machine_learning import train_model_view

    with nothing_unsaid():
        train_model_view.show()


def _jobs() -> None:
    from src.dashboard.operations import jobs

    with nothing_unsaid():
        jobs.show()


PAGES: dict[str, Callable[[], None]] = {"plant": _plant, "predict": _predict, "train": _train, "jobs": _jobs}
"""What shows each page, by its path in the URL; paths do not depend on the language."""


def go_to(path: str, **query: str) -> NoReturn:
    """Switch to another page, with parameters for its URL."""
    st.switch_page(st.Page(PAGES[path], url_path=path), query_params=query or None)
