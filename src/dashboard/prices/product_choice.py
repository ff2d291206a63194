"""Which product a page is about, and how far ahead."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from src.dashboard.components.choices import choose
from src.dashboard.components.horizon import choose_horizon
from src.dashboard.components.page import show_error
from src.dashboard.locale import _
from src.errors import InvalidForecast, ProductNotFound
from src.pricing.product_forecast import MOST_DAYS_AHEAD, check_days_ahead
from src.pricing.products import Product

_OF_ONE_PRODUCT = ("job", "version")


def say_unknown_product(products: Sequence[Product]) -> None:
    """Say so where there is no product such as the URL's `sku`; another one is shown then."""
    asked = st.query_params.get("sku")
    if asked and asked not in {product.sku for product in products}:
        show_error(ProductNotFound("There is no product {sku!r}. Choose another one.", sku=asked))


def choose_product(products: Sequence[Product]) -> Product:
    """Let the reader choose a product by SKU, name or category; the URL's `sku` says which."""
    by_sku = {product.sku: product for product in products}
    chosen = choose(
        _("Product"), list(by_sku), "sku", names=lambda sku: product_title(by_sku[sku]), forget=_OF_ONE_PRODUCT
    )
    return by_sku[chosen]


def product_title(product: Product) -> str:
    """Say what a product is called: SKU, name, category."""
    return " · ".join(text for text in (product.sku, product.name, product.category) if text)


def choose_days() -> str:
    """Let the reader choose how many days ahead."""
    names = {"7": _("7 days"), "14": _("14 days"), "30": _("30 days"), "60": _("60 days")}
    return choose_horizon(names, "30", "days", _("Days ahead"), "21")


def as_days(text: str) -> int:
    """Return the days that a text stands for.

    Raises
    ------
    InvalidForecast
        It is no whole number that can be forecast.
    """
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise InvalidForecast(
            "{days!r} days ahead cannot be forecast. Type a whole number from 1 to {most}.",
            days=text[:40],
            most=MOST_DAYS_AHEAD,
        )
    check_days_ahead(int(text))
    return int(text)
