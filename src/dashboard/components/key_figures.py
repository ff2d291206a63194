"""Key figures: a value in a card, with a word on it below."""

from __future__ import annotations

from typing import Literal

from streamlit.delta_generator import DeltaGenerator

from src.dashboard.components.page import plain

Colour = Literal["off", "green", "orange", "gray"]


def key_figure(
    row: DeltaGenerator, label: str, value: str, below: str = "", colour: Colour = "off", help_: str | None = None
) -> None:
    """Show a figure in a row of them; `below` is what it means, in a colour that says whether it is good."""
    row.metric(
        label,
        plain(value),
        plain(below) or None,
        delta_color=colour,
        delta_arrow="off",
        help=help_,
        border=True,
        height="stretch",
    )
