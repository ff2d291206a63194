"""A product's prices and quantities, a value a day without a gap: what everything about prices is made from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from src.errors import InvalidProductHistory

Dates = NDArray[np.datetime64]


@dataclass(frozen=True, eq=False)
class ProductHistory:
    """One product's daily prices and quantities, each day from its first to its last.

    Attributes
    ----------
    sku : str
    dates : ndarray of datetime64[D], shape (n,)
        Consecutive days.
    prices : ndarray of float64, shape (n,)
        Above 0; on days without a row the price before is carried on.
    quantities : ndarray of float64, shape (n,)
        0 or more; 0 on days without a row.
    is_observed : ndarray of bool, shape (n,)
        Whether the history has a row for the day.
    """

    sku: str
    dates: np.ndarray
    prices: np.ndarray
    quantities: np.ndarray
    is_observed: np.ndarray

    def __len__(self) -> int:
        return self.dates.size

    @property
    def is_sold(self) -> np.ndarray:
        """For each day, whether something was sold."""
        return self.is_observed & (self.quantities > 0)

    @classmethod
    def of(cls, sku: str, dates: np.ndarray, prices: np.ndarray, quantities: np.ndarray) -> ProductHistory:
        """Make a history from the days that there are, and fill the gaps between them.

        Parameters
        ----------
        dates : array of datetime64, shape (n,)
            Sorted, each day once.
        prices, quantities : array of float, shape (n,)

        Raises
        ------
        InvalidProductHistory
            There is no day, a day comes twice or too early, or a value cannot be one.
        """
        days = np.asarray(dates, "datetime64[D]")
        seen_prices, seen_quantities = np.asarray(prices, float), np.asarray(quantities, float)
        _check(sku, days, seen_prices, seen_quantities)
        places = (days - days[0]).astype(np.int64)
        is_observed = np.zeros(places[-1] + 1, bool)
        is_observed[places] = True
        all_quantities = np.zeros(is_observed.size)
        all_quantities[places] = seen_quantities
        return cls(
            sku=sku,
            dates=days[0] + np.arange(is_observed.size),
            prices=seen_prices[np.cumsum(is_observed) - 1],
            quantities=all_quantities,
            is_observed=is_observed,
        )


def _check(sku: str, days: np.ndarray, prices: np.ndarray, quantities: np.ndarray) -> None:
    if not days.size or not days.shape == prices.shape == quantities.shape or days.ndim != 1:
        raise InvalidProductHistory(
            "The history of {sku!r} has {days} days, {prices} prices and {quantities} quantities. Give one of each a "
            "day, and at least one day.",
            sku=sku,
            days=days.size,
            prices=prices.size,
            quantities=quantities.size,
        )
    if np.isnat(days).any():
        raise InvalidProductHistory("The history of {sku!r} has a day without a date. Leave it out.", sku=sku)
    if (unsorted := np.diff(days).astype(np.int64) <= 0).any():
        raise InvalidProductHistory(
            "The history of {sku!r} has {date} after {before}. Sort the days, and join those that come twice.",
            sku=sku,
            date=str(days[1:][unsorted][0]),
            before=str(days[:-1][unsorted][0]),
        )
    with np.errstate(invalid="ignore"):
        wrong_price = ~((prices > 0) & np.isfinite(prices))
        wrong_quantity = ~((quantities >= 0) & np.isfinite(quantities))
    if wrong_price.any():
        raise InvalidProductHistory(
            "The history of {sku!r} has the price {value} on {date}. Prices are finite and above 0.",
            sku=sku,
            value=float(prices[wrong_price][0]),
            date=str(days[wrong_price][0]),
        )
    if wrong_quantity.any():
        raise InvalidProductHistory(
            "The history of {sku!r} has the quantity {value} on {date}. Quantities are finite, 0 or more.",
            sku=sku,
            value=float(quantities[wrong_quantity][0]),
            date=str(days[wrong_quantity][0]),
        )
