"""What every page has: a title with the question it answers, named errors, messages that survive a rerun."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import streamlit as st

from src.dashboard.locale import _, translated
from src.errors import FarolError

logger = logging.getLogger(__name__)
_FLASH = "flash"
# What works even after a backslash: icons, and links that need no brackets.
_DIRECTIVE = re.compile(r"(?<=:)(?=material/|//)|(?<=www)(?=\.)|(?<=\w)(?=@\w)")
_WORD_JOINER = "\N{WORD JOINER}"
_MARKDOWN = re.compile(r"([\\`*_\[\]$~<>#|{}!]|:(?=[A-Za-z]))")


def page_header(title: str, question: str) -> None:
    """Write the title, the line that says what the page answers, and a message left by the run before."""
    st.title(title, anchor=False)
    st.caption(question)
    if message := st.session_state.pop(_FLASH, None):
        st.success(plain(message), icon=":material/check_circle:")


def flash(message: str) -> None:
    """Leave a message for the next run; a toast right before a rerun would be lost."""
    st.session_state[_FLASH] = message


def show_error(error: FarolError) -> None:
    """Show what is wrong and what to do, with an id that the log has too."""
    number = secrets.token_hex(3)
    logger.warning("Shown to a person as %s: %s: %s", number, type(error).__name__, error)
    st.error(f"{plain(translated(error))}  \n:small[{_('Reference')}: {number}]", icon=":material/error:")


@contextmanager
def errors_shown() -> Iterator[None]:
    """Show a named error in place of what is inside."""
    try:
        yield
    except FarolError as error:
        show_error(error)


@contextmanager
def nothing_unsaid() -> Iterator[None]:
    """Show a named error, and as a last resort any other: said to the reader with an id, and in full to the log."""
    with errors_shown():
        try:
            yield
        except FarolError:
            raise
        except Exception:
            number = secrets.token_hex(3)
            logger.exception("An unexpected error, shown to a person as %s", number)
            message = _("Something went wrong that should not have. Reload the page; the log has the details.")
            st.error(f"{message}  \n:small[{_('Reference')}: {number}]", icon=":material/error:")


def plain(text: str) -> str:
    """Take the power of Markdown out of a text that comes from data: it is shown letter by letter."""
    return _MARKDOWN.sub(r"\\\1", _DIRECTIVE.sub(_WORD_JOINER, text))


def provenance(*facts: str, stale: str = "") -> None:
    """Write the strip that says where figures come from: data as of, model and version, computed when.

    Parameters
    ----------
    stale : str
        Why the figures are older than they should be; shown in amber.
    """
    text = plain(" · ".join(fact for fact in facts if fact))
    st.caption(f"{text} :orange-badge[:material/schedule: {plain(stale)}]" if stale else text)


def asked_in_url(key: str, options: Sequence[str], default: str) -> str:
    """Return the option that the URL names, else the default; `put_in_url` is its other half.

    A widget's own binding writes what is shown of an option, which depends on the reader's language and time zone.
    """
    asked = st.query_params.get(key, default)
    return asked if asked in options else default


def put_in_url(key: str, value: str) -> None:
    """Name a choice in the URL, so that a link shows the same thing to a colleague."""
    if st.query_params.get(key) != value:
        st.query_params[key] = value
