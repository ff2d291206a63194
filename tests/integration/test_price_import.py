"""Real prices from files: each row stored or left out with a reason, all of it in one transaction."""

from __future__ import annotations

import gzip
import io
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from src.cli.prices import app
from src.database.activities import read_activities
from src.errors import InvalidPriceFile, InvalidTable
from src.pricing import history_import
from src.pricing.history_import import PriceImportReport, import_history
from src.pricing.products import ProductRepository
from src.pricing.synthetic_history import generate_history
from src.tables.limits import TableLimits

TODAY = date(2026, 1, 10)
HEADER = "date,sku,price,quantity"
GOOD = "2026-01-01,a,2.5,10\n2026-01-02,a,2.6,0\n2026-01-04,a,2.7,12\n2026-01-01,b,1,1"
runner = CliRunner(env={"COLUMNS": "200"})


def load(engine: sa.Engine, rows: str, header: str = HEADER, **options: Any) -> PriceImportReport:
    return import_history(f"{header}\n{rows}\n".encode(), "sales.csv", today=TODAY, engine=engine, **options)


def stored(engine: sa.Engine) -> dict[str, list[tuple[str, float, float]]]:
    """What the database has, by SKU; days without a row are left out."""
    return {
        sku: [
            (str(day), price, quantity)
            for day, price, quantity, there in zip(
                one.dates, one.prices.tolist(), one.quantities.tolist(), one.is_observed, strict=True
            )
            if there
        ]
        for sku, one in ProductRepository(engine).histories().items()
    }


def reasons(report: PriceImportReport) -> dict[str, int]:
    return {str(refusal.first): refusal.count for refusal in report.refusals}


def test_a_file_is_stored_and_told(engine):
    report = load(engine, GOOD)
    assert stored(engine) == {
        "a": [("2026-01-01", 2.5, 10.0), ("2026-01-02", 2.6, 0.0), ("2026-01-04", 2.7, 12.0)],
        "b": [("2026-01-01", 1.0, 1.0)],
    }
    assert (report.rows, report.new, report.unchanged, report.refused, report.joined) == (4, 4, 0, 0, 0)
    assert (report.gaps, report.nothing_sold, report.unsorted) == (1, 1, 0)
    assert (report.created, report.first, report.last) == (("a", "b"), date(2026, 1, 1), date(2026, 1, 4))
    assert [(act.subject, str(act.action)) for act in read_activities("data")] == [
        ("sales.csv", "imported: 4 new days of prices, 0 replaced, 2 new products")
    ]


def test_the_same_file_twice_changes_nothing_in_whatever_order(engine):
    load(engine, GOOD)
    again = load(engine, "\n".join(reversed(GOOD.splitlines())))
    assert (again.new, again.unchanged, again.changes_something) == (0, 4, False)
    assert len(read_activities("data")) == 1


def test_it_tells_how_far_it_is(engine):
    told: list[tuple[float, int]] = []
    load(engine, GOOD + "\n2026-01-05,a", on_progress=lambda share, rows: told.append((share, rows)))
    assert told == sorted(told)
    assert told[-2:] == [(0.5, 5), (1.0, 5)]


def test_a_dry_run_changes_nothing_and_says_what_would(engine):
    report = load(engine, GOOD, dry_run=True)
    assert (report.new, report.created) == (4, ("a", "b"))
    assert ProductRepository(engine).products() == []
    assert read_activities("data") == []


def test_rows_of_one_day_are_joined_and_their_order_makes_no_difference(engine):
    rows = ["2026-01-01T08:00,a,2.0,1", "2026-01-01T23:59,a,3.0,3", "2026-01-01,b,4.1,0", "2026-01-01,b,4.3,0"]
    assert load(engine, "\n".join(rows)).joined == 2
    assert stored(engine)["a"] == [("2026-01-01", 2.75, 4.0)]
    assert stored(engine)["b"] == [("2026-01-01", pytest.approx(4.2), 0.0)]
    assert load(engine, "\n".join(reversed(rows))).unchanged == 2


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Sao_Paulo"])
def test_a_day_is_the_one_where_it_was_sold(engine, zone):
    times = pd.date_range("2025-06-01", periods=4, freq="7h", tz=zone)
    frame = pd.DataFrame({"date": times, "sku": "a", "price": 2.0, "quantity": 1.0})
    wanted = {"a": [("2025-06-01", 2.0, 4.0)]}
    content = io.BytesIO()
    frame.to_parquet(content, index=False)
    import_history(content.getvalue(), "sales.parquet", today=TODAY, engine=engine)
    assert stored(engine) == wanted
    text = frame.assign(date=[time.isoformat().replace("-", "/", 2) for time in times]).to_csv(index=False)
    assert import_history(text.encode(), "sales.csv", today=TODAY, engine=engine).unchanged == 1


def test_one_price_all_day_stays_exactly_as_it_is(engine):
    load(engine, "\n".join("2026-01-01,a,0.1,0.7" for _ in range(7)))
    assert stored(engine)["a"][0][:2] == ("2026-01-01", 0.1)


def test_rows_out_of_order_are_sorted_and_counted(engine):
    report = load(engine, "2026-01-03,a,3,1\n2026-01-01,b,1,1\n2026-01-01,a,1,1\n2026-01-02,a,2,1")
    assert report.unsorted == 1
    assert [price for _, price, _ in stored(engine)["a"]] == [1.0, 2.0, 3.0]


def test_no_quantity_means_that_nothing_was_sold(engine):
    report = load(engine, "2026-01-01,a,1,\n2026-01-02,a,1,0")
    assert (report.without_quantity, report.nothing_sold, report.refused) == (1, 2, 0)
    assert [quantity for _, _, quantity in stored(engine)["a"]] == [0.0, 0.0]


BAD_ROWS = {
    "2026-01-02,a,0,1": "column 'price': the price 0 is not above 0",
    "2026-01-02,a,-2,1": "column 'price': the price -2 is not above 0",
    "2026-01-02,a,,1": "column 'price': the price is missing",
    "2026-01-02,a,NaN,1": "column 'price': 'NaN' is no number",
    "2026-01-02,a,inf,1": "column 'price': 'inf' is infinite",
    "2026-01-02,a,1e400,1": "column 'price': 1e400 is too large",
    "2026-01-02,a,1e13,1": "column 'price': 1e13 is too large",
    '2026-01-02,a,"1,500.5",1': "column 'price': '1,500.5' has a comma",
    "2026-01-02,a,ERR,1": "column 'price': 'ERR' is no number",
    "2026-01-02,a,1,-1": "column 'quantity': the quantity -1 is below 0",
    "2026-01-02,a,1,nan": "column 'quantity': 'nan' is no number",
    "2026-01-02,a,1,1e13": "column 'quantity': 1e13 is too large",
    "2026-01-11,a,1,1": "column 'date': '2026-01-11' is in the future",
    "2026-02-30,a,1,1": "column 'date': '2026-02-30' is no time",
    "01/02/2026,a,1,1": "column 'date': '01/02/2026' does not say whether day or month comes first",
    "46024,a,1,1": "column 'date': '46024' is a number",
    ",a,1,1": "column 'date': the time is missing",
    "2026-01-02,,1,1": "column 'sku': no SKU is named",
    "2026-01-02,../../etc/passwd,1,1": "column 'sku': '../../etc/passwd' cannot be a SKU",
    "2026-01-02,C:\\x,1,1": "column 'sku': 'C:\\\\x' cannot be a SKU",
    "2026-01-02,1.02E+14,1,1": "column 'sku': '1.02E+14' cannot be a SKU",
    "2026-01-02,A,1,1": "column 'sku': The SKU 'A' differs from 'a' only in upper and lower case",
    "2026-01-02,a,1": "has 3 cells, but the header names 4 columns",
}


@pytest.fixture(scope="module")
def read_only(tmp_path_factory):
    """A database in which nothing is stored by these tests."""
    from src.database.engine import engine_for
    from src.database.migrate import upgrade_database

    engine = engine_for(f"sqlite:///{tmp_path_factory.mktemp('prices') / 'farol.db'}")
    upgrade_database(engine)
    yield engine
    engine.dispose()


@pytest.mark.parametrize("row", BAD_ROWS)
def test_a_bad_row_is_left_out_with_its_reason_and_the_others_are_taken(read_only, row):
    report = load(read_only, f"2026-01-01,a,1,1\n{row}\n2026-01-03,a,3,3", dry_run=True)
    assert (report.rows, report.refused, report.new) == (3, 1, 2)
    reason = next(iter(reasons(report)))
    assert reason.startswith("Row 3")
    assert BAD_ROWS[row] in reason


def test_refused_rows_are_counted_by_reason_each_row_once(engine):
    rows = "2026-01-01,a,0,-1\n2026-01-02,a,0,1\n2026-01-03,a,1,-1\n2026-01-04,a,1,1\n2026-01-05,../x,0,1"
    report = load(engine, rows)
    assert sorted(reasons(report).values()) == [1, 1, 2]
    assert (report.refused, report.new) == (4, 1)
    assert [product.sku for product in ProductRepository(engine).products()] == ["a"]


def test_a_file_without_a_usable_row_is_refused_and_nothing_is_lost(engine):
    load(engine, GOOD)
    before = stored(engine)
    with pytest.raises(InvalidPriceFile, match="none of its 2 rows can be used") as refused:
        load(engine, "2026-01-01,a,0,1\n2026-01-01,c,1")
    assert len(refused.value.values["problems"]) == 2  # type: ignore[arg-type]
    assert stored(engine) == before


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"date,sku,price,quantity\n", "no rows"),
        (b"date,sku,price,quantity\n2026-01-01,\xff,1,1\n", "UTF-8"),
        (b"date,sku,price,quantity\n2026-01-01,a\x00b,1,1\n", "no text"),
        (b"date,sku,cost,quantity\n2026-01-01,a,1,1\n", "hold the price"),
        (b"date,sku,price,quantity\n" + b"2026-01-01,a,1,1\n" * 101, "more than 100 rows"),
        (b'date,sku,price,quantity\n2026-01-01,"a,1,1\n', "never closed"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_whole(read_only, content, said):
    limits = TableLimits(rows=100)
    with pytest.raises(InvalidTable, match=said):
        import_history(content, "sales.csv", limits=limits, today=TODAY, engine=read_only)


def test_a_failure_while_storing_leaves_nothing_behind(engine, monkeypatch):
    load(engine, "2026-01-01,a,1,1")

    def fail(*_arguments: object) -> None:
        raise OSError("the power went")

    monkeypatch.setattr(history_import, "record_activity", fail)
    with pytest.raises(OSError, match="power"):
        load(engine, GOOD)
    assert stored(engine) == {"a": [("2026-01-01", 1.0, 1.0)]}


def test_stored_days_stay_unless_they_are_to_be_replaced(engine):
    load(engine, GOOD)
    other = "2026-01-02,a,2.6,0\n2026-01-01,a,9,9\n2026-01-05,a,3,3"
    report = load(engine, other)
    assert report.kept is not None
    assert (report.kept.count, report.new, report.unchanged, report.replaced) == (1, 1, 1, 0)
    assert "Row 3: 'a' has the price 9.0 and the quantity 9.0 on 2026-01-01 here" in str(report.kept.first)
    assert stored(engine)["a"][0] == ("2026-01-01", 2.5, 10.0)
    report = load(engine, other, replace=True)
    assert (report.kept, report.replaced, report.unchanged) == (None, 1, 2)
    assert stored(engine)["a"][0] == ("2026-01-01", 9.0, 9.0)


def test_generated_products_are_not_mixed_with_real_ones(engine):
    generate_history(1, 10, until=date(2026, 1, 9), engine=engine)
    before = stored(engine)["SKU001"]
    report = load(engine, "2026-01-10,SKU001,1,1\n2026-01-10,../a,1,1\n2026-01-10,../b,1,1\n2026-01-10,a,1,1")
    generated, paths = reasons(report).items()
    assert ("'SKU001' is generated" in generated[0], generated[1]) == (True, 1)
    assert ("'../a' cannot be a SKU" in paths[0], paths[1]) == (True, 2)
    assert stored(engine)["SKU001"] == before


@pytest.mark.parametrize(
    "header",
    [
        "Data,Código do Produto,Preço Unitário (R$),Quantidade",
        "dia,SKU,preco,qtde",
        "date,product_id,wholesale_price,quantity_kg",
        "Sale date,Item,Unit price,Units sold",
    ],
)
def test_columns_are_known_by_their_usual_names_in_english_and_portuguese(read_only, header):
    assert load(read_only, GOOD, header=header, dry_run=True).new == 4


def test_columns_can_be_said_and_names_and_categories_are_kept(engine):
    header = "when,what,how much,pieces,nome,categoria"
    said = {"date": "when", "sku": "what", "price": "how much", "quantity": "pieces"}
    load(engine, "2026-01-01,a,1,1,,Fruit\n2026-01-02,a,1,1,  Red   apple,Fruit", header=header, columns=said)
    product = ProductRepository(engine).products()[0]
    assert (product.name, product.category) == ("Red apple", "Fruit")
    with pytest.raises(InvalidTable, match="no column 'pirce'"):
        load(engine, GOOD, columns={"price": "pirce"})
    with pytest.raises(InvalidPriceFile, match="two things at once"):
        load(engine, GOOD, columns={"price": "quantity", "quantity": "quantity"})


def test_decimal_commas_are_read_where_they_leave_no_doubt(engine):
    report = load(engine, "2026-01-01;a;2,50;1,5\n2026-01-02;a;3;1,500", header=HEADER.replace(",", ";"))
    assert stored(engine)["a"] == [("2026-01-01", 2.5, 1.5), ("2026-01-02", 3.0, 1.5)]
    assert "Read with decimal commas: 'price', 'quantity'." in [str(note) for note in report.notes]


def test_among_decimal_commas_a_cell_that_is_no_number_is_shown_as_it_is_written(engine):
    report = load(engine, "2026-01-01;a;R$ 3,50;1,5\n2026-01-02;a;3,60;2", header=HEADER.replace(",", ";"))
    assert stored(engine) == {"a": [("2026-01-02", 3.6, 2.0)]}
    assert list(reasons(report)) == ["Row 2, column 'price': 'R$ 3,50' is no number. Mend the cell."]


@pytest.mark.parametrize(
    ("dates", "order"),
    [
        (("01/02/2025", "13/2/2025", "31.12.2024 10:30"), "day"),
        (("02/01/2025", "2-13-2025", "12/31/2024"), "month"),
        (("01/02/2025", "13/02/2025", "2024-12-31", "31/31/2024", "31/11/2024"), "day"),
    ],
)
def test_dates_are_read_where_they_leave_no_doubt_which_number_is_the_day(engine, dates, order):
    report = load(engine, "\n".join(f"{date},a,1,{number}" for number, date in enumerate(dates)))
    assert stored(engine)["a"] == [("2024-12-31", 1, 2), ("2025-02-01", 1, 0), ("2025-02-13", 1, 1)]
    assert f"Read with the {order} first: 'date'." in [str(note) for note in report.notes]
    assert report.refused == len(dates) - 3


@pytest.mark.parametrize("dates", [("01/02/2025", "03/02/2025"), ("13/02/2025", "02/13/2025")])
def test_dates_that_leave_a_doubt_are_refused(read_only, dates):
    with pytest.raises(InvalidPriceFile, match="whether day or month comes first"):
        load(read_only, "\n".join(f"{date},a,1,1" for date in dates), dry_run=True)


@pytest.mark.parametrize("rows", ["2026-01-01;a;1,500;1", "2026-01-01;a;2,50;1.5", "2026-01-01;a;1.234,50;1"])
def test_commas_that_may_mean_something_else_are_refused(read_only, rows):
    with pytest.raises(InvalidPriceFile, match="has a comma"):
        load(read_only, rows, header=HEADER.replace(",", ";"), dry_run=True)


def test_numbers_as_skus_stay_as_they_are_written(engine):
    load(engine, "2026-01-01,007,1,1\n2026-01-01,102900005115762,1,1")
    assert list(stored(engine)) == ["007", "102900005115762"]


def test_parquet_with_real_types_and_several_parts(engine):
    days = pd.date_range("2025-01-01", periods=300).date
    frame = pd.DataFrame({"date": days, "sku": 7, "price": 1.5, "quantity": np.arange(300)})
    frame.loc[5, "price"] = np.nan
    content = io.BytesIO()
    frame.to_parquet(content, index=False, row_group_size=100)
    report = import_history(content.getvalue(), "sales.parquet", today=TODAY, engine=engine)
    assert (report.new, report.refused, report.products) == (299, 1, ("7",))
    frame["sku"] = 7.5
    content = io.BytesIO()
    frame.to_parquet(content, index=False)
    with pytest.raises(InvalidTable, match="SKUs are text or whole numbers"):
        import_history(content.getvalue(), "sales.parquet", today=TODAY, engine=engine)


def test_compressed_text_with_a_byte_order_mark(engine):
    content = gzip.compress(f"\N{ZERO WIDTH NO-BREAK SPACE}{HEADER}\r\n".encode() + GOOD.replace("\n", "\r\n").encode())
    assert import_history(content, "sales.csv.gz", today=TODAY, engine=engine).new == 4


def test_a_column_of_values_is_not_taken_for_one_of_skus(read_only):
    rows = "\n".join(f"2026-01-01,{number},1,1" for number in range(10_001))
    with pytest.raises(InvalidPriceFile, match="more than 10,000 new products"):
        load(read_only, rows)


def test_without_a_terminal_nothing_is_said_of_how_far_it_is(settings, tmp_path: Path):
    file = tmp_path / "sales.csv"
    file.write_text(f"{HEADER}\n{GOOD}\n")
    assert runner.invoke(app, ["import", str(file)]).stderr == ""


def test_the_command_tells_rows_and_reasons(settings, tmp_path: Path):
    file = tmp_path / "sales.csv"
    file.write_text(f"{HEADER}\n{GOOD}\n2025-01-01,a,0,1\n2025-01-02,a,0,1\n")
    said = runner.invoke(app, ["import", str(file), "--dry-run"])
    assert said.exit_code == 0, said.output
    assert "A dry run: nothing was changed." in said.output
    said = runner.invoke(app, ["import", str(file)])
    facts = [line.split() for line in said.output.splitlines()]
    assert ["Left", "out", "2"] in facts
    assert ["Days", "new", "4"] in facts
    assert "Row 6, column 'price': the price 0 is not above 0. (and 1 more)" in said.output
    assert "nothing was changed" in runner.invoke(app, ["import", str(file)]).output
    file.write_text(f"{HEADER}\n2025-01-01,a,0,1\n")
    refused = runner.invoke(app, ["import", str(file)])
    assert refused.exit_code == 1
    assert "the price 0 is not above 0" in refused.output


def test_the_real_file_is_taken_whole(engine, real_data):
    file = real_data / "sku_prices" / "vegetable_sku_daily_57.csv"
    report = import_history(file, file.name, engine=engine)
    assert (report.rows, report.new, report.refused, report.joined) == (37_886, 37_886, 0, 0)
    assert (len(report.created), report.without_quantity, report.gaps) == (57, 5_705, 15_375)
    history = ProductRepository(engine).histories(["102900005115762"])["102900005115762"]
    assert (history.prices[:5].tolist(), history.quantities[:4].tolist()) == (
        [3.88, 3.93, 3.57, 3.57, 3.48],
        [6.841, 8.112, 7.694, 0.0],
    )
