"""Product prices: empty, well, not worth a model, without a model, nonsense in the URL, training, versions."""

from __future__ import annotations

import json
import secrets
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from src.database.activities import read_activities
from src.jobs import get_job, list_jobs, queue
from src.jobs.processes import this_host
from src.notes import Note, write_note
from src.pricing.model_manager import create_model_manager
from src.pricing.products import DailyRows, NewProduct, ProductRepository
from src.pricing.synthetic_history import generate_history
from src.pricing.training_job import KIND
from tests.integration.pages.samples import as_displayed, as_read, click, open_page, run, shown, the_error
from tests.integration.price_samples import (
    BETTER,
    LAST_DAY,
    WITHOUT,
    WORSE,
    put_model,
    put_models,
    put_products,
    trained_products,
)

VIEWS = ("quality", "importance", "elasticity", "versions", "values")


@pytest.fixture
def products() -> None:
    put_products()
    put_models()


def figures(app: AppTest) -> dict[str, tuple[str, str]]:
    return {metric.label: (as_read(metric.value), as_read(metric.delta)) for metric in app.metric}


def figure_of(chart: Any) -> dict[str, Any]:
    return json.loads(chart.proto.spec)


def add(prices: list[float], quantities: list[float] | None = None, sku: str = "A") -> None:
    dates = np.datetime64(LAST_DAY) - np.arange(len(prices))[::-1]
    sold = np.array(quantities or [5.0] * len(prices), float)
    rows = DailyRows(np.zeros(len(prices), np.int64), dates, np.array(prices, float), sold)
    ProductRepository().add_history([NewProduct(sku, "<b>Bolt</b> *x*", "[a](b)")], rows)


def test_without_products_it_offers_to_generate_some(language, say):
    app = open_page("prices", language)
    assert app.info[0].value == say(
        "There are no products yet. Import their sales, or invent some to try everything out."
    )
    assert click(app, "go_import_prices").query_params["view"] == "import"
    app = click(open_page("prices", language), "generate_products")
    assert app.success[0].value == say("{products} products with {days} days each are there.", products=200, days=365)
    assert len(app.selectbox(key="sku").options) == 200


@pytest.mark.parametrize("view", VIEWS)
def test_a_forecast_is_shown_with_what_it_rests_on(products, view, language, say):
    app = open_page("prices", language, sku=BETTER, view=view)
    assert not app.error
    assert figures(app)[say("Error against the naive")] == ("-20%", say("better"))
    assert " … " in figures(app)[say("Elasticity")][1]
    assert " / " in figures(app)[say("Within the 80 / 95% band")][0]
    texts = " ".join(shown(app))
    for text in ("price", "quantity", "forecast", "promotion", "holiday", "end of the data"):
        assert say(text) in texts
    assert say("{level}% band", level=80) in texts
    assert "LightGBM · " in texts
    what = {
        "quality": lambda: "MASE" in figures(app),
        "importance": lambda: "SHAP" in texts,
        "elasticity": lambda: "1%" in texts,
        "versions": lambda: app.dataframe[0].value[say("Current")].tolist() == [say("yes")],
        "values": lambda: len(app.dataframe[0].value) == 30,
    }
    assert what[view]()


def test_where_the_naive_wins_that_is_said_and_the_last_price_serves(products, language, say):
    app = open_page("prices", language, sku=WORSE, view="values")
    assert figures(app)[say("Error against the naive")] == ("+10%", say("not worth a model"))
    assert say("last price (naive)") in " ".join(shown(app))
    assert app.dataframe[0].value[say("Price")].nunique() == 1
    app = open_page("prices", language, sku=WORSE)
    verdict = say(
        "Not worth a model: over windows of the past its error was {share} higher than that of the last price, which "
        "serves instead. Quantities are the model's all the same.",
        share="10%",
    )
    assert any(verdict in as_read(text.value) for text in app.markdown)


@pytest.mark.parametrize("view", VIEWS)
def test_without_a_model_the_moving_average_serves_and_says_so(products, view, language, say):
    app = open_page("prices", language, sku=WITHOUT, view=view)
    assert not app.error
    assert say("moving average") in " ".join(shown(app))
    assert figures(app)[say("Error against the naive")] == ("—", say("without a model"))
    assert app.button(key="start_training").label == say("Train a model")
    if view == "values":
        assert set(app.dataframe[0].value[say("80% band")]) == {"—"}
    else:
        assert say("{level}% band", level=80) not in " ".join(shown(app))


def test_the_url_says_what_is_shown_and_follows(products):
    app = open_page("prices", sku=WORSE, horizon="14", view="values")
    assert (app.selectbox(key="sku").value, app.selectbox(key="horizon").value) == (WORSE, "14")
    assert len(app.dataframe[0].value) == 14
    app.selectbox(key="sku").set_value(BETTER)
    assert run(app).query_params["sku"] == BETTER


def test_other_days_are_typed_and_kept_in_the_url(products):
    app = open_page("prices", horizon="5", view="values")
    assert (app.selectbox(key="horizon").value, app.text_input(key="days").value) == ("custom", "5")
    assert len(app.dataframe[0].value) == 5
    app.text_input(key="days").set_value("1")
    assert len(run(app).dataframe[0].value) == 1
    assert app.query_params["days"] == "1"


@pytest.mark.parametrize("days", ["0", "61", "abc", "-5", "1e1", "²", "7.5", "9" * 400])
def test_days_that_cannot_be_forecast_are_refused_and_can_be_mended(products, days):
    app = open_page("prices", horizon=days)
    assert "60" in the_error(app)
    assert not app.metric
    app.text_input(key="days").set_value("12")
    assert run(app).metric
    assert not app.error


def test_nonsense_in_the_url_is_named_or_passed_over(products, language, say):
    app = open_page("prices", language, sku="../etc", view="everything", job="nonsense", version="x", **{"for": "y"})
    said = [as_read(error.value) for error in app.error]
    assert said[0].startswith(say("There is no product {sku!r}. Choose another one.", sku="../etc"))
    assert len(said) == 2
    assert app.metric


def test_a_price_that_never_changes_is_shown_all_the_same(language, say):
    add([7.0] * 90)
    for view in VIEWS:
        app = open_page("prices", language, view=view)
        assert not app.error
        assert figures(app)[say("Elasticity")] == ("—", say("the price hardly moves"))


def test_a_short_history_says_how_much_is_missing(language, say):
    add([5.0, 6.0, 5.5])
    app = open_page("prices", language)
    message = "{rows} days have a price, and {least} are needed for a model. Until then the moving average serves."
    assert any(say(message, rows=3, least=60) in as_read(text.value) for text in app.caption)
    assert not app.error
    assert app.button(key="start_training").disabled
    assert figures(app)[say("Elasticity")] == ("—", say("too few days with sales"))
    assert figures(app)[say("Within the 80 / 95% band")] == ("—", say("without a model"))


def test_a_product_that_is_never_sold_has_no_picture_of_its_sales(language, say):
    add(np.linspace(5, 9, 90).tolist(), [0.0] * 90)
    app = open_page("prices", language, view="elasticity")
    assert figures(app)[say("Elasticity")] == ("—", say("too few days with sales"))
    assert len(app.get("plotly_chart")) == 1


def test_the_days_ahead_sort_by_price_and_are_written_in_the_readers_language(products, language, say):
    app = open_page("prices", language, sku=BETTER, view="values")
    (prices, texts) = app.dataframe[0].value[say("Price")], as_displayed(app)[say("Price")]
    assert prices.dtype == float
    mark = {"en": ".", "pt_BR": ","}[language]
    assert texts.tolist() == [f"{price:.2f}".replace(".", mark) for price in prices]


@pytest.mark.parametrize(("price", "written"), [(12.0, ",.2f"), (0.0107, ",.4~g")])
def test_the_chart_writes_small_prices_with_digits_that_say_something(price, written):
    add((price * np.linspace(1, 2, 90)).tolist())
    (chart,) = (figure_of(chart) for chart in open_page("prices").get("plotly_chart"))
    hovers = {trace["name"]: trace["hovertemplate"] for trace in chart["data"] if "hovertemplate" in trace}
    assert f"%{{y:{written}}}" in hovers["price"]
    assert f"%{{y:{written}}}" in hovers["forecast"]


@pytest.mark.parametrize(("quantity", "written"), [(12.5, ",.4~g"), (25_000.0, ",.0f")])
def test_the_charts_write_large_quantities_without_a_power_of_ten(quantity, written):
    add(np.linspace(5, 9, 90).tolist(), [quantity] * 90)
    app = open_page("prices", view="elasticity")
    hovers = [trace.get("hovertemplate", "") for chart in app.get("plotly_chart") for trace in figure_of(chart)["data"]]
    assert sum(f"%{{y:{written}}}" in hover for hover in hovers) == 4  # history, forecast, two kinds of days


def test_a_day_without_a_row_says_so_in_the_chart(language, say):
    dates = np.datetime64(LAST_DAY) - np.array([3, 0])
    rows = DailyRows(np.zeros(2, np.int64), dates, np.array([5.0, 6.0]), np.array([1.0, 1.0]))
    ProductRepository().add_history([NewProduct("A")], rows)
    (chart,) = (figure_of(chart) for chart in open_page("prices", language).get("plotly_chart"))
    (price,) = (trace for trace in chart["data"] if trace["name"] == say("price"))
    marked = f" ({say('no row that day')})"
    assert price["text"] == ["", marked, marked, ""]


def test_names_with_power_are_shown_letter_by_letter():
    add([5.0, 6.0, 5.5])
    app = open_page("prices")
    assert "A · <b>Bolt</b> *x* · [a](b)" in app.selectbox(key="sku").options


def test_a_product_without_a_day_is_said_so(language, say):
    ProductRepository().add_products([NewProduct("EMPTY")])
    app = open_page("prices", language)
    assert the_error(app).startswith(say("Product {sku!r} has no day with a price yet.", sku="EMPTY"))


def test_old_data_is_amber_and_so_is_a_model_that_does_not_know_the_newest_days(products, language, say):
    app = open_page("prices", language, sku=BETTER)
    assert any("orange-badge" in caption.value for caption in app.caption)


def test_days_that_the_model_does_not_know_are_counted():
    put_products(1, until=(datetime.now(UTC) - timedelta(days=1)).date())
    put_model(trained_products()[0])
    app = open_page("prices", sku=BETTER)
    missed = (datetime.now(UTC).date() - timedelta(days=1) - LAST_DAY).days
    assert any(f"the model does not know {missed} days" in caption.value for caption in app.caption)


def test_training_is_a_job_that_the_url_names(products, language, say):
    app = open_page("prices", language, sku=WITHOUT)
    app.number_input(key="trials").set_value(0)
    app = click(run(app), "start_training")
    (job,) = list_jobs()
    assert job.kind == KIND
    assert job.parameters | {"actor": ""} == {
        "skus": [WITHOUT],
        "recipe": "blend",
        "trials": 0,
        "again": True,
        "actor": "",
    }
    assert app.query_params["job"] == job.job_id
    assert str(job.title) == f"Train the price model of {WITHOUT}"
    assert app.button(key=f"cancel_{job.job_id}")
    assert app.button(key="start_training").disabled
    app.selectbox(key="sku").set_value(BETTER)
    assert "job" not in run(app).query_params


def test_a_training_that_has_ended_says_what_was_not_as_usual_and_can_be_put_away(products, language, say):
    note = Note("On {days} days there is no row: the price before is carried on.", {"days": 4})
    job_id = put_training("done", [outcome(BETTER, reasons=(note,))])
    app = open_page("prices", language, sku=BETTER, job=job_id)
    assert any(say(note.template, days=4) == as_read(info.value) for info in app.info)
    assert "job" not in click(app, "close_job").query_params


def test_another_version_is_made_the_current_one_and_remembered(products, language, say):
    put_model(trained_products()[0])
    newer, older = create_model_manager().versions(BETTER)[::-1]
    app = open_page("prices", language, sku=BETTER, view="versions")
    assert app.dataframe[0].value[say("Version")].tolist() == [newer.version, older.version]
    assert app.selectbox(key="version").options == [older.version]
    app = click(app, "go_back")
    assert app.success[0].value == say("Version {version} is now the current one.", version=older.version)
    assert older.version in " ".join(caption.value for caption in app.caption)
    assert app.dataframe[0].value[say("Current")].tolist() == ["", say("yes")]
    (act,) = read_activities("product", BETTER)
    assert act.action.values == {"version": older.version, "before": newer.version}


def test_one_day_ahead_is_said_as_one(products):
    assert {"Price in 1 day", "Sold in 1 day"} <= figures(open_page("prices", sku=BETTER, horizon="1")).keys()


def test_a_model_is_deleted_only_once_its_sku_is_typed_and_the_average_goes_on(products, language, say):
    app = open_page("prices", language, sku=BETTER, view="versions")
    for typed in ("", BETTER.lower(), WORSE):
        app.text_input(key=f"delete_{BETTER}").set_value(typed)
        app = run(app)
        assert app.button(key="delete").disabled
    app.text_input(key=f"delete_{BETTER}").set_value(BETTER)
    app = click(run(app), "delete")
    assert as_read(app.success[0].value) == say("The model of {sku} is deleted.", sku=BETTER)
    assert figures(app)[say("Error against the naive")] == ("—", say("without a model"))
    assert say("moving average") in " ".join(shown(app))
    assert app.dataframe[0].value[say("What")].tolist() == [say("Deleted its price model with all versions.")]
    assert list(create_model_manager().models()) == [WORSE]
    (act,) = read_activities("product", BETTER)
    assert str(act.action) == "Deleted its price model with all versions."


def test_a_model_that_somebody_else_deleted_meanwhile_is_said_so(products):
    app = open_page("prices", sku=BETTER, view="versions")
    app.text_input(key=f"delete_{BETTER}").set_value(BETTER)
    app = run(app)
    create_model_manager().delete(BETTER)
    app = click(app, "delete")
    assert figures(app)["Error against the naive"][1] == "without a model"
    assert read_activities("product", BETTER) == []


def test_shopping_dates_are_marked_by_name_beyond_the_end_of_the_data_too(language, say):
    generate_history(1, 300, until=date(2025, 11, 20))
    app = open_page("prices", language, horizon="60")
    (chart,) = (figure_of(chart) for chart in app.get("plotly_chart"))
    (marks,) = (trace for trace in chart["data"] if trace["name"] == say("shopping date"))
    assert dict(zip(marks["x"], marks["text"], strict=True)) == {
        "2025-03-15": say("Consumer Day"),
        "2025-05-11": say("Mother's Day"),
        "2025-06-12": say("Valentine's Day"),
        "2025-08-10": say("Father's Day"),
        "2025-10-12": say("Children's Day"),
        "2025-11-28": say("Black Friday"),
        "2025-12-24": say("Christmas Eve"),
    }


def test_a_model_that_is_trained_anew_is_seen_at_once(products):
    app = open_page("prices", sku=BETTER)
    put_model(trained_products()[0])
    newest = create_model_manager().models()[BETTER].version
    assert newest not in " ".join(shown(app))
    assert newest in " ".join(shown(run(app)))


def test_a_model_that_cannot_be_loaded_is_said_so_and_the_average_serves(products):
    folder = create_model_manager().folder / BETTER
    (folder / "model.pkl").write_bytes(b"nonsense")
    app = open_page("prices", sku=BETTER)
    assert figures(app)["Error against the naive"][1] == "without a model"
    assert any("moving average" in caption.value for caption in app.caption)
    assert any(BETTER in caption.value and ":material/info:" in caption.value for caption in app.caption)


def test_a_version_from_before_contributions_were_kept_asks_for_training(products, language, say):
    trained = trained_products()[0]
    model = trained.forecaster.model
    bare = replace(
        model,
        one_step=replace(model.one_step, contributions=None),
        direct=replace(model.direct, contributions=None),
        quantity=replace(model.quantity, contributions=None),
    )
    put_model(replace(trained, forecaster=replace(trained.forecaster, model=bare)))
    app = open_page("prices", language, sku=BETTER, view="importance")
    assert app.info[0].value == say("This version was trained before it was kept what matters. Train it anew.")


def outcome(sku: str, *, is_trained: bool = True, serves: str = "LightGBM", reasons: tuple[Note, ...] = ()) -> dict:
    return {
        "sku": sku,
        "is_trained": is_trained,
        "metrics": {"error_to_naive": 0.9, "mape": 5.0} if is_trained else {},
        "training_samples": 170,
        "validation_samples": 30,
        "features_count": 45,
        "is_tuned": False,
        "serves": serves if is_trained else "",
        "reasons": [write_note(reason) for reason in reasons],
    }


def put_training(state: str, outcomes: list[dict], skipped: int = 0) -> str:
    """Leave a job as its worker does when it has ended."""
    job_id = secrets.token_hex(8)
    skus = [one["sku"] for one in outcomes]
    queue.insert(job_id, KIND, Note("Train the price models of {count} products", {"count": len(skus)}), {"skus": skus})
    assert queue.claim_next(64, this_host()) is not None
    trained = sum(one["is_trained"] for one in outcomes)
    result = {
        "total": len(outcomes) + skipped,
        "trained": trained,
        "refused": len(outcomes) - trained,
        "skipped": skipped,
        "outcomes": outcomes,
        "seconds": 3.0,
    }
    assert queue.finish(job_id, state, result=result, progress=1.0)
    return get_job(job_id).job_id
