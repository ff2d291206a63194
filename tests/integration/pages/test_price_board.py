"""Price board: empty, well, filtered, ordered, training, what came of it, nonsense in the URL."""

from __future__ import annotations

from datetime import timedelta

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from src.dashboard.prices.price_job_view import page_of
from src.jobs import get_job, list_jobs
from src.notes import Note
from src.pricing.products import NewProduct, ProductRepository
from src.pricing.synthetic_history import generate_history
from src.pricing.training_job import KIND
from tests.integration.pages.samples import as_displayed, as_read, click, open_page, run, shown, the_error
from tests.integration.pages.test_prices_page import outcome, put_training
from tests.integration.price_samples import BETTER, LAST_DAY, WITHOUT, WORSE, put_models, put_products


@pytest.fixture
def products() -> None:
    put_products()
    put_models()


def figures(app: AppTest) -> dict[str, str]:
    return {metric.label: as_read(metric.value) for metric in app.metric}


def skus(app: AppTest) -> list[str]:
    return app.dataframe[0].value["SKU"].tolist()


def test_without_products_it_offers_to_generate_some(language, say):
    app = open_page("price_board", language)
    assert app.info[0].value == say(
        "There are no products yet. Import their sales, or invent some to try everything out."
    )
    app = click(app, "generate_products")
    assert len(app.dataframe[0].value) == 50
    assert say("Rows {first} to {last} of {total}", first=1, last=50, total=200) in shown(app)


def test_each_product_has_its_winner_error_trend_and_age(products, language, say):
    app = open_page("price_board", language)
    assert not app.error
    assert figures(app)[say("The model wins")] == "1"
    assert figures(app)[say("The naive wins")] == "1"
    assert figures(app)[say("Without a model")] == "1"
    assert figures(app)[say("Share that wins")] == "50%"
    table = as_displayed(app).set_index("SKU")
    assert table[say("Winner")].to_dict() == {BETTER: say("model"), WORSE: say("naive"), WITHOUT: say("no model")}
    mark = "," if language == "pt_BR" else "."
    assert table[say("Error to naive")].tolist() == [f"0{mark}80", f"1{mark}10", "—"]
    assert table[say("Price trend")].str.endswith("%").all()
    assert set(table[say("Last day")]) == {str(LAST_DAY)}
    assert table.loc[WITHOUT, say("Model's age")] == "—"


def test_columns_of_numbers_are_numbers_to_sort_by(products, language, say):
    table = open_page("price_board", language).dataframe[0].value.set_index("SKU")
    assert table[say("Error to naive")].dropna().to_dict() == {BETTER: 0.8, WORSE: 1.1}
    for name in ("Quantity to naive", "Price", "Price trend", "Sold a day", "Model's age", "New days"):
        assert table[say(name)].dtype == float, name


@pytest.mark.parametrize(
    ("query", "listed"),
    [
        ({"winner": "model"}, [BETTER]),
        ({"winner": "naive"}, [WORSE]),
        ({"winner": "none"}, [WITHOUT]),
        ({"search": "product 2"}, [WORSE]),
        ({"category": "Hygiene"}, [WITHOUT]),
        ({"order": "worst"}, [WORSE, BETTER, WITHOUT]),
        ({"order": "best"}, [BETTER, WORSE, WITHOUT]),
        ({"order": "nonsense", "winner": "nobody", "category": "x", "board_page": "99"}, [BETTER, WORSE, WITHOUT]),
    ],
)
def test_the_url_filters_and_orders(products, query, listed):
    assert skus(open_page("price_board", **query)) == listed


def test_the_key_figures_are_of_what_is_listed(products):
    found = figures(open_page("price_board", winner="naive"))
    assert (found["Products"], found["Share that wins"], found["Median error to naive"]) == ("1", "0%", "1.10")


def test_prices_that_rise_and_fall_are_ordered_by_how_much(products):
    def trends(order: str) -> list[float]:
        return open_page("price_board", order=order).dataframe[0].value["Price trend"].tolist()

    assert trends("rising") == sorted(trends("rising"), reverse=True)
    assert trends("falling") == sorted(trends("falling"))


def test_a_model_that_does_not_know_the_newest_days_is_found():
    put_products(2, until=LAST_DAY)
    put_models()
    app = open_page("price_board", winner="behind")
    assert app.info[0].value == "No product fits the filters."
    generate_history(2, 230, clear=True, until=LAST_DAY + timedelta(days=30))
    put_models()  # of the days before: those that there were went with their products
    st.cache_data.clear()
    assert skus(run(app)) == [BETTER, WORSE]
    assert as_displayed(app)["New days"].tolist() == ["30", "30"]


def test_nothing_that_fits_is_said_so(products, language, say):
    app = open_page("price_board", language, search="no such thing")
    assert app.info[0].value == say("No product fits the filters.")
    assert not app.dataframe


def test_all_that_is_listed_is_trained_as_a_job(products, language):
    app = open_page("price_board", language, winner="naive")
    assert (
        app.button(key="start_training").label == {"en": "Train the one listed", "pt_BR": "Treinar o listado"}[language]
    )
    app = open_page("price_board", language)
    assert (
        app.button(key="start_training").label
        == {"en": "Train all 3 listed", "pt_BR": "Treinar todos os 3 listados"}[language]
    )
    app.number_input(key="trials").set_value(7)
    app.selectbox(key="recipe").set_value("document")
    app = click(run(app), "start_training")
    (job,) = list_jobs()
    assert (job.kind, job.parameters["skus"]) == (KIND, [BETTER, WORSE, WITHOUT])
    assert [job.parameters[name] for name in ("recipe", "trials", "again")] == ["document", 7, False]
    assert app.query_params["job"] == job.job_id
    assert app.button(key=f"cancel_{job.job_id}")
    assert "job" not in click(app, "to_board").query_params


def test_what_came_of_a_training_is_told_product_by_product(language, say):
    reason = Note("It has no day with a price.")
    outcomes = [
        outcome("A"),
        outcome("B", serves="naive"),
        outcome("C", is_trained=False, reasons=(reason,)),
    ]
    app = open_page("price_board", language, job=put_training("done", outcomes, skipped=2))
    expected = {
        "Trained": "2",
        "Better than the naive": "1",
        "Not worth a model": "1",
        "Up to date already": "2",
        "Not trained": "1",
    }
    assert {name: figures(app)[say(name)] for name in expected} == expected
    table = app.dataframe[0].value.set_index("SKU")
    assert table.index.tolist() == ["C", "A", "B"]
    assert table[say("Remarks")].tolist() == [say(reason.template), "", ""]
    assert table["MAPE"].dropna().tolist() == [0.05, 0.05]
    assert as_displayed(app)[say("Error against the naive")].tolist() == ["—", "-10%", "-10%"]
    assert table[say("Forecasts")].tolist() == [say("not trained"), "LightGBM", say("last price (naive)")]


def test_a_training_that_was_cancelled_says_what_stays():
    app = open_page("price_board", job=put_training("cancelled", [outcome("A")]))
    assert app.warning[0].value == "It has ended early. 1 model was trained and saved before, and stays."


def test_a_training_that_ended_before_anything_was_saved_says_so(language, say):
    app = open_page("price_board", language, job=put_training("cancelled", []))
    assert app.warning[0].value == say("It has ended before a model was saved.")


def test_the_filters_are_there_again_after_a_training(products):
    job_id = put_training("done", [outcome("A")])
    app = open_page("price_board", search="product 2", winner="naive", job=job_id)
    app = click(app, "to_board")
    assert skus(app) == [WORSE]
    assert app.text_input(key="search").value == "product 2"
    app.text_input(key="search").set_value("product 1")
    assert run(app).query_params["search"] == "product 1"


def test_an_unknown_job_is_said_so_with_a_way_back(products):
    app = open_page("price_board", job="0123456789abcdef")
    assert "0123456789abcdef" in the_error(app)
    assert skus(click(app, "to_board"))


def test_a_product_without_a_day_is_listed(language, say):
    ProductRepository().add_products([NewProduct("EMPTY")])
    app = open_page("price_board", language)
    row = as_displayed(app).iloc[0]
    assert (row["SKU"], row[say("Price")], row[say("Last day")]) == ("EMPTY", "—", "—")
    assert not app.error


def test_the_page_of_jobs_opens_the_training_where_it_belongs(language, say):
    one = put_training("done", [outcome("A")])
    several = put_training("done", [outcome("A"), outcome("B")])
    assert page_of(get_job(one)) == ("prices", {"sku": "A", "job": one})
    assert page_of(get_job(several)) == ("price_board", {"job": several})
    app = open_page("jobs", language)
    assert say("Open the training") in shown(app)
