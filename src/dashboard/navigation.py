"""The list of pages, and the sidebar."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from src.config import get_settings
from src.dashboard.components.acting import ask_for_name
from src.dashboard.components.page import put_in_url, show_error
from src.dashboard.locale import LANGUAGE_KEY, LANGUAGES, LAST_LANGUAGE_KEY, _, current_language, preferred_language
from src.dashboard.page_list import PAGES
from src.dashboard.start import start_once
from src.errors import FarolError, InvalidSettings

ICON = Path(__file__).parent / "icon.png"
STYLE = Path(__file__).parent / "style.css"
SIDEBAR_WIDTH = 230


def run() -> None:
    """Show the page that the URL names."""
    st.set_page_config(page_title="Farol", page_icon=str(ICON), layout="wide", initial_sidebar_state=SIDEBAR_WIDTH)
    st.html(STYLE)
    try:
        get_settings()
    except InvalidSettings as error:  # without settings there is no language to say it in
        st.error(str(error), icon=":material/error:")
        st.stop()
    page = st.navigation(_pages(), expanded=True)  # nobody looks behind "View more"
    _sidebar()
    try:
        start_once()
    except FarolError as error:
        show_error(error)
        st.stop()
    page.run()


def _pages() -> dict[str, list[st.Page]]:
    def page(path: str, title: str, icon: str, *, default: bool = False) -> st.Page:
        return st.Page(PAGES[path], title=title, icon=f":material/{icon}:", url_path=path, default=default)

    return {
        _("Monitor"): [page("home", _("Home"), "home", default=True)],
        _("Sensors over time"): [
            page("forecasting", _("Forecasting"), "trending_up"),
            page("anomalies", _("Anomalies"), "troubleshoot"),
            page("model_status", _("Model status"), "monitor_heart"),
            page("training", _("Training"), "model_training"),
        ],
        _("Prices"): [
            page("prices", _("Product prices"), "sell"),
            page("price_board", _("Price board"), "view_list"),
        ],
        _("Predict"): [
            page("predict", _("Predict by hand"), "touch_app"),
            page("batch", _("Predict a file"), "table_view"),
            page("history", _("Past predictions"), "history"),
        ],
        _("Models"): [
            page("models", _("Models"), "inventory_2"),
            page("train", _("Train and compare"), "leaderboard"),
        ],
        _("Data"): [
            page("data", _("Data quality"), "fact_check"),
            page("import", _("Import readings"), "upload_file"),
            page("sensors", _("Sensors"), "sensors"),
        ],
        _("System"): [page("jobs", _("Jobs"), "list_alt")],
    }


def _sidebar() -> None:
    codes = list(LANGUAGES)
    with st.sidebar:
        chosen = st.selectbox(
            _("Language"),
            codes,
            index=codes.index(current_language()),
            format_func=LANGUAGES.__getitem__,
            key=LANGUAGE_KEY,
        )
        st.session_state[LAST_LANGUAGE_KEY] = chosen
        if LANGUAGE_KEY in st.query_params or chosen != preferred_language():
            put_in_url(LANGUAGE_KEY, chosen)
        ask_for_name()
        st.toggle(_("Times in UTC"), key="utc", persist_state="session")
