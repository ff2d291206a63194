"""Rows of a file to days of products: each row read or left out with a reason, several of a day joined."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from src.errors import FarolError, InvalidPriceFile, InvalidProductHistory, InvalidSku
from src.notes import Note
from src.pricing.price_columns import PriceColumns
from src.pricing.products import DailyRows, NewProduct, Origin, Product, day_keys, of_other_origin
from src.pricing.skus import KnownSkus
from src.sensors.imports.cells import Cells, TimeReader, read_numbers
from src.tables.day_order import with_iso_dates
from src.tables.layout import ragged
from src.tables.limits import TableLimits
from src.tables.number_columns import DECIMAL_COMMA, has_decimal_commas
from src.tables.parquet import is_text
from src.tables.streaming import TableStream

MOST_NEW_PRODUCTS = 10_000
LARGEST = 1e12
"""No price and no quantity is larger."""


@dataclass(frozen=True)
class Refusal:
    """Rows that are left out for one reason."""

    count: int
    first: Note


class RefusedRows:
    """The rows that are left out; each counts for the first reason that was found.

    Attributes
    ----------
    mask : ndarray of bool
        Which rows.
    refusals : list of Refusal
    """

    def __init__(self, rows: int) -> None:
        self.mask = np.zeros(rows, bool)
        self.refusals: list[Refusal] = []

    def add_where(self, wrong: np.ndarray, rows: np.ndarray, note: Callable[[int], Note]) -> None:
        """Leave out each row where a mask holds; `note` makes the remark for a place in the mask."""
        new = wrong & ~self.mask
        if new.any():
            self.refusals.append(Refusal(int(new.sum()), note(int(np.argmax(new)))))
        self.mask |= wrong


@dataclass(frozen=True)
class FileDays:
    """What a file has to say.

    Attributes
    ----------
    products : list of NewProduct
        Those of the file, in the order of their first row.
    days : DailyRows
        By product and day.
    row : ndarray of int64
        The first row of each day in the file.
    rows : int
        Of the file, without its header.
    refusals : list of Refusal
    joined : int
        Rows that are of the same product and day as another one.
    without_quantity : int
        Rows with a price and no quantity: nothing was sold.
    unsorted : int
        Rows with an earlier day than the row of the same product before them.
    notes : list of Note
    """

    products: list[NewProduct]
    days: DailyRows
    row: np.ndarray
    rows: int
    refusals: list[Refusal]
    joined: int
    without_quantity: int
    unsorted: int
    notes: list[Note]


def read_days(
    stream: TableStream,
    columns: PriceColumns,
    known: list[Product],
    today: date,
    limits: TableLimits,
    on_rows: Callable[[int], None],
) -> FileDays:
    """Read a whole file.

    Parameters
    ----------
    known : list of Product
        Those in the database.
    today : date
        Later days are left out.
    on_rows : callable
        Called with the rows that were read so far, now and then.

    Raises
    ------
    InvalidTable
        The file cannot be read any further, or a column is of a type that does not fit.
    InvalidPriceFile
        It has more new SKUs than a file brings.
    """
    return _Reader(stream, columns, limits, on_rows).read(known, today)


class _Reader:
    """Holds the columns of one file that mean something, whole: they are compared with each other, row by row."""

    def __init__(
        self, stream: TableStream, columns: PriceColumns, limits: TableLimits, on_rows: Callable[[int], None]
    ) -> None:
        self._columns, self._limits = columns, limits
        parts: dict[str, list[pa.Array]] = {column: [] for column in columns.used}
        rows, odd, read = [], [], 0
        for chunk in stream.chunks():
            rows.append(chunk.rows)
            odd += chunk.ragged
            for column, gathered in parts.items():
                cells = chunk.cells[stream.columns.index(column)]
                gathered.append(cells.cast(pa.string()) if is_text(cells.type) else cells)
            read += chunk.rows.size + len(chunk.ragged)
            on_rows(read)
        self._values = {column: pa.concat_arrays(gathered) for column, gathered in parts.items()}
        self._rows = np.concatenate(rows)
        self._refused = RefusedRows(self._rows.size)
        if odd:
            error = ragged(*odd[0], len(stream.columns))
            self._refused.refusals.append(Refusal(len(odd), Note(error.template, error.values)))
        self._ragged = len(odd)
        self.notes: list[Note] = list(stream.notes)
        if unused := [name for name in stream.columns if name not in columns.used]:
            listed = ", ".join(map(repr, unused[:20]))
            self.notes.append(Note("Columns that are not used: {columns}.", {"columns": listed}))

    def read(self, known: list[Product], today: date) -> FileDays:
        """Read all rows, and join those that are of one product and day."""
        self._read_decimal_commas()
        self._read_day_order()
        products, number = self._skus(known)
        days = self._days(today)
        prices = self._prices()
        quantities, missing = self._quantities()
        good = ~self._refused.mask
        number, days, prices, quantities = number[good], days[good], prices[good], quantities[good]
        used, number = np.unique(number, return_inverse=True)  # a product of refused rows only is none
        joined, first = _joined(DailyRows(number, days.astype("datetime64[D]"), prices, quantities))
        return FileDays(
            products=[products[place] for place in used],
            days=joined,
            row=self._rows[good][first],
            rows=self._rows.size + self._ragged,
            refusals=self._refused.refusals,
            joined=number.size - len(joined),
            without_quantity=int((missing & good).sum()),
            unsorted=_unsorted(number, days),
            notes=self.notes,
        )

    def _cells(self, column: str) -> Cells:
        return Cells.of(column, self._values[column], self._rows, self._refused, self._limits.cell_characters)

    def _read_decimal_commas(self) -> None:
        numbers = (self._columns.price, self._columns.quantity)
        texts = {column: self._values[column] for column in numbers if is_text(self._values[column].type)}
        trimmed = {column: pc.utf8_trim_whitespace(cells) for column, cells in texts.items()}
        if has_decimal_commas(trimmed.values()):
            self._values |= {column: _with_decimal_points(cells) for column, cells in trimmed.items()}
            listed = ", ".join(map(repr, trimmed))
            self.notes.append(Note("Read with decimal commas: {columns}.", {"columns": listed}))

    def _read_day_order(self) -> None:
        column = self._columns.date
        if is_text(self._values[column].type):
            texts = pc.utf8_trim_whitespace(self._values[column])
            self._values[column], note = with_iso_dates(texts, column)
            self.notes += [] if note is None else [note]

    def _skus(self, known: list[Product]) -> tuple[list[NewProduct], np.ndarray]:
        """The products of the file, and the place of each row's among them."""
        cells = self._cells(self._columns.sku)
        cells.refuse(cells.empty, lambda at: Note("Row {row}, column {column!r}: no SKU is named.", at))
        if not cells.is_text and not pa.types.is_integer(cells.values.type) and not pa.types.is_null(cells.values.type):
            raise cells.refuse_type(Note("SKUs are text or whole numbers."))
        encoded = pc.cast(cells.values, pa.string()).dictionary_encode()
        places = np.asarray(pc.fill_null(encoded.indices, -1))
        texts = encoded.dictionary.to_pylist()
        skus, wrong = _checked(texts, known)
        if len(skus.keys() - {product.sku for product in known}) > MOST_NEW_PRODUCTS:
            raise InvalidPriceFile(
                "The column {column!r} names more than {limit:,} new products, which is more than one file brings. "
                "Is it the column of the SKUs?",
                column=cells.column,
                limit=MOST_NEW_PRODUCTS,
            )
        for template in dict.fromkeys(error.template for error in wrong.values()):
            alike = {place for place, error in wrong.items() if error.template == template}
            is_wrong = np.array([*(place in alike for place in range(len(texts))), False])  # the last: an empty cell
            cells.problems.add_where(
                is_wrong[places],
                cells.rows,
                lambda place: _of_row(int(cells.rows[place]), cells.column, wrong[int(places[place])]),
            )
        names, categories = (self._words(column, places) for column in (self._columns.name, self._columns.category))
        numbers = {place: number for number, place in enumerate(skus.values())}
        products = [
            NewProduct(sku, names.get(place, ""), categories.get(place, ""), Origin.IMPORTED)
            for sku, place in skus.items()
        ]
        return products, np.array([*(numbers.get(place, 0) for place in range(len(texts))), 0])[places]

    def _words(self, column: str | None, places: np.ndarray) -> dict[int, str]:
        """The first text that a column has for each place of a SKU."""
        if column is None:
            return {}
        texts = pc.utf8_trim_whitespace(pc.cast(self._values[column], pa.string()))
        filled = np.flatnonzero(np.asarray(pc.fill_null(pc.not_equal(texts, ""), False)))
        first_places, firsts = np.unique(places[filled], return_index=True)
        found = {
            int(place): texts[int(filled[first])].as_py() for place, first in zip(first_places, firsts, strict=True)
        }
        return {place: " ".join(text.split()) for place, text in found.items()}

    def _days(self, today: date) -> np.ndarray:
        """Days since 1970."""
        cells = self._cells(self._columns.date)
        _, readable = TimeReader().read(cells)
        days = _days_as_written(cells.values, readable)
        cells.refuse(
            days > np.datetime64(today, "D").astype(np.int64),
            lambda at: Note("Row {row}, column {column!r}: {value!r} is in the future.", at),
        )
        return days

    def _prices(self) -> np.ndarray:
        cells = self._cells(self._columns.price)
        prices = read_numbers(cells)
        cells.refuse(cells.empty, lambda at: Note("Row {row}, column {column!r}: the price is missing.", at))
        cells.refuse(
            prices <= 0, lambda at: Note("Row {row}, column {column!r}: the price {value} is not above 0.", at)
        )
        self._refuse_large(cells, prices)
        return prices

    def _quantities(self) -> tuple[np.ndarray, np.ndarray]:
        """Quantities, 0 where the cell is empty, and where that is."""
        cells = self._cells(self._columns.quantity)
        quantities = read_numbers(cells)
        cells.refuse(
            quantities < 0, lambda at: Note("Row {row}, column {column!r}: the quantity {value} is below 0.", at)
        )
        self._refuse_large(cells, quantities)
        return np.where(cells.empty, 0.0, quantities), cells.empty

    @staticmethod
    def _refuse_large(cells: Cells, numbers: np.ndarray) -> None:
        cells.refuse(
            numbers > LARGEST, lambda at: Note("Row {row}, column {column!r}: {value} is too large. Mend the cell.", at)
        )


def _days_as_written(times: pa.Array, readable: np.ndarray) -> np.ndarray:
    """Days since 1970 where the times are from: midnight in Berlin is the day before in UTC, but no sale of it."""
    if is_text(times.type):
        known = pc.if_else(pa.array(readable), times, pa.scalar(None, times.type))
        times = pc.replace_substring(pc.utf8_slice_codeunits(known, 0, 10), "/", "-")
    elif pa.types.is_timestamp(times.type) and times.type.tz is not None:
        times = pc.local_timestamp(times)
    return np.asarray(pc.fill_null(pc.cast(pc.cast(times, pa.date32()), pa.int32()), 0))


def _with_decimal_points(cells: pa.Array) -> pa.Array:
    """Return numbers with a decimal point; what is none stays as it is written, to be shown where it is refused."""
    is_number = pc.fill_null(pc.match_substring_regex(cells, DECIMAL_COMMA), False)
    return pc.if_else(is_number, pc.replace_substring(cells, ",", "."), cells)


def _checked(texts: list[str], known: list[Product]) -> tuple[dict[str, int], dict[int, FarolError]]:
    """SKUs by the place of their text, and what is wrong with the others."""
    generated = {product.sku: product for product in known if product.origin == Origin.GENERATED}
    taken = KnownSkus(product.sku for product in known)
    skus: dict[str, int] = {}
    wrong: dict[int, FarolError] = {}
    for place, text in enumerate(texts):
        try:
            sku = taken.enter(text)
            if sku in generated:
                raise of_other_origin(generated[sku])
            skus[sku] = place
        except (InvalidSku, InvalidProductHistory) as error:
            wrong[place] = error
    return skus, wrong


def _of_row(row: int, column: str, error: FarolError) -> Note:
    values: Mapping[str, object] = {"row": row, "column": column, "reason": Note(error.template, error.values)}
    return Note("Row {row}, column {column!r}: {reason}", values)


def _joined(rows: DailyRows) -> tuple[DailyRows, np.ndarray]:
    """One row a product and day, and the place of its first row: quantities summed, prices averaged by quantity.

    The order of the rows in the file makes no difference.
    """
    keys = day_keys(rows.product, rows.dates)
    order = np.lexsort((rows.quantities, rows.prices, keys))
    ordered = rows.where(order)
    starts = np.unique(keys[order], return_index=True)[1]
    if not starts.size:
        return ordered, order
    counts = np.diff(starts, append=len(rows))
    quantities = np.add.reduceat(ordered.quantities, starts)
    weighted = np.add.reduceat(ordered.prices * ordered.quantities, starts)
    plain = np.add.reduceat(ordered.prices, starts) / counts
    prices = np.where(quantities > 0, weighted / np.where(quantities > 0, quantities, 1.0), plain)
    low, high = ordered.prices[starts], ordered.prices[starts + counts - 1]  # sorted: one price stays exactly as it is
    days = DailyRows(ordered.product[starts], ordered.dates[starts], np.clip(prices, low, high), quantities)
    return days, np.minimum.reduceat(order, starts)


def _unsorted(number: np.ndarray, days: np.ndarray) -> int:
    order = np.argsort(number, kind="stable")
    same_product = np.diff(number[order]) == 0
    return int((same_product & (np.diff(days[order]) < 0)).sum())
