"""Product prices: what will it cost and sell?"""

from __future__ import annotations

import streamlit as st

from src.config import get_settings
from src.dashboard.components.page import page_header, show_error
from src.dashboard.locale import _
from src.dashboard.prices.no_products import offer_products
from src.dashboard.prices.outlook import Outlook
from src.dashboard.prices.predictor import shared_predictor
from src.dashboard.prices.price_job_view import show_product_training
from src.dashboard.prices.price_view import show_price
from src.dashboard.prices.product_choice import as_days, choose_days, choose_product, say_unknown_product
from src.dashboard.prices.training_form import offer_to_train
from src.errors import InvalidForecast, InvalidProductHistory
from src.pricing.products import Product, ProductRepository
from src.pricing.training import LEAST_ROWS


def show() -> None:
    """Show the page."""
    page_header(
        _("Product prices"), _("What will it cost, and how much will be sold? One product, and how far to believe it.")
    )
    products = ProductRepository().products()
    if not products:
        offer_products()
        return
    say_unknown_product(products)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        product, days = choose_product(products), choose_days()
    is_training = "job" in st.query_params and show_product_training(st.query_params["job"])
    try:
        outlook = _look(product, as_days(days))
    except (InvalidForecast, InvalidProductHistory) as error:
        show_error(error)
        return
    offer_to_train(
        product.sku, has_model=outlook.version is not None, can_train=outlook.rows >= LEAST_ROWS and not is_training
    )
    show_price(outlook)


def _look(product: Product, days: int) -> Outlook:
    with st.spinner(_("Forecasting…")):
        prediction = shared_predictor().predict([product.sku], days)[product.sku]
    history = ProductRepository().histories([product.sku])[product.sku]
    return Outlook(product, history, prediction, get_settings().holidays)
