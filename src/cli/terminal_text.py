"""Text for a terminal that may come from anyone's file."""

from __future__ import annotations

from typing import Any

from rich.markup import escape


def plain(text: str) -> str:
    """Take the power out of a text: markup, and control codes of the terminal."""
    return escape(shown(text))


def shown(text: str) -> str:
    """Return a text without control codes, for where markup means nothing."""
    return "".join(letter if letter.isprintable() or letter == "\n" else "\N{REPLACEMENT CHARACTER}" for letter in text)


def time_said(time: Any) -> str:
    """Show a time; one that is not known is None, or NaT, which equals nothing."""
    return f"{time:%Y-%m-%d %H:%M}" if time is not None and time == time else "—"
