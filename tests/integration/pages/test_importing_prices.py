"""Import prices on the price board: a file is looked at, checked, and imported."""

from __future__ import annotations

from datetime import date

import pytest
from streamlit.testing.v1 import AppTest

from src.database.activities import read_activities
from src.pricing.products import ProductRepository
from tests.integration.pages.samples import as_read, click, open_page, run, shown, the_error

GOOD = b"data,produto,valor unitario,vendas\n2026-01-01,A1,2.5,10\n2026-01-02,A1,2.75,0\n2026-01-04,A1,2.5,4\n"


def upload(content: bytes, language: str = "en", name: str = "sales.csv") -> AppTest:
    app = open_page("price_board", language, view="import")
    app.file_uploader[0].upload(name, content, "text/csv")
    return run(app)


def keys(app: AppTest) -> list[str | None]:
    return [button.key for button in app.button]


def figures(app: AppTest) -> dict[str, str]:
    return {metric.label: as_read(metric.value) for metric in app.metric}


def test_without_a_file_it_says_what_to_do_and_an_empty_board_leads_there(language, say):
    app = click(open_page("price_board", language), "go_import_prices")
    assert app.query_params["view"] == "import"
    assert app.info[0].value == say("Choose a file of sales. Nothing is stored before you say so.")
    assert "check_prices" not in keys(app)


def test_a_file_is_checked_then_imported_and_its_products_are_on_the_board(language, say):
    app = upload(GOOD, language)
    assert app.dataframe[0].value.iloc[0].tolist() == ["2026-01-01", "A1", "2.5", "10"]
    assert [box.value for box in app.selectbox[-4:]] == ["data", "produto", "valor unitario", "vendas"]
    app = click(app, "check_prices")
    assert not ProductRepository().products()
    assert figures(app) == {
        say("New days"): "3",
        say("Already there"): "0",
        say("Days replaced"): "0",
        say("New products"): "1",
        say("Rows left out"): "0",
    }
    assert "2026-01-01" in " ".join(shown(app))
    app = click(app, "import_prices")
    assert [box.value for box in app.success] == [
        say("The file is imported. Days: {days}; products: {products}.", days=3, products=1)
    ]
    assert app.dataframe[0].value["SKU"].tolist() == ["A1"]
    (act,) = read_activities(("data",))
    assert act.subject == "sales.csv"


def test_rows_that_cannot_be_used_are_told_by_reason_and_a_file_without_any_is_refused(language):
    app = click(upload(GOOD + b"2026-01-05,A1,-1,1\n2026-01-06,A1,0,1\nmonday,A1,1,1\n", language), "check_prices")
    assert sorted(app.dataframe[1].value.iloc[:, 0]) == [1, 2]
    app = click(upload(b"date,sku,price,quantity\n2026-01-01,A1,-1,1\n", language), "check_prices")
    assert "sales.csv" in the_error(app)
    assert "import_prices" not in keys(app)


def test_what_was_checked_no_longer_holds_once_something_else_is_asked():
    app = click(upload(GOOD), "check_prices")
    assert "import_prices" in keys(app)
    app.toggle(key="replace_days").set_value(True)
    app = run(app)
    assert "import_prices" not in keys(app)
    assert not app.metric


def test_stored_days_stay_unless_replacing_them_is_confirmed():
    click(click(upload(GOOD), "check_prices"), "import_prices")
    again = click(upload(GOOD), "check_prices")
    assert "import_prices" not in keys(again)
    other = GOOD.replace(b"2.75", b"3.00")
    app = click(upload(other), "check_prices")
    assert figures(app)["Already there"] == "2"
    assert "import_prices" not in keys(app)
    app.toggle(key="replace_days").set_value(True)
    app = click(run(app), "check_prices")
    assert figures(app)["Days replaced"] == "1"
    assert app.button(key="import_prices").disabled
    app.text_input(key="confirm_replace").set_value("sales.csv")
    click(run(app), "import_prices")
    history = ProductRepository().histories(["A1"])["A1"]
    assert history.prices[list(history.dates.astype(object)).index(date(2026, 1, 2))] == 3.0


@pytest.mark.parametrize(
    ("content", "name"),
    [(b"", "sales.csv"), (b"\x00\x01\x02" * 50, "sales.csv"), (b"date,sku\n", "sales.csv"), (GOOD, "sales.parquet")],
)
def test_a_file_that_cannot_be_read_is_refused_with_the_reason(content, name):
    app = upload(content, name=name)
    assert the_error(app) or "check_prices" in keys(app)
    assert not app.exception


def test_columns_that_nobody_knows_are_chosen_before_it_can_be_checked():
    app = upload(b"when,what,how much,pieces\n2026-01-01,A1,2.5,10\n")
    assert app.button(key="check_prices").disabled
    for box, column in zip(app.selectbox[-4:], ("when", "what", "how much", "pieces"), strict=True):
        box.set_value(column)
    app = click(run(app), "check_prices")
    assert figures(app)["New days"] == "1"
