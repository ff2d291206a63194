"""What is expected of a product, day by day, as a table; and its history to download."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from src.dashboard.components.tables import offer_csv, show_table, sorted_by_value
from src.dashboard.locale import _, significant
from src.dashboard.prices.outlook import Outlook
from src.dashboard.prices.price_names import price_text
from src.pricing.product_forecast import PriceForecast

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler


def show_price_days(outlook: Outlook) -> None:
    """Show a row a day ahead, to be downloaded too, and offer the history."""
    alt = _("Forecast of {product}, day by day").format(product=outlook.product.sku)
    raw = _forecast_frame(outlook.forecast)
    show_table(raw, "price_days", alt, file_name=f"forecast_{outlook.product.sku}", formatted=_formatted, rows=60)
    st.markdown(_("The history, with promotions:"))
    offer_csv(_history_frame(outlook), "price_history", file_name=f"history_{outlook.product.sku}")


def _forecast_frame(forecast: PriceForecast) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "sku": forecast.sku,
            "date": forecast.dates.astype(str),
            "price": forecast.prices,
            "low_80": forecast.lower_80,
            "high_80": forecast.upper_80,
            "low_95": forecast.lower_95,
            "high_95": forecast.upper_95,
            "quantity": forecast.quantities,
        }
    )


def _history_frame(outlook: Outlook) -> pd.DataFrame:
    history = outlook.history
    return pd.DataFrame(
        {
            "sku": history.sku,
            "date": history.dates.astype(str),
            "price": history.prices,
            "quantity": history.quantities,
            "has_row": history.is_observed,
            "promotion": outlook.promotions,
        }
    )


def _formatted(rows: pd.DataFrame) -> Styler:
    frame = pd.DataFrame(
        {
            _("Day"): rows["date"],
            _("Price"): rows["price"],
            _("80% band"): _bands(rows, "80"),
            _("95% band"): _bands(rows, "95"),
            _("Quantity a day"): rows["quantity"],
        }
    )
    return sorted_by_value(
        frame, {_("Price"): (6, price_text), _("Quantity a day"): (4, lambda quantity: significant(quantity, 3))}
    )


def _bands(rows: pd.DataFrame, level: str) -> list[str]:
    pairs = zip(rows[f"low_{level}"], rows[f"high_{level}"], strict=True)
    return ["—" if low != low else f"{price_text(low)} – {price_text(high)}" for low, high in pairs]
