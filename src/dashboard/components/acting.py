"""Who acts in this session: asked for once, in the sidebar, or known from the sign-in."""

from __future__ import annotations

from urllib.parse import quote, unquote

import streamlit as st

from src.dashboard.components import sign_in
from src.dashboard.locale import _

_KEY = "acting_name"
_LONGEST = 80
_COOKIE = "farol_acting_name"
_YEAR = 365 * 24 * 3600


def acting_name() -> str:
    """Return the name under which acts of this session are remembered; empty where nobody gave one."""
    name = sign_in.name() if sign_in.is_configured() else str(st.session_state.get(_KEY) or "")
    return _in_one_line(name)


def ask_for_name() -> None:
    """Ask for the name, or for the sign-in where one is configured."""
    if sign_in.is_configured():
        sign_in.show(acting_name())
        return
    known = _in_one_line(unquote(st.context.cookies.get(_COOKIE, "")))
    if _KEY not in st.session_state:
        st.session_state[_KEY] = known
    st.text_input(
        _("Your name"),
        key=_KEY,
        max_chars=_LONGEST,
        persist_state="session",
        help=_("It is kept with what you change: models, sensors, events, data, answers."),
    )
    if acting_name() != known:
        _keep_in_browser(acting_name())


def _keep_in_browser(name: str) -> None:
    """Let the browser remember the name: a session ends when the page is loaded anew."""
    cookie = f"{_COOKIE}={quote(name, safe='')}; path=/; max-age={_YEAR}; SameSite=Strict"
    st.html(f'<script>document.cookie = "{cookie}"</script>', unsafe_allow_javascript=True)


def _in_one_line(name: str) -> str:
    return " ".join(name.replace("\0", " ").split())[:_LONGEST]  # PostgreSQL keeps no NUL
