"""The products in the database, and their histories: written once, read in bulk."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum

import numpy as np
import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from src.database.engine import reading, writing
from src.database.tables import EPOCH, product_history, products
from src.errors import InvalidProductHistory, ProductNotFound
from src.pricing.product_history import ProductHistory
from src.pricing.skus import KnownSkus
from src.sensors.bulk import in_parts, store_rows

LONGEST_NAME = 200
_PRODUCTS_AT_ONCE = 200
_STAMP = (
    sa.select(
        products.c.product_id,
        sa.func.max(product_history.c.date),
        sa.func.count(product_history.c.date),
        *map(sa.func.sum, (product_history.c.price, product_history.c.quantity)),
    )
    .join_from(products, product_history, isouter=True)
    .where(products.c.sku == sa.bindparam("sku"))
    .group_by(products.c.product_id)
)
"""Put together once: each request for a forecast asks it."""


class Origin(StrEnum):
    """Where a product's history comes from; one product's is never of both."""

    GENERATED = "generated"
    IMPORTED = "imported"


@dataclass(frozen=True)
class NewProduct:
    """What is known of a product. Names that are longer than 200 characters are cut."""

    sku: str
    name: str = ""
    category: str = ""
    origin: Origin = Origin.IMPORTED


@dataclass(frozen=True)
class Product(NewProduct):
    """A product in the database."""

    product_id: int = 0

    def has_words(self, words: Iterable[str]) -> bool:
        """Tell whether all of these words, in lower case, are in its SKU, name or category."""
        text = f"{self.sku} {self.name} {self.category}".casefold()
        return all(word in text for word in words)


@dataclass(frozen=True)
class DailyRows:
    """Days of some products, a column an array; each product and day once.

    Attributes
    ----------
    product : ndarray of int64
        Place in a list of products.
    dates : ndarray of datetime64[D]
    prices, quantities : ndarray of float64
        As in `ProductHistory`.
    """

    product: np.ndarray
    dates: np.ndarray
    prices: np.ndarray
    quantities: np.ndarray

    def __len__(self) -> int:
        return self.dates.size

    def where(self, chosen: np.ndarray) -> DailyRows:
        """Return some of them, chosen by a mask or by their places."""
        return DailyRows(*(getattr(self, field.name)[chosen] for field in fields(self)))


@dataclass(frozen=True)
class Comparison:
    """Rows held against what is stored.

    Attributes
    ----------
    products : list of Product
        Those of the rows; one that there is not yet has the identifier 0.
    is_new, is_different : ndarray of bool
        Rows of days that are not stored, and of days that are stored with another price or quantity.
    """

    products: list[Product]
    rows: DailyRows
    is_new: np.ndarray
    is_different: np.ndarray

    @property
    def created(self) -> list[str]:
        """SKUs of the products that there are not yet."""
        return [product.sku for product in self.products if not product.product_id]

    @property
    def unchanged(self) -> int:
        """How many days are stored already as they are here."""
        return int((~self.is_new & ~self.is_different).sum())


class ProductRepository:
    """The products of one database.

    Parameters
    ----------
    engine : Engine, optional
        The database of the settings when not given.
    """

    def __init__(self, engine: Engine | None = None) -> None:
        self._engine = engine

    def add_products(self, new: Sequence[NewProduct]) -> list[Product]:
        """Store those that there are not, and return all of them as they are stored.

        Raises
        ------
        InvalidSku
            One cannot be a SKU, or differs from another only in case.
        InvalidProductHistory
            One is there with a history of another origin.
        """
        with writing(self._engine) as connection:
            lock_products(connection)
            return _created(connection, _matched(connection, new))

    def products(self, search: str = "") -> list[Product]:
        """Return the products with all these words in SKU, name or category, by SKU."""
        words = search.casefold().split()
        with reading(self._engine) as connection:
            found = all_products(connection)
        return [one for one in found if one.has_words(words)]

    def histories(self, skus: Iterable[str] | None = None, until: date | None = None) -> dict[str, ProductHistory]:
        """Read the histories of some products, or of all.

        Parameters
        ----------
        until : date, optional
            The last day that counts.

        Returns
        -------
        dict of str to ProductHistory
            By SKU; products without a day are left out.

        Raises
        ------
        ProductNotFound
            No product has one of the SKUs.
        """
        with reading(self._engine) as connection:
            known = {product.sku: product.product_id for product in all_products(connection)}
            wanted = known if skus is None else {sku: _identifier(known, sku) for sku in skus}
            ids, dates, prices, quantities = _stored_days(connection, wanted.values(), until)
        numbers = list(wanted.values())
        starts, ends = np.searchsorted(ids, numbers), np.searchsorted(ids, numbers, side="right")
        return {
            sku: ProductHistory.of(sku, dates[start:end], prices[start:end], quantities[start:end])
            for sku, start, end in zip(wanted, starts, ends, strict=True)
            if end > start
        }

    def existing(self, skus: Iterable[str]) -> list[str]:
        """Return some SKUs, each once; ProductNotFound where no product has one of them."""
        with reading(self._engine) as connection:
            known = {product.sku: product.product_id for product in all_products(connection)}
        wanted = list(dict.fromkeys(skus))
        for sku in wanted:
            _identifier(known, sku)
        return wanted

    def history_stamp(self, sku: str) -> object:
        """Return what is another thing once a day of a product's history has come, gone or got other values.

        Raises
        ------
        ProductNotFound
            No product has that SKU.
        """
        if "\0" in sku:  # which is in no text of PostgreSQL
            raise _not_found(sku)
        with reading(self._engine) as connection:
            found = connection.execute(_STAMP, {"sku": sku}).one_or_none()
        if found is None:
            raise _not_found(sku)
        return tuple(found)

    def add_history(self, new: Sequence[NewProduct], rows: DailyRows, *, replace: bool = False) -> Comparison:
        """Store days of products, and the products that there are not; what is stored already stays as it is.

        Parameters
        ----------
        replace : bool
            Put other prices and quantities in place of stored ones; without it, those stay.

        Raises
        ------
        InvalidSku, InvalidProductHistory
            As in `add_products`; nothing is stored then.
        """
        with writing(self._engine) as connection:
            lock_products(connection)
            comparison = compare_history(connection, new, rows)
            store_history(connection, comparison, replace=replace)
        return comparison


def all_products(connection: Connection) -> list[Product]:
    """Return all products, by SKU."""
    columns = [products.c[field.name] for field in fields(Product)]
    rows = connection.execute(sa.select(*columns))
    found = (Product(sku, name, category, Origin(origin), number) for sku, name, category, origin, number in rows)
    return sorted(found, key=lambda product: product.sku)  # databases differ in how they sort texts


def lock_products(connection: Connection) -> None:
    """Keep others from adding products and history until the transaction ends. SQLite's writers wait anyway."""
    if connection.dialect.name != "sqlite":
        connection.exec_driver_sql("LOCK TABLE products IN SHARE ROW EXCLUSIVE MODE")


def compare_history(connection: Connection, new: Sequence[NewProduct], rows: DailyRows) -> Comparison:
    """Hold rows against what is stored; nothing is written.

    Raises
    ------
    InvalidSku, InvalidProductHistory
        As in `ProductRepository.add_products`.
    """
    matched = _matched(connection, new)
    row_ids = np.array([product.product_id for product in matched], np.int64)[rows.product]
    known = [product.product_id for product in matched if product.product_id]
    ids, dates, prices, quantities = _stored_days(connection, known)
    stored, wanted = day_keys(ids, dates), day_keys(row_ids, rows.dates)
    places = np.searchsorted(stored, wanted)
    inside = np.minimum(places, max(stored.size - 1, 0))
    is_stored = stored[inside] == wanted if stored.size else np.zeros(len(rows), bool)
    is_different = is_stored.copy()
    there = inside[is_stored]
    same = (prices[there] == rows.prices[is_stored]) & (quantities[there] == rows.quantities[is_stored])
    is_different[is_stored] = ~same
    return Comparison(matched, rows, ~is_stored, is_different)


def store_history(connection: Connection, comparison: Comparison, *, replace: bool = False) -> None:
    """Store what a comparison in the same transaction has found to be new, and with `replace` what is different."""
    stored = _created(connection, comparison.products)
    ids = np.array([product.product_id for product in stored], np.int64)
    added = comparison.rows.where(comparison.is_new)
    columns = {
        "product_id": ids[added.product],
        "date": added.dates.astype(np.int64),
        "price": added.prices,
        "quantity": added.quantities,
    }
    order = np.lexsort((columns["date"], columns["product_id"]))
    store_rows(connection, product_history.name, {name: column[order] for name, column in columns.items()})
    if replace and comparison.is_different.any():
        _replace(connection, ids, comparison.rows.where(comparison.is_different))


def delete_generated(connection: Connection) -> list[str]:
    """Delete the products whose history was generated, with it; return their SKUs."""
    statement = sa.delete(products).where(products.c.origin == Origin.GENERATED).returning(products.c.sku)
    return list(connection.scalars(statement))


def _matched(connection: Connection, new: Sequence[NewProduct]) -> list[Product]:
    """Those that are stored as they are, the others with the identifier 0."""
    by_sku = {product.sku: product for product in all_products(connection)}
    known = KnownSkus(by_sku)
    matched = []
    for one in new:
        sku = known.enter(one.sku)
        product = by_sku.get(sku) or Product(sku, one.name[:LONGEST_NAME], one.category[:LONGEST_NAME], one.origin)
        if product.origin != one.origin:
            raise of_other_origin(product)
        matched.append(product)
    return matched


def of_other_origin(product: Product) -> InvalidProductHistory:
    """Make the error for a product whose history is not to be mixed with one of another origin."""
    if product.origin == Origin.GENERATED:
        return InvalidProductHistory(
            "The history of {sku!r} is generated, and is not mixed with an imported one. Remove what was generated "
            "with `python -m src prices generate --products 0 --clear`.",
            sku=product.sku,
        )
    return InvalidProductHistory(
        "The history of {sku!r} is imported, and is not mixed with a generated one. Generate into another database.",
        sku=product.sku,
    )


def _created(connection: Connection, matched: Sequence[Product]) -> list[Product]:
    """Insert the products that there are not; return all with their identifiers."""
    missing = [
        {"sku": one.sku, "name": one.name, "category": one.category, "origin": one.origin}
        for one in matched
        if not one.product_id
    ]
    if not missing:
        return list(matched)
    connection.execute(sa.insert(products), missing)
    stored = {product.sku: product for product in all_products(connection)}
    return [stored[product.sku] for product in matched]


def _replace(connection: Connection, ids: np.ndarray, rows: DailyRows) -> None:
    c = product_history.c
    statement = (
        sa.update(product_history)
        .where(c.product_id == sa.bindparam("of_product"), c.date == sa.bindparam("of_day"))
        .values(price=sa.bindparam("new_price"), quantity=sa.bindparam("new_quantity"))
    )
    columns = (ids[rows.product], rows.dates, rows.prices, rows.quantities)
    names = ("of_product", "of_day", "new_price", "new_quantity")
    values = zip(*(column.tolist() for column in columns), strict=True)
    connection.execute(statement, [dict(zip(names, row, strict=True)) for row in values])


def _stored_days(
    connection: Connection, product_ids: Collection[int], until: date | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Identifiers, dates, prices and quantities, by product and day."""
    c = product_history.c
    kinds = (np.int64, np.int64, np.float64, np.float64)
    parts = [[np.array([], kind) for kind in kinds]]
    for some in in_parts(sorted(product_ids), _PRODUCTS_AT_ONCE):  # arrays are small, rows are not
        query = sa.select(c.product_id, day_number(connection), c.price, c.quantity).where(c.product_id.in_(some))
        if until is not None:
            query = query.where(c.date <= until)
        if rows := connection.execute(query.order_by(c.product_id, c.date)).all():
            parts.append([np.array(column, kind) for column, kind in zip(zip(*rows, strict=True), kinds, strict=True)])
    ids, days, prices, quantities = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return ids, days.astype("datetime64[D]"), prices, quantities


def day_number(connection: Connection) -> sa.ColumnElement[int]:
    """Return the date as the database tells it in days since 1970."""
    if connection.dialect.name == "sqlite":
        return sa.type_coerce(product_history.c.date, sa.Integer)
    return sa.type_coerce(product_history.c.date - sa.literal(EPOCH.date(), sa.Date), sa.Integer)


def day_keys(ids: np.ndarray, dates: np.ndarray) -> np.ndarray:
    """Return a number for each product, by identifier or place, and day; it sorts as they do."""
    return (ids << 32) + dates.astype(np.int64) + 2**31


def _identifier(known: Mapping[str, int], sku: str) -> int:
    if sku not in known:
        raise _not_found(sku)
    return known[sku]


def _not_found(sku: str) -> ProductNotFound:
    return ProductNotFound("There is no product {sku!r}. Import its history, or generate one.", sku=sku)
