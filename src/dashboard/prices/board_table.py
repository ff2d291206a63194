"""All products, a row a product."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from src.dashboard.components.tables import show_table, sorted_by_value
from src.dashboard.locale import _, duration, number, score, signed_percent, significant
from src.dashboard.prices.board_filters import winner_name
from src.dashboard.prices.price_names import price_text
from src.pricing.price_board import BoardRow
from src.pricing.recent_prices import TREND_DAYS

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler


def show_board_table(rows: Sequence[BoardRow]) -> list[int]:
    """Show the table; return the places of the rows that are ticked."""
    return show_table(
        pd.DataFrame({"place": range(len(rows))}),
        "board",
        _("All products, with what forecasts them"),
        file_name="price_board",
        download=pd.DataFrame([_raw_row(row) for row in rows]),
        formatted=lambda places: _formatted([rows[place] for place in places["place"]]),
        column_config={
            "SKU": st.column_config.TextColumn(pinned=True),
            _("Error to naive"): st.column_config.Column(
                help=_("Error of the model divided by that of the last price; below 1 is better.")
            ),
            _("Quantity to naive"): st.column_config.Column(
                help=_("The same of the quantity, against “as on this day a week ago”.")
            ),
            _("Price trend"): st.column_config.Column(
                help=_("Mean price of the last week against that of the week {days} days before.").format(
                    days=TREND_DAYS
                )
            ),
            _("New days"): st.column_config.Column(help=_("Days that have come since the model was trained.")),
            _("Sold a day"): st.column_config.Column(help=_("Mean of the last 30 days.")),
        },
        ticked_of=" ".join(row.product.sku for row in rows),
    )


def _formatted(rows: Sequence[BoardRow]) -> Styler:
    frame = pd.DataFrame([_row(row) for row in rows])
    return sorted_by_value(
        frame,
        {
            _("Error to naive"): (2, lambda ratio: score(ratio, 2)),
            _("Quantity to naive"): (2, lambda ratio: score(ratio, 2)),
            _("Price"): (6, price_text),
            _("Price trend"): (3, signed_percent),
            _("Sold a day"): (4, lambda quantity: significant(quantity, 3)),
            _("Model's age"): (0, duration),
            _("New days"): (0, lambda days: number(days, 0)),
        },
    )


def _row(row: BoardRow) -> dict[str, Any]:
    recent = row.recent
    return {
        "SKU": row.product.sku,
        _("Name"): row.product.name,
        _("Winner"): winner_name(row.winner),
        _("Error to naive"): row.figure("error_to_naive"),
        _("Quantity to naive"): row.figure("quantity_error_to_seasonal_naive"),
        _("Price"): recent.price if recent else None,
        _("Price trend"): recent.trend if recent else None,
        _("Sold a day"): recent.daily_quantity if recent else None,
        _("Model's age"): (datetime.now(UTC) - row.trained_at).total_seconds() if row.trained_at else None,
        _("New days"): row.missed_days,
        _("Last day"): str(recent.last_day) if recent else "—",
        _("Category"): row.product.category,
    }


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
