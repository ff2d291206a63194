"""All products, a row a product."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import streamlit as st

from src.dashboard.components.tables import show_table
from src.dashboard.locale import _, duration, score, signed_percent, significant
from src.dashboard.prices.board_filters import winner_name
from src.dashboard.prices.price_names import price_text
from src.pricing.price_board import BoardRow
from src.pricing.recent_prices import TREND_DAYS


def show_board_table(rows: Sequence[BoardRow]) -> list[int]:
    """Show the table; return the places of the rows that are ticked."""
    return show_table(
        pd.DataFrame({"place": range(len(rows))}),
        "board",
        _("All products, with what forecasts them"),
        file_name="price_board",
        download=pd.DataFrame([_raw_row(row) for row in rows]),
        formatted=lambda places: pd.DataFrame([_row(rows[place]) for place in places["place"]]),
        column_config={
            "SKU": st.column_config.TextColumn(pinned=True),
            _("Error to naive"): st.column_config.TextColumn(
                help=_("Error of the model divided by that of the last price; below 1 is better.")
            ),
            _("Quantity to naive"): st.column_config.TextColumn(
                help=_("The same of the quantity, against “as on this day a week ago”.")
            ),
            _("Price trend"): st.column_config.TextColumn(
                help=_("Mean price of the last week against that of the week {days} days before.").format(
                    days=TREND_DAYS
                )
            ),
            _("Sold a day"): st.column_config.TextColumn(help=_("Mean of the last 30 days.")),
        },
        ticked_of=" ".join(row.product.sku for row in rows),
    )


def _row(row: BoardRow) -> dict[str, Any]:
    recent = row.recent
    return {
        "SKU": row.product.sku,
        _("Name"): row.product.name,
        _("Winner"): winner_name(row.winner),
        _("Error to naive"): score(row.figure("error_to_naive"), 2),
        _("Quantity to naive"): score(row.figure("quantity_error_to_seasonal_naive"), 2),
        _("Price"): price_text(recent.price) if recent else "—",
        _("Price trend"): signed_percent(recent.trend if recent else None),
        _("Sold a day"): significant(recent.daily_quantity if recent else None, 3),
        _("Model's age"): _age(row),
        _("Last day"): str(recent.last_day) if recent else "—",
        _("Category"): row.product.category,
    }


def _age(row: BoardRow) -> str:
    if row.trained_at is None:
        return "—"
    age = duration((datetime.now(UTC) - row.trained_at).total_seconds())
    return f"{age}, {_('does not know the newest days')}" if row.is_behind else age


def _raw_row(row: BoardRow) -> dict[str, Any]:
    """The row as other programs want it; the names do not depend on the language."""
    recent = row.recent
    return {
        "sku": row.product.sku,
        "name": row.product.name,
        "category": row.product.category,
        "winner": str(row.winner),
        **{
            name: row.figure(name)
            for name in ("error_to_naive", "quantity_error_to_seasonal_naive", "mae", "mape", "mase")
        },
        "price": recent.price if recent else None,
        "price_trend": recent.trend if recent else None,
        "daily_quantity": recent.daily_quantity if recent else None,
        "days": recent.days if recent else 0,
        "last_day": str(recent.last_day) if recent else None,
        "version": row.facts.get("version"),
        "trained_at": row.facts.get("trained_at"),
        "recipe": row.facts.get("recipe"),
        "data_until": row.facts.get("data_until"),
    }
