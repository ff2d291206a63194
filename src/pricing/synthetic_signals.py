"""What the prices and quantities of invented products are like, for all of them and all days at once.

Prices follow a trend, the year, the week, promotions and a market that remembers; quantities follow their own seasons,
holidays and shopping dates, and the price, with an elasticity that each product has. A product is the same however
many others there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from src.pricing.shopping_dates import black_friday, shopping_dates

_TRAITS = 14
_PROMOTION_EVERY = 40  # days
_LONGEST_PROMOTION = 10  # days
_MARKET_MEMORY = 0.92


@dataclass(frozen=True)
class Signals:
    """Products by days.

    Attributes
    ----------
    prices, quantities : ndarray of float64, shape (p, d)
        Prices are above 0 and have two decimals; quantities are whole, 0 or more.
    is_promotion : ndarray of bool, shape (p, d)
    elasticity : ndarray of float64, shape (p,)
        Change of log quantity with log price; below 0.
    """

    prices: np.ndarray
    quantities: np.ndarray
    is_promotion: np.ndarray
    elasticity: np.ndarray


def make_signals(products: int, dates: np.ndarray, seed: int) -> Signals:
    """Make prices and quantities.

    Parameters
    ----------
    dates : ndarray of datetime64[D], shape (d,)
        Consecutive days.
    """
    traits, noise, chances = _draw(products, dates.size, seed)
    year, week = _phases(dates)
    column = iter(traits.T[:, :, np.newaxis])
    base, volume = 5 * np.exp(4 * next(column)), 20 * np.exp(3 * next(column))
    trend = _between(next(column), -0.05, 0.15) * np.linspace(-0.5, 0.5, dates.size) * dates.size / 365
    price_season = _between(next(column), 0.02, 0.12) * np.sin(2 * np.pi * (year + next(column)))
    price_week = _between(next(column), 0.0, 0.015) * np.cos(2 * np.pi * week)
    elasticity = _between(next(column), -2.4, -0.8)
    demand_trend = _between(next(column), -0.15, 0.25) * np.linspace(-0.5, 0.5, dates.size) * dates.size / 365
    demand_season = _between(next(column), 0.05, 0.2) * np.sin(2 * np.pi * (year + next(column)))
    demand_week = _between(next(column), 0.05, 0.3) * _weekend(week)
    occasions = _between(next(column), 0.5, 1.5) * _occasions(dates) + _holidays(dates)
    discount = _promotions(chances, _between(next(column), 0.1, 0.35))
    discount = np.maximum(discount, _black_friday(dates) * _between(next(column), 0.05, 0.3))
    market = _remembered(0.015 * noise[:, 0])
    deviation = price_season + price_week + market + np.log1p(-discount)
    prices = np.maximum(np.round(base * np.exp(trend + deviation), 2), 0.01)
    demand = demand_trend + demand_season + demand_week + occasions + elasticity * deviation + 0.12 * noise[:, 1]
    return Signals(
        prices=prices,
        quantities=np.round(volume * np.exp(demand)),
        is_promotion=discount > 0,
        elasticity=elasticity[:, 0],
    )


def _draw(products: int, days: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Traits (p, _TRAITS), noise (p, 2, d) and chances (p, 3, d), from a generator of its own for each product."""
    traits, noise, chances = np.empty((products, _TRAITS)), np.empty((products, 2, days)), np.empty((products, 3, days))
    for product in range(products):
        random = np.random.default_rng([seed, product])
        random.random(out=traits[product])
        random.standard_normal(out=noise[product])
        random.random(out=chances[product])
    return traits, noise, chances


def _between(share: np.ndarray, low: float, high: float) -> np.ndarray:
    return low + (high - low) * share


def _phases(dates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How far the year and the week (from Monday) are at each day, from 0 to 1."""
    days = dates.astype(np.int64)
    return days / 365.2425 % 1, (days + 3) % 7 / 7


def _weekend(week: np.ndarray) -> np.ndarray:
    """1 on Friday and Saturday, less on the days between."""
    return np.array([-0.6, -0.4, -0.2, 0.2, 1.0, 1.0, -0.4])[np.round(week * 7).astype(np.int64)]


def _years(dates: np.ndarray) -> range:
    first, last = (value.astype(datetime).year for value in (dates[0], dates[-1]))
    return range(first, last + 2)


def _day_of(dates: np.ndarray, day: date) -> int:
    return int((np.datetime64(day, "D") - dates[0]).astype(np.int64))


def _occasions(dates: np.ndarray) -> np.ndarray:
    """By how much shopping dates lift demand, on the log scale."""
    lift = np.zeros(dates.size)
    for one in shopping_dates(_years(dates)):
        before = _day_of(dates, one.day) - np.arange(dates.size)
        near = (before >= 0) & (before <= one.run_up)
        lift[near] = np.maximum(lift[near], one.uplift * (1 - before[near] / (one.run_up + 1)))
    return lift


def _holidays(dates: np.ndarray) -> np.ndarray:
    """Most people shop the day before a holiday and not on it."""
    from holidays import country_holidays

    days = np.array(sorted(country_holidays("BR", years=_years(dates))), "datetime64[D]")
    return 0.15 * np.isin(dates + 1, days) - 0.25 * np.isin(dates, days)


def _black_friday(dates: np.ndarray) -> np.ndarray:
    """1 from the Thursday before to the Saturday after Black Friday."""
    fridays = np.array([black_friday(year) for year in _years(dates)], "datetime64[D]")
    return np.isin(dates, np.concatenate([fridays - 1, fridays, fridays + 1])).astype(float)


def _promotions(chances: np.ndarray, deepest: np.ndarray) -> np.ndarray:
    """The share taken off the price: promotions of three days and more, each with a depth of its own."""
    starts, lengths, depths = chances[:, 0] < 1 / _PROMOTION_EVERY, chances[:, 1], chances[:, 2]
    days = 3 + np.floor(lengths * (_LONGEST_PROMOTION - 2))
    depth = np.where(starts, deepest * (0.4 + 0.6 * depths), 0.0)
    discount = np.zeros_like(depth)
    for later in range(_LONGEST_PROMOTION):
        running = np.where(days[:, : depth.shape[1] - later] > later, depth[:, : depth.shape[1] - later], 0.0)
        discount[:, later:] = np.maximum(discount[:, later:], running)
    return discount


def _remembered(shocks: np.ndarray) -> np.ndarray:
    """A market that returns to where it was, slowly."""
    state = np.empty_like(shocks)
    level = np.zeros(len(shocks))
    for day in range(shocks.shape[1]):
        level = _MARKET_MEMORY * level + shocks[:, day]
        state[:, day] = level
    return state
