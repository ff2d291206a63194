"""Invented products: what is in their numbers, and what generating leaves alone."""

from __future__ import annotations

import time
from datetime import date

import numpy as np
import pytest
from typer.testing import CliRunner

from src.cli.prices import app
from src.errors import InvalidSyntheticHistory
from src.pricing.model_manager import PriceModel, create_model_manager
from src.pricing.products import NewProduct, Origin, ProductRepository
from src.pricing.shopping_dates import black_friday, shopping_dates
from src.pricing.synthetic_history import generate_history
from src.pricing.synthetic_signals import make_signals
from tests.integration.test_products import rows

UNTIL = date(2025, 12, 31)
YEAR = np.arange("2025-01-01", "2026-01-01", dtype="datetime64[D]")
runner = CliRunner(env={"COLUMNS": "200"})


@pytest.fixture(scope="module")
def signals():
    return make_signals(100, YEAR, seed=42)


def test_prices_are_positive_with_two_decimals_and_quantities_whole(signals):
    assert signals.prices.min() > 0
    assert np.array_equal(np.round(signals.prices, 2), signals.prices)
    assert signals.quantities.min() >= 0
    assert np.array_equal(np.round(signals.quantities), signals.quantities)


def test_demand_falls_where_the_price_rises(signals):
    log_price, log_quantity = np.log(signals.prices), np.log(np.maximum(signals.quantities, 1))
    slopes = np.array([np.polyfit(x, y, 1)[0] for x, y in zip(log_price, log_quantity, strict=True)])
    assert np.median(slopes) < -1.2
    assert (slopes < 0).mean() > 0.95
    assert np.corrcoef(slopes, signals.elasticity)[0, 1] > 0.5


def test_promotions_lower_the_price_and_raise_the_demand(signals):
    share = signals.is_promotion.mean()
    assert 0.05 < share < 0.35
    usual = np.where(signals.is_promotion, np.nan, 1.0)
    price = np.nanmedian(signals.prices * usual, axis=1, keepdims=True)
    quantity = np.nanmedian(signals.quantities * usual, axis=1, keepdims=True)
    assert np.median((signals.prices / price)[signals.is_promotion]) < 0.9
    assert np.median((signals.quantities / quantity)[signals.is_promotion]) > 1.2


@pytest.mark.parametrize("occasion", ["Black Friday", "Mother's Day", "Christmas Eve", "Children's Day"])
def test_shopping_dates_raise_demand_beyond_what_the_price_explains(signals, occasion):
    day = next(one.day for one in shopping_dates([2025]) if str(one.name) == occasion)
    at = int((np.datetime64(day) - YEAR[0]).astype(int))
    near = [at - 28, at - 21, *([] if at + 28 >= YEAR.size else [at + 21, at + 28])]  # of the same weekday
    unexplained = np.log(np.maximum(signals.quantities, 1)) - signals.elasticity[:, None] * np.log(signals.prices)
    assert np.median(unexplained[:, at] - unexplained[:, near].mean(axis=1)) > 0.1


def test_weekends_and_holidays_are_in_the_demand(signals):
    log_quantity = np.log(np.maximum(signals.quantities, 1))
    saturday = (YEAR.astype(int) + 3) % 7 == 5
    monday = (YEAR.astype(int) + 3) % 7 == 0
    assert log_quantity[:, saturday].mean() > log_quantity[:, monday].mean() + 0.1
    tiradentes = int((np.datetime64("2025-04-21") - YEAR[0]).astype(int))
    assert np.median(log_quantity[:, tiradentes] - log_quantity[:, [tiradentes - 7, tiradentes + 7]].mean(axis=1)) < 0


def test_black_friday_is_the_friday_after_the_fourth_thursday():
    assert [black_friday(year) for year in (2024, 2025, 2026)] == [
        date(2024, 11, 29),
        date(2025, 11, 28),
        date(2026, 11, 27),
    ]


def test_a_product_is_the_same_however_many_others_there_are_and_another_with_another_seed(signals):
    fewer = make_signals(3, YEAR, seed=42)
    assert np.array_equal(fewer.prices, signals.prices[:3])
    assert np.array_equal(fewer.quantities, signals.quantities[:3])
    assert not np.array_equal(make_signals(3, YEAR, seed=7).prices, fewer.prices)


def test_generated_once_more_it_changes_nothing_and_more_products_can_come(engine):
    made = generate_history(3, 40, until=UNTIL, engine=engine)
    assert (made.products, made.price_rows, made.sales_rows, made.stored) == (3, 120, 120, 120)
    assert (made.first, made.last) == (date(2025, 11, 22), UNTIL)
    before = ProductRepository(engine).histories()
    assert generate_history(3, 40, until=UNTIL, engine=engine).stored == 0
    assert generate_history(5, 40, until=UNTIL, engine=engine).stored == 80
    after = ProductRepository(engine).histories()
    assert list(after) == [f"SKU00{number}" for number in range(1, 6)]
    assert all(np.array_equal(after[sku].prices, before[sku].prices) for sku in before)


@pytest.mark.parametrize("other", [{"seed": 7}, {"days": 41}, {"until": date(2026, 1, 1)}, {"until": date(2027, 1, 1)}])
def test_another_history_beside_it_needs_clear(engine, other):
    generate_history(2, 40, until=UNTIL, engine=engine)
    before = ProductRepository(engine).histories()["SKU001"].prices.tolist()
    wanted = {"products": 3, "days": 40, "until": UNTIL, "engine": engine} | other
    with pytest.raises(InvalidSyntheticHistory, match="--clear"):
        generate_history(**wanted)
    assert ProductRepository(engine).histories()["SKU001"].prices.tolist() == before
    assert len(ProductRepository(engine).products()) == 2
    assert generate_history(**wanted, clear=True).removed == 2
    assert ProductRepository(engine).histories()["SKU001"].prices.tolist() != before


def test_imported_products_are_never_touched(engine):
    repository = ProductRepository(engine)
    repository.add_history([NewProduct("SKU002"), NewProduct("mine")], rows((0, "2025-12-31", 5.0, 1.0)))
    with pytest.raises(InvalidSyntheticHistory, match="'SKU002' is imported"):
        generate_history(3, 40, until=UNTIL, clear=True, engine=engine)
    assert [product.sku for product in repository.products()] == ["SKU002", "mine"]
    generate_history(1, 40, until=UNTIL, engine=engine)
    assert generate_history(0, clear=True, engine=engine).removed == 1
    assert {product.origin for product in repository.products()} == {Origin.IMPORTED}
    assert repository.histories()["SKU002"].prices.tolist() == [5.0]


def test_what_is_removed_takes_its_models_along_and_what_is_refused_takes_none(engine):
    manager = create_model_manager(engine=engine)
    ProductRepository(engine).add_history([NewProduct("mine"), NewProduct("SKU003")], rows((0, "2025-12-31", 5.0, 1.0)))
    generate_history(2, 40, until=UNTIL, engine=engine)
    manager.save_many([PriceModel(sku, {}, [], {"metrics": {}}) for sku in ("SKU001", "SKU002", "mine")])
    with pytest.raises(InvalidSyntheticHistory, match="'SKU003' is imported"):
        generate_history(3, 40, until=UNTIL, clear=True, engine=engine)
    assert list(manager.models()) == ["SKU001", "SKU002", "mine"]
    made = generate_history(2, 40, seed=7, until=UNTIL, clear=True, engine=engine)
    assert (made.removed, made.models_removed) == (2, 2)
    assert list(manager.models()) == ["mine"]


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ({"products": 0}, "products = 0; choose 1"),
        ({"products": 5001}, "products = 5001"),
        ({"days": 0}, "days = 0"),
        ({"seed": -1}, "seed = -1"),
        ({"products": 5000, "days": 3650}, "18,250,000 rows"),
    ],
)
def test_numbers_out_of_range_are_refused(settings, numbers, said):
    with pytest.raises(InvalidSyntheticHistory, match=said):
        generate_history(**numbers)


def test_200_products_with_a_year_take_little_time(engine):
    started = time.process_time()
    assert generate_history(engine=engine).stored == 73_000
    assert time.process_time() - started < 3  # of this process: the machine may be busy


def test_the_command_says_what_it_has_made_and_asks_before_it_removes(settings):
    said = runner.invoke(app, ["generate", "--products", "2", "--days", "30"])
    assert said.exit_code == 0, said.output
    facts = [line.split() for line in said.output.splitlines()]
    assert ["Products", "processed", "2"] in facts
    assert ["Price", "rows", "60"] in facts
    assert ["Sales", "rows", "60"] in facts
    assert "nothing was changed" in runner.invoke(app, ["generate", "--products", "2", "--days", "30"]).output

    refused = runner.invoke(app, ["generate", "--products", "0", "--clear"], input="n\n")
    assert refused.exit_code == 1
    assert len(ProductRepository().products()) == 2
    assert runner.invoke(app, ["generate", "--products", "0", "--clear", "--yes"]).exit_code == 0
    assert ProductRepository().products() == []
