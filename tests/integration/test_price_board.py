"""How prices stand at a glance, on SQLite and on PostgreSQL."""

from __future__ import annotations

import numpy as np
import pytest
import sqlalchemy as sa

from src.database.engine import reading
from src.pricing.product_history import ProductHistory
from src.pricing.products import DailyRows, NewProduct, ProductRepository
from src.pricing.recent_prices import RecentPrices, recent_prices


def look(engine: sa.Engine) -> dict[str, RecentPrices]:
    with reading(engine) as connection:
        found = recent_prices(connection)
    names = {product.product_id: product.sku for product in ProductRepository(engine).products()}
    return {names[product_id]: one for product_id, one in found.items()}


def add(engine: sa.Engine, sku: str, until: str, prices: np.ndarray, quantities: np.ndarray) -> ProductHistory:
    dates = np.datetime64(until) - np.arange(len(prices))[::-1]
    rows = DailyRows(np.zeros(len(prices), np.int64), dates, prices, quantities)
    ProductRepository(engine).add_history([NewProduct(sku)], rows)
    return ProductHistory.of(sku, dates, prices, quantities)


def test_weeks_and_trend_are_counted_back_from_each_products_own_last_day(engine):
    random = np.random.default_rng(5)
    for sku, until in (("old", "1970-02-20"), ("new", "2026-05-01")):
        add(engine, sku, until, random.uniform(5, 9, 80), random.uniform(0, 50, 80))
    for sku, found in look(engine).items():
        history = ProductRepository(engine).histories([sku])[sku]
        assert (found.days, found.last_day) == (80, history.dates[-1])
        assert found.price == pytest.approx(history.prices[-7:].mean())
        assert found.price_before == pytest.approx(history.prices[-37:-30].mean())
        assert found.daily_quantity == pytest.approx(history.quantities[-30:].mean())
        assert found.trend == pytest.approx(history.prices[-7:].mean() / history.prices[-37:-30].mean() - 1)


def test_a_short_history_has_no_trend_and_a_product_without_a_day_is_left_out(engine):
    add(engine, "short", "2026-05-01", np.full(20, 3.0), np.full(20, 2.0))
    ProductRepository(engine).add_products([NewProduct("empty")])
    found = look(engine)
    assert list(found) == ["short"]
    assert (found["short"].price, found["short"].price_before, found["short"].trend) == (3.0, None, None)
