"""Training."""

from __future__ import annotations

from src.dashboard.components.page import page_header
from src.dashboard.locale import _


def show() -> None:
    """Show the page."""
    page_header(_("Training"), "")
