"""Products and their histories in the database, on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
import sqlalchemy as sa

from src.database.engine import reading
from src.database.tables import product_history
from src.errors import InvalidProductHistory, InvalidSku, ProductNotFound
from src.pricing.products import DailyRows, NewProduct, Origin, ProductRepository

APPLE, PEAR = NewProduct("apple", "Red Apple", "Fruit"), NewProduct("pear", "Green Pear", "Fruit")


@pytest.fixture
def repository(engine: sa.Engine) -> ProductRepository:
    return ProductRepository(engine)


def rows(*days: tuple[int, str, float, float]) -> DailyRows:
    """Rows of (product, day, price, quantity)."""
    product, dates, prices, quantities = zip(*days, strict=True)
    return DailyRows(
        np.array(product), np.array(dates, "datetime64[D]"), np.array(prices, float), np.array(quantities, float)
    )


TWO_DAYS_AND_ONE = rows((1, "2025-01-03", 5.0, 1.0), (0, "1969-12-30", 1.1, 2.5), (0, "1970-01-02", 1.3, 0.0))


def test_history_comes_back_as_it_was_with_gaps_filled(repository):
    comparison = repository.add_history([APPLE, PEAR], TWO_DAYS_AND_ONE)
    assert comparison.created == ["apple", "pear"]
    histories = repository.histories()
    assert list(histories) == ["apple", "pear"]
    apple = histories["apple"]
    assert apple.dates.astype(str).tolist() == ["1969-12-30", "1969-12-31", "1970-01-01", "1970-01-02"]
    assert apple.prices.tolist() == [1.1, 1.1, 1.1, 1.3]
    assert apple.quantities.tolist() == [2.5, 0.0, 0.0, 0.0]
    assert histories["pear"].dates.astype(str).tolist() == ["2025-01-03"]


def test_dates_are_dates_for_whoever_asks_the_table_itself(repository, engine):
    repository.add_history([APPLE, PEAR], TWO_DAYS_AND_ONE)
    with reading(engine) as connection:
        days = connection.scalars(sa.select(product_history.c.date).order_by(product_history.c.date)).all()
    assert days == [date(1969, 12, 30), date(1970, 1, 2), date(2025, 1, 3)]


def test_the_same_history_twice_is_stored_once(repository):
    repository.add_history([APPLE, PEAR], TWO_DAYS_AND_ONE)
    again = repository.add_history([PEAR, APPLE], rows((0, "2025-01-03", 5.0, 1.0), (1, "1969-12-30", 1.1, 2.5)))
    assert (again.created, again.unchanged, int(again.is_new.sum())) == ([], 2, 0)
    assert len(repository.products()) == 2


def test_other_values_stay_out_unless_they_are_to_replace_the_stored_ones(repository):
    repository.add_history([APPLE], rows((0, "2025-01-01", 1.0, 1.0), (0, "2025-01-02", 2.0, 2.0)))
    other = rows((0, "2025-01-01", 9.0, 1.0), (0, "2025-01-02", 2.0, 8.0), (0, "2025-01-03", 3.0, 3.0))
    comparison = repository.add_history([APPLE], other)
    assert comparison.is_different.tolist() == [True, True, False]
    assert repository.histories()["apple"].prices.tolist() == [1.0, 2.0, 3.0]
    repository.add_history([APPLE], other, replace=True)
    apple = repository.histories()["apple"]
    assert (apple.prices.tolist(), apple.quantities.tolist()) == ([9.0, 2.0, 3.0], [1.0, 8.0, 3.0])


def test_some_histories_up_to_a_day(repository):
    repository.add_history([APPLE, PEAR], TWO_DAYS_AND_ONE)
    assert list(repository.histories(["pear"])) == ["pear"]
    until = repository.histories(until=date(1970, 1, 1))
    assert {sku: len(history) for sku, history in until.items()} == {"apple": 1}
    assert repository.histories([]) == {}
    with pytest.raises(ProductNotFound, match="'plum'"):
        repository.histories(["apple", "plum"])


def test_the_stamp_of_a_history_is_another_one_after_each_change_and_only_then(repository):
    shop = [NewProduct("a"), NewProduct("b")]
    repository.add_history(shop, TWO_DAYS_AND_ONE)
    stamps = [repository.history_stamp("a")]
    repository.add_history(shop, rows((1, "2025-01-04", 5.0, 1.0)))
    assert repository.history_stamp("a") == stamps[0]
    for day in ((0, "1970-01-02", 1.4, 0.0), (0, "1970-01-02", 1.4, 2.0), (0, "1969-12-31", 1.4, 0.0)):
        repository.add_history(shop, rows(day), replace=True)
        stamps.append(repository.history_stamp("a"))
    assert len(set(stamps)) == 4
    assert repository.history_stamp("a") == stamps[-1]


@pytest.mark.parametrize("sku", ["nope", "x\0", "\0", ""])
def test_a_product_that_there_cannot_be_is_not_found(repository, sku):
    with pytest.raises(ProductNotFound):
        repository.history_stamp(sku)
    with pytest.raises(ProductNotFound):
        repository.histories([sku])


def test_products_are_found_by_words_in_sku_name_or_category(repository):
    repository.add_products([PEAR, APPLE, NewProduct("soap", "Açaí soap", "Hygiene")])
    assert [product.sku for product in repository.products()] == ["apple", "pear", "soap"]
    assert [product.sku for product in repository.products("FRUIT gre")] == ["pear"]
    assert [product.sku for product in repository.products("AÇAÍ")] == ["soap"]
    assert repository.products("%") == []


def test_adding_products_again_keeps_them_as_they_are(repository):
    first = repository.add_products([APPLE])
    assert repository.add_products([NewProduct("apple", "Another name"), PEAR])[0] == first[0]


def test_what_is_refused_leaves_nothing_behind(repository):
    repository.add_products([APPLE])
    day = rows((0, "2025-01-01", 1.0, 1.0), (1, "2025-01-01", 1.0, 1.0))
    for bad, error in (
        (NewProduct("../x"), InvalidSku),
        (NewProduct("Apple"), InvalidSku),
        (NewProduct("apple", origin=Origin.GENERATED), InvalidProductHistory),
    ):
        with pytest.raises(error):
            repository.add_history([PEAR, bad], day)
    assert [product.sku for product in repository.products()] == ["apple"]
    assert repository.histories() == {}
