"""The pages. Each is imported when it is opened, so that the first one does not wait for the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

import streamlit as st

from src.dashboard.components.page import errors_shown


def _plant() -> None:
    from src.dashboard.operations import plant

    with errors_shown():
        plant.show()


def _predict() -> None:
    from src.dashboard.machine_learning import manual

    with errors_shown():
        manual.show()


def _train() -> None:
    from src.dashboard.machine_learning import train_model_view

    with errors_shown():
        train_model_view.show()


def _jobs() -> None:
    from src.dashboard.operations import jobs

    with errors_shown():
        jobs.show()


PAGES: dict[str, Callable[[], None]] = {"plant": _plant, "predict": _predict, "train": _train, "jobs": _jobs}
"""What shows each page, by its path in the URL; paths do not depend on the language."""


def go_to(path: str, **query: str) -> NoReturn:
    """Switch to another page, with parameters for its URL."""
    st.switch_page(st.Page(PAGES[path], url_path=path), query_params=query or None)
