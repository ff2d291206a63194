"""Choices that live in the URL, so that a link shows the same thing to a colleague."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from src.dashboard.components.page import asked_in_url, put_in_url
from src.dashboard.locale import _

ALL = ""
"""Stands for all of them in the URL."""


def choose(
    label: str,
    options: Sequence[str],
    key: str,
    *,
    default: str | None = None,
    names: Callable[[str], str] = str,
    forget: Sequence[str] = (),
) -> str:
    """Let the reader choose one of some options; the URL's `key` says which, and wins.

    Parameters
    ----------
    forget : sequence of str
        Choices in the URL that mean nothing any more once this one is another.
    """
    st.session_state[key] = asked_in_url(key, options, options[0] if default is None else default)
    st.selectbox(label, options, key=key, format_func=names, on_change=remember_choice, args=(key, *forget))
    return st.session_state[key]


def choose_view(names: Mapping[str, str]) -> str:
    """Let the reader choose one of a page's views, by what they are called; the URL's `view` says which, and wins."""
    views = list(names)
    st.session_state["view"] = asked_in_url("view", views, views[0])
    st.segmented_control(
        _("View"),
        views,
        key="view",
        format_func=names.__getitem__,
        required=True,
        on_change=remember_choice,
        args=("view",),
        label_visibility="collapsed",
    )
    return st.session_state["view"]


def remember_choice(key: str, *forget: str) -> None:
    """Put into the URL what the widget of this key was changed to; its own key there is the same."""
    for other in forget:
        st.query_params.pop(other, None)
    value = st.session_state[key]
    if value is None or value == ALL:
        st.query_params.pop(key, None)
    else:
        put_in_url(key, str(value))
