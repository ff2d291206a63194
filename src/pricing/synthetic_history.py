"""Invented products with a history in the database: made, stored and removed without touching what was imported."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
from sqlalchemy import Connection, Engine

from src.database.engine import writing
from src.errors import InvalidProductHistory, InvalidSyntheticHistory
from src.pricing.model_manager import create_model_manager
from src.pricing.products import (
    Comparison,
    DailyRows,
    NewProduct,
    Origin,
    compare_history,
    delete_generated,
    lock_products,
    store_history,
)
from src.pricing.synthetic_signals import Signals, make_signals

MAX_PRODUCTS = 5_000
MAX_DAYS = 3_650
MAX_ROWS = 5_000_000
MAX_SEED = 2**32 - 1
_CATEGORIES = ("Groceries", "Drinks", "Hygiene", "Cleaning", "Household")


@dataclass(frozen=True)
class GeneratedHistory:
    """What generating came to.

    Attributes
    ----------
    products, price_rows, sales_rows : int
        Of the history that was asked for; a day with nothing sold has a price row only.
    stored, removed, models_removed : int
        Rows that were not there already; products that were removed first, and how many of them had a model.
    first, last : date or None
    """

    products: int
    price_rows: int
    sales_rows: int
    stored: int
    removed: int
    models_removed: int
    first: date | None
    last: date | None
    seconds: float


def generate_history(
    products: int = 200,
    days: int = 365,
    seed: int = 42,
    *,
    clear: bool = False,
    until: date | None = None,
    engine: Engine | None = None,
) -> GeneratedHistory:
    """Make and store products SKU001, SKU002 … with a price and a quantity a day.

    The same history again changes nothing. What was imported is never touched, with `clear` neither.

    Parameters
    ----------
    products : int
        0 only with `clear`, to remove what was generated and make nothing.
    clear : bool
        Remove all products that were generated earlier first. Their models go with them: whatever is called SKU001
        afterwards has another history than the one that they have learnt from.
    until : date, optional
        The last day; yesterday (UTC) by default, the last whole one.

    Raises
    ------
    InvalidSyntheticHistory
        A number is out of range, another generated history is there, or one of the SKUs was imported.
    ModelNotSaved
        The disk that has the models is failing; the products are removed, and generated anew, by then.
    """
    started = time.monotonic()
    _check(products, days, seed, clear=clear)
    last = until or datetime.now(UTC).date() - timedelta(days=1)
    dates = np.datetime64(last, "D") - np.arange(days)[::-1]
    signals = make_signals(products, dates, seed) if products else None
    with writing(engine) as connection:
        lock_products(connection)
        removed = delete_generated(connection) if clear else []
        stored = _store(connection, products, dates, signals) if signals else 0
    # Not before it is sure that the products go: what is refused must leave all as it was.
    models_removed = create_model_manager(engine=engine).delete_many(removed) if removed else 0
    return GeneratedHistory(
        products=products,
        price_rows=products * days,
        sales_rows=int((signals.quantities > 0).sum()) if signals else 0,
        stored=stored,
        removed=len(removed),
        models_removed=models_removed,
        first=dates[0].astype(date) if products else None,
        last=last if products else None,
        seconds=round(time.monotonic() - started, 3),
    )


def _check(products: int, days: int, seed: int, *, clear: bool) -> None:
    for name, value, low, high in (
        ("products", products, 0 if clear else 1, MAX_PRODUCTS),
        ("days", days, 1, MAX_DAYS),
        ("seed", seed, 0, MAX_SEED),
    ):
        if not low <= value <= high:
            raise InvalidSyntheticHistory(
                "A history cannot be generated with {name} = {value}; choose {low} to {high}.",
                name=name,
                value=value,
                low=low,
                high=high,
            )
    if products * days > MAX_ROWS:
        raise InvalidSyntheticHistory(
            "{products:,} products with {days:,} days each are {rows:,} rows; at most {limit:,} are generated at once.",
            products=products,
            days=days,
            rows=products * days,
            limit=MAX_ROWS,
        )


def _store(connection: Connection, products: int, dates: np.ndarray, signals: Signals) -> int:
    rows = DailyRows(
        product=np.repeat(np.arange(products), dates.size),
        dates=np.tile(dates, products),
        prices=signals.prices.ravel(),
        quantities=signals.quantities.ravel(),
    )
    try:
        comparison = compare_history(connection, [_product(number) for number in range(products)], rows)
    except InvalidProductHistory as error:
        raise InvalidSyntheticHistory(error.template, **error.values) from error
    _refuse_another(comparison)
    store_history(connection, comparison)
    return int(comparison.is_new.sum())


def _product(number: int) -> NewProduct:
    category = _CATEGORIES[number % len(_CATEGORIES)]
    return NewProduct(f"SKU{number + 1:03d}", f"Product {number + 1}", category, Origin.GENERATED)


def _refuse_another(comparison: Comparison) -> None:
    """Of a product that is there, each day must be there as it is made now."""
    is_known = np.array([bool(product.product_id) for product in comparison.products])
    if (is_known[comparison.rows.product] & (comparison.is_new | comparison.is_different)).any():
        raise InvalidSyntheticHistory("There is another generated history already. Add --clear to replace it.")
