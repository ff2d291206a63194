"""Importing real prices and quantities: every row stored or left out with a reason, in one transaction."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
from sqlalchemy import Engine

from src.database.activities import record_activity
from src.database.engine import reading, writing
from src.errors import InvalidPriceFile
from src.notes import Note
from src.pricing.price_columns import find_columns
from src.pricing.price_rows import FileDays, Refusal, read_days
from src.pricing.products import Comparison, all_products, compare_history, lock_products, store_history
from src.tables.limits import TableLimits
from src.tables.streaming import open_table

_SHARE_OF_READING = 0.5


@dataclass(frozen=True)
class PriceImportReport:
    """The outcome of an import; of a dry run what it would be.

    Attributes
    ----------
    rows : int
        Of the file, without its header.
    refusals : tuple of Refusal
        Rows that are left out, by reason.
    new, unchanged, replaced : int
        Days that were not stored; that were, with the same values; that were, with other ones.
    kept : Refusal or None
        Days that are stored with other values, and stay as they are.
    joined : int
        Rows that are of the same product and day as another one.
    without_quantity, nothing_sold : int
        Rows without a quantity; days with the quantity 0, those included.
    gaps : int
        Days without a row between the first and the last of each product.
    unsorted : int
        Rows with an earlier day than the row of the same product before them.
    products, created : tuple of str
        All SKUs of the file, and those that there were not.
    """

    name: str
    dry_run: bool
    rows: int
    refusals: tuple[Refusal, ...]
    new: int
    unchanged: int
    replaced: int
    kept: Refusal | None
    joined: int
    without_quantity: int
    nothing_sold: int
    gaps: int
    unsorted: int
    products: tuple[str, ...]
    created: tuple[str, ...]
    first: date
    last: date
    notes: tuple[Note, ...]
    seconds: float

    @property
    def refused(self) -> int:
        """Rows that are left out."""
        return sum(refusal.count for refusal in self.refusals)

    @property
    def changes_something(self) -> bool:
        """Whether the database is, or would be, another one than before."""
        return bool(self.new or self.replaced or self.created)


def import_history(
    source: Path | bytes,
    name: str,
    *,
    columns: Mapping[str, str] | None = None,
    replace: bool = False,
    dry_run: bool = False,
    actor: str = "",
    limits: TableLimits | None = None,
    today: date | None = None,
    on_progress: Callable[[float, int], None] | None = None,
    engine: Engine | None = None,
) -> PriceImportReport:
    """Import the prices and quantities of a CSV, CSV.gz or Parquet file, a row a product and day.

    Rows that cannot be used are left out and told by reason; the others are stored in one transaction. Rows may come in
    any order, several of a day are joined (quantities summed, prices averaged by quantity), a missing quantity is 0.
    The same file twice changes nothing.

    Parameters
    ----------
    source : Path or bytes
        The file, or its content.
    name : str
        Its name; the ending says how it is read.
    columns : mapping, optional
        ``date``, ``sku``, ``price`` or ``quantity`` to the column that it is; what is left out is told by its name.
    replace : bool
        Put other values in place of stored ones; without it, those stay and are told.
    dry_run : bool
        Do everything but change the database.
    actor : str
        Who is remembered to have done it.
    limits : TableLimits, optional
        The default limits when not given.
    today : date, optional
        Later days are left out; the present day in UTC by default.
    on_progress : callable, optional
        Called with the share that is done, from 0 to 1, and the rows that were read so far.
    engine : Engine, optional
        The database of the settings when not given.

    Raises
    ------
    InvalidTable
        The file cannot be read, or its columns cannot be told; nothing is stored then.
    InvalidPriceFile
        None of its rows can be used; `values["problems"]` tells why.
    """
    started, limits = time.monotonic(), limits or TableLimits()
    tell = on_progress or (lambda share, rows: None)
    with reading(engine) as connection:
        known = all_products(connection)
    with closing(open_table(source, name, limits)) as stream:
        found = find_columns(stream.columns, columns)
        file = read_days(
            stream,
            found,
            known,
            today or datetime.now(UTC).date(),
            limits,
            lambda rows: tell(_SHARE_OF_READING * stream.share_read(), rows),
        )
    if not len(file.days):
        raise _nothing_to_import(name, file)
    with reading(engine) if dry_run else writing(engine) as connection:
        if not dry_run:
            lock_products(connection)
        comparison = compare_history(connection, file.products, file.days)
        report = _report(name, file, comparison, replace=replace, dry_run=dry_run, started=started)
        if not dry_run and report.changes_something:
            store_history(connection, comparison, replace=replace)
            record_activity(actor, "data", name, _act(report), connection)
    tell(1.0, file.rows)
    return report


def _nothing_to_import(name: str, file: FileDays) -> InvalidPriceFile:
    problems = [refusal.first for refusal in file.refusals]
    return InvalidPriceFile(
        "{name!r} is not imported, and nothing was changed: none of its {rows:,} rows can be used. The first reason: "
        "{first}",
        name=name,
        rows=file.rows,
        first=problems[0],
        problems=problems,
        count=len(problems),
    )


def _report(
    name: str, file: FileDays, comparison: Comparison, *, replace: bool, dry_run: bool, started: float
) -> PriceImportReport:
    different = int(comparison.is_different.sum())
    return PriceImportReport(
        name=name,
        dry_run=dry_run,
        rows=file.rows,
        refusals=tuple(file.refusals),
        new=int(comparison.is_new.sum()),
        unchanged=comparison.unchanged,
        replaced=different if replace else 0,
        kept=Refusal(different, _stored_otherwise(file, comparison)) if different and not replace else None,
        joined=file.joined,
        without_quantity=file.without_quantity,
        nothing_sold=int((file.days.quantities == 0).sum()),
        gaps=_gaps(file),
        unsorted=file.unsorted,
        products=tuple(product.sku for product in file.products),
        created=tuple(comparison.created),
        first=file.days.dates.min().astype(date),
        last=file.days.dates.max().astype(date),
        notes=tuple(file.notes),
        seconds=round(time.monotonic() - started, 3),
    )


def _stored_otherwise(file: FileDays, comparison: Comparison) -> Note:
    place = int(np.argmax(comparison.is_different))
    return Note(
        "Row {row}: {sku!r} has the price {price} and the quantity {quantity} on {date} here, and other ones are "
        "stored. Mend the file, or have stored days replaced.",
        {
            "row": int(file.row[place]),
            "sku": file.products[file.days.product[place]].sku,
            "price": float(file.days.prices[place]),
            "quantity": float(file.days.quantities[place]),
            "date": str(file.days.dates[place]),
        },
    )


def _gaps(file: FileDays) -> int:
    """Days that are missing between the first and the last of each product."""
    steps = np.diff(file.days.dates).astype(np.int64)[np.diff(file.days.product) == 0]
    return int((steps - 1).sum())


def _act(report: PriceImportReport) -> Note:
    return Note(
        "imported: {new:,} new days of prices, {replaced:,} replaced, {created:,} new products",
        {"new": report.new, "replaced": report.replaced, "created": len(report.created)},
    )
