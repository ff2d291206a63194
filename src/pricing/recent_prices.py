"""How each product's price stands and where it goes, counted by the database: for thousands of products at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa
from sqlalchemy import Connection

from src.database.tables import product_history
from src.pricing.products import day_number

TREND_DAYS = 30
_WEEK = 7


@dataclass(frozen=True)
class RecentPrices:
    """What the history of one product says at a glance.

    Attributes
    ----------
    days : int
        Days with a price.
    last_day : datetime64[D]
        The newest one.
    price : float
        Mean of the last seven days.
    price_before : float, optional
        Mean of the seven days thirty days before those; None where there are none.
    daily_quantity : float
        Mean of the last thirty days.
    """

    days: int
    last_day: np.datetime64
    price: float
    price_before: float | None
    daily_quantity: float

    @property
    def trend(self) -> float | None:
        """By which share the price has changed in thirty days."""
        return None if self.price_before is None else self.price / self.price_before - 1


def recent_prices(connection: Connection) -> dict[int, RecentPrices]:
    """Return what there is to say of each product with a day, by its identifier."""
    c, day = product_history.c, day_number(connection)
    newest = sa.select(c.product_id, sa.func.max(day).label("day"), sa.func.count().label("days"))
    last = newest.group_by(c.product_id).subquery()
    age = last.c.day - day

    def mean_of(column: sa.ColumnElement[float], first: int, days: int) -> sa.ColumnElement[float]:
        """The mean of the days whose age is at least the first, and less than so many days more."""
        return sa.func.avg(sa.case((sa.and_(age >= first, age < first + days), column)))

    query = (
        sa.select(
            last.c.product_id,
            last.c.days,
            last.c.day,
            mean_of(c.price, 0, _WEEK),
            mean_of(c.price, TREND_DAYS, _WEEK),
            mean_of(c.quantity, 0, TREND_DAYS),
        )
        .join_from(product_history, last, c.product_id == last.c.product_id)
        .where(day > last.c.day - (TREND_DAYS + _WEEK))  # not of the age: SQLite finds these days by its key
        .group_by(last.c.product_id, last.c.days, last.c.day)
    )
    return {
        product_id: RecentPrices(days, np.datetime64(newest_day, "D"), price, before, quantity)
        for product_id, days, newest_day, price, before, quantity in connection.execute(query)
    }
