"""Which products the board shows, and in which order; both live in the URL."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import streamlit as st

from src.dashboard.components.choices import ALL, choose, remember_choice
from src.dashboard.locale import _
from src.pricing.price_board import BoardRow, Winner

BEHIND = "behind"


def winner_name(winner: Winner) -> str:
    """Say what forecasts a product's prices."""
    return {Winner.MODEL: _("model"), Winner.NAIVE: _("naive"), Winner.NONE: _("no model")}[winner]


def choose_rows(board: Sequence[BoardRow]) -> list[BoardRow]:
    """Let the reader choose which products are shown, by words, category and winner, and in which order."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        words = _type_words()
        category, winner, order = _choose_category(board), _choose_winner(), _choose_order()
    chosen = (
        one
        for one in board
        if category in (ALL, one.product.category)
        and (winner in (ALL, one.winner) or (winner == BEHIND and one.is_behind))
        and one.product.has_words(words)
    )
    return sorted(chosen, key=_KEYS[order])


def _type_words() -> list[str]:
    """Not bound to the URL by Streamlit, which would forget it while a training is shown in the board's place."""
    st.session_state["search"] = st.query_params.get("search", "")
    text = st.text_input(
        _("Search"), key="search", on_change=remember_choice, args=("search",), help=_("Words in SKU, name or category")
    )
    return (text or "").casefold().split()


def _choose_category(board: Sequence[BoardRow]) -> str:
    categories = sorted({one.product.category for one in board if one.product.category})
    names = {ALL: _("All categories")} | {category: category for category in categories}
    return choose(_("Category"), list(names), "category", names=names.__getitem__)


def _choose_winner() -> str:
    names = {
        ALL: _("All products"),
        Winner.MODEL: _("The model wins"),
        Winner.NAIVE: _("The naive wins"),
        Winner.NONE: _("Without a model"),
        BEHIND: _("The model does not know the newest days"),
    }
    by_text = {str(winner): name for winner, name in names.items()}
    return choose(_("Show"), list(by_text), "winner", names=by_text.__getitem__)


def _choose_order() -> str:
    names = {
        "sku": "SKU",
        "worst": _("Worst against the naive first"),
        "best": _("Best against the naive first"),
        "rising": _("Rising prices first"),
        "falling": _("Falling prices first"),
        "oldest": _("Oldest model first"),
        "newest": _("Newest model first"),
    }
    return choose(_("Order"), list(names), "order", names=names.__getitem__)


def _trend(row: BoardRow) -> float | None:
    return row.recent.trend if row.recent else None


def _by(value: Callable[[BoardRow], float | None], sign: int) -> Callable[[BoardRow], tuple[float, str]]:
    """A key for sorting; those without a value come last."""

    def key(row: BoardRow) -> tuple[float, str]:
        known = value(row)
        return (math.inf if known is None else sign * known, row.product.sku)

    return key


def _ratio(row: BoardRow) -> float | None:
    return row.figure("error_to_naive")


def _trained(row: BoardRow) -> float | None:
    return row.trained_at.timestamp() if row.trained_at else None


_KEYS: dict[str, Callable[[BoardRow], tuple[float | str, ...]]] = {
    "sku": lambda row: (row.product.sku,),
    "worst": _by(_ratio, -1),
    "best": _by(_ratio, 1),
    "rising": _by(_trend, -1),
    "falling": _by(_trend, 1),
    "oldest": _by(_trained, 1),
    "newest": _by(_trained, -1),
}
