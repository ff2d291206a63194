"""Text from data in charts."""

from __future__ import annotations

import html


def literal(text: str) -> str:
    """Return a text as Plotly shows it letter by letter: it knows a little HTML, and fills in templates."""
    return html.escape(text, quote=False).replace("%{", "% {")
