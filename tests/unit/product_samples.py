"""Products for tests: random walks of prices, and demand that falls when they rise."""

from __future__ import annotations

import numpy as np

from src.pricing.product_history import ProductHistory

START = np.datetime64("2025-01-01")


def product(days: int = 365, seed: int = 0, sku: str = "SKU001") -> ProductHistory:
    """A random walk without anything to learn but the season of the week in the quantities."""
    rng = np.random.default_rng(seed)
    prices = 10 * np.exp(np.cumsum(rng.normal(0, 0.02, days)))
    week = 1 + 0.4 * np.sin(2 * np.pi * np.arange(days) / 7)
    return ProductHistory.of(sku, START + np.arange(days), prices, rng.poisson(300 * week / prices).astype(float))


def predictable(days: int = 365, sku: str = "SKU002") -> ProductHistory:
    """Prices that are high on four days of the week and low on three: the last price is a poor forecast."""
    rng = np.random.default_rng(1)
    dates = START + np.arange(days)
    prices = np.where((dates.astype(np.int64) + 3) % 7 < 4, 12.0, 8.0) * np.exp(rng.normal(0, 0.01, days))
    return ProductHistory.of(sku, dates, prices, rng.poisson(20, days).astype(float))


def constant(days: int = 120, sku: str = "SKU003") -> ProductHistory:
    """A price that never changes."""
    return ProductHistory.of(sku, START + np.arange(days), np.full(days, 5.0), np.full(days, 3.0))


def rising(days: int = 240, sku: str = "SKU004") -> ProductHistory:
    """A price that rises by one percent a day: trees of its level cannot say one that they have not seen."""
    prices = 10 * np.exp(0.01 * np.arange(days) + np.random.default_rng(2).normal(0, 0.002, days))
    return ProductHistory.of(sku, START + np.arange(days), prices, np.full(days, 3.0))
