"""A product's history: gaps filled, nothing taken that cannot be a price or a quantity."""

from __future__ import annotations

import numpy as np
import pytest

from src.errors import InvalidProductHistory, InvalidSku
from src.pricing.product_history import ProductHistory
from src.pricing.skus import KnownSkus, checked_sku


def history(days: list[str], prices: list[float], quantities: list[float]) -> ProductHistory:
    return ProductHistory.of("SKU001", np.array(days, "datetime64[D]"), np.array(prices), np.array(quantities))


def test_gaps_carry_the_price_on_and_sell_nothing():
    made = history(["2025-02-27", "2025-03-02", "2025-03-03"], [2.0, 3.0, 4.0], [7.0, 8.0, 0.0])
    assert made.dates.astype(str).tolist() == ["2025-02-27", "2025-02-28", "2025-03-01", "2025-03-02", "2025-03-03"]
    assert made.prices.tolist() == [2.0, 2.0, 2.0, 3.0, 4.0]
    assert made.quantities.tolist() == [7.0, 0.0, 0.0, 8.0, 0.0]
    assert made.is_observed.tolist() == [True, False, False, True, True]
    assert len(made) == 5
    assert made.dates.dtype == "datetime64[D]"


def test_one_day_is_a_history():
    assert history(["2025-01-01"], [1.5], [0.0]).is_observed.tolist() == [True]


@pytest.mark.parametrize(
    ("days", "prices", "quantities", "said"),
    [
        ([], [], [], "at least one day"),
        (["2025-01-01"], [1.0, 2.0], [1.0], "2 prices"),
        (["2025-01-01", "2025-01-01"], [1.0, 1.0], [1.0, 1.0], "2025-01-01 after 2025-01-01"),
        (["2025-01-02", "2025-01-01"], [1.0, 1.0], [1.0, 1.0], "2025-01-01 after 2025-01-02"),
        (["2025-01-01", "NaT"], [1.0, 1.0], [1.0, 1.0], "without a date"),
        (["2025-01-01"], [0.0], [1.0], "the price 0.0 on 2025-01-01"),
        (["2025-01-01"], [-1.0], [1.0], "the price -1.0"),
        (["2025-01-01"], [np.nan], [1.0], "the price nan"),
        (["2025-01-01"], [np.inf], [1.0], "the price inf"),
        (["2025-01-01"], [1.0], [-1.0], "the quantity -1.0"),
        (["2025-01-01"], [1.0], [np.nan], "the quantity nan"),
        (["2025-01-01"], [1.0], [np.inf], "the quantity inf"),
    ],
)
def test_what_cannot_be_a_history_is_refused_with_day_and_value(days, prices, quantities, said):
    with pytest.raises(InvalidProductHistory, match=said):
        history(days, prices, quantities)


@pytest.mark.parametrize("sku", ["SKU001", "102900005115762", "Café 500 g", "a.b-c_d", "x" * 100])
def test_usual_skus_are_taken_as_they_are(sku):
    assert checked_sku(sku) == sku


@pytest.mark.parametrize(
    "sku",
    [
        "",
        " ",
        "..",
        "../etc",
        "a/b",
        "a\\b",
        "/abs",
        ".hidden",
        "a..b",
        "CON",
        "x" * 101,
        "a\x00b",
        "a\nb",
        "a.pkl",
        "1.0E+14",
    ],
)
def test_skus_that_look_like_paths_or_cannot_name_a_folder_are_refused(sku):
    with pytest.raises(InvalidSku, match="cannot be a SKU"):
        checked_sku(sku)


def test_two_skus_that_differ_only_in_case_are_refused():
    known = KnownSkus(["Sku1"])
    assert known.enter("Sku1") == "Sku1"
    assert known.enter("SKU2") == "SKU2"
    with pytest.raises(InvalidSku, match="'sku2' differs from 'SKU2'"):
        known.enter("sku2")
