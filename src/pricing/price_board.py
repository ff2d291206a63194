"""All products at a glance: where their prices go, and whether their models are worth it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import numpy as np
from sqlalchemy import Engine

from src.database.engine import reading
from src.pricing.model_manager import ModelManager
from src.pricing.price_forecaster import MODEL
from src.pricing.products import Product, all_products
from src.pricing.recent_prices import RecentPrices, recent_prices
from src.storage.model_records import utc_time


class Winner(StrEnum):
    """What a product's prices are forecast by, and so what was nearer in the past."""

    MODEL = "model"
    NAIVE = "naive"
    NONE = "none"
    """There is no model to be held against the naive."""


@dataclass(frozen=True)
class BoardRow:
    """One product.

    Attributes
    ----------
    recent : RecentPrices, optional
        None without a day.
    facts : mapping
        What the registry lists of its model; empty without one.
    """

    product: Product
    recent: RecentPrices | None
    facts: Mapping[str, Any]

    @property
    def winner(self) -> Winner:
        """What serves."""
        if not self.facts:
            return Winner.NONE
        return Winner.MODEL if self.facts.get("serves") == MODEL else Winner.NAIVE

    @property
    def trained_at(self) -> datetime | None:
        """When the model was trained."""
        return utc_time(str(self.facts.get("trained_at")))

    @property
    def missed_days(self) -> int | None:
        """How many days have come that the model does not know; None without a model, or without a day."""
        known = self.facts.get("data_until")
        if known is None or self.recent is None:
            return None
        return int((self.recent.last_day - np.datetime64(known, "D")).astype(int))

    @property
    def is_behind(self) -> bool:
        """Whether days have come that the model does not know."""
        return (self.missed_days or 0) > 0

    def figure(self, name: str) -> float | None:
        """Return what the training said of the model, such as ``error_to_naive``."""
        value = self.facts.get("metrics", {}).get(name)
        return float(value) if isinstance(value, int | float) else None


def price_board(manager: ModelManager, engine: Engine | None = None) -> list[BoardRow]:
    """Return a row a product, by SKU.

    Parameters
    ----------
    engine : Engine, optional
        The database of the settings when not given.
    """
    facts = manager.facts()
    with reading(engine) as connection:
        known, recent = all_products(connection), recent_prices(connection)
    return [BoardRow(one, recent.get(one.product_id), facts.get(one.sku, {})) for one in known]
