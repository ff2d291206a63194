"""Products trained together, kept, and forecast by SKU: from the database to the answer."""

from __future__ import annotations

import csv
import errno
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from src.cli import app
from src.database.activities import read_activities
from src.errors import FileNotWritten, InvalidForecast, InvalidPriceTraining, InvalidProductHistory, ProductNotFound
from src.pricing.batch_training import PricePlan, PriceTraining, train_products
from src.pricing.model_manager import create_model_manager
from src.pricing.prediction import PricePredictor
from src.pricing.product_history import ProductHistory
from src.pricing.products import DailyRows, NewProduct, ProductRepository
from src.pricing.training_job import parameters_for, read_report, run, train_prices
from tests.unit.product_samples import constant, predictable, product

pytestmark = pytest.mark.parametrize("dialect", ["sqlite"])  # what is asked in SQL has tests of its own on both
QUICK = PricePlan(trials=0)


def store(engine: sa.Engine, *histories: ProductHistory) -> None:
    rows = DailyRows(
        np.repeat(np.arange(len(histories)), [len(one) for one in histories]),
        np.concatenate([one.dates for one in histories]),
        np.concatenate([one.prices for one in histories]),
        np.concatenate([one.quantities for one in histories]),
    )
    ProductRepository(engine).add_history([NewProduct(one.sku, one.sku, "") for one in histories], rows)


@pytest.fixture
def shop(engine: sa.Engine) -> sa.Engine:
    """Two products to learn from, and one of which there is too little."""
    store(engine, product(150), predictable(150), product(40, sku="NEW"))
    return engine


def test_what_can_be_learnt_is_kept_and_what_cannot_says_why(shop):
    told: list[int] = []
    done = train_products(plan=QUICK, engine=shop, on_progress=lambda so_far: told.append(so_far.done))
    assert sorted(one.sku for one in done.trained) == ["SKU001", "SKU002"]
    (refused,) = done.refused
    assert (refused.sku, "60" in str(refused.reason)) == ("NEW", True)
    assert told == sorted(told)
    assert told[-1] == done.total == 3
    facts = create_model_manager(engine=shop).facts()
    assert facts["SKU002"]["serves"] == "LightGBM"
    assert facts["SKU001"]["data_until"] == str(product(150).dates[-1])


def test_a_batch_that_was_broken_off_goes_on_where_it_stopped(shop):
    def break_off(so_far: PriceTraining) -> None:
        if so_far.trained:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_products(["SKU001"], QUICK, engine=shop, on_progress=break_off)
    rest = train_products(plan=QUICK, engine=shop)
    assert (rest.skipped, [one.sku for one in rest.trained]) == (["SKU001"], ["SKU002"])
    assert len(create_model_manager(engine=shop).versions("SKU001")) == 1


def test_a_model_is_made_again_where_there_is_a_new_day_or_another_plan_or_it_is_asked_for(shop):
    train_products(["SKU001"], QUICK, engine=shop)
    assert train_products(["SKU001"], QUICK, engine=shop).skipped == ["SKU001"]
    other = PricePlan("document", trials=0)
    assert [one.sku for one in train_products(["SKU001"], other, engine=shop).trained] == ["SKU001"]
    again = PricePlan("document", trials=0, again=True)
    assert [one.sku for one in train_products(["SKU001"], again, engine=shop).trained] == ["SKU001"]
    store(shop, product(151))
    assert [one.sku for one in train_products(["SKU001"], other, engine=shop).trained] == ["SKU001"]


def test_a_model_whose_files_are_damaged_is_made_again(shop, settings):
    train_products(["SKU001", "SKU002"], QUICK, engine=shop)
    (settings.models_dir / "prices" / "SKU002" / "scaler.pkl").unlink()
    mended = train_products(plan=QUICK, engine=shop)
    assert (mended.skipped, [one.sku for one in mended.trained]) == (["SKU001"], ["SKU002"])
    assert PricePredictor(shop).predict(["SKU002"], 3)["SKU002"].remark is None


@pytest.mark.parametrize(
    ("skus", "plan", "error"),
    [
        (["SKU002", "NOPE"], QUICK, ProductNotFound),
        (["SKU002"], PricePlan(trials=-1), InvalidPriceTraining),
        (None, PricePlan("oracle"), InvalidPriceTraining),
    ],
)
def test_what_cannot_begin_is_not_remembered_as_begun(shop, skus, plan, error):
    with pytest.raises(error):
        train_prices(skus, plan, engine=shop)
    assert read_activities() == []
    assert create_model_manager(engine=shop).facts() == {}


def test_without_any_product_it_is_said_what_to_do(engine):
    with pytest.raises(InvalidPriceTraining, match="There are no products yet"):
        train_prices(None, QUICK, engine=engine)


def test_a_product_alone_takes_the_errors_of_others_for_its_intervals(shop):
    (first,) = train_products(["SKU001"], QUICK, engine=shop).trained
    (second,) = train_products(["SKU002"], QUICK, engine=shop).trained
    alone = second.forecaster.log_errors
    assert second.forecaster.pooled is not None
    assert second.forecaster.pooled.counts.sum() > np.isfinite(alone).sum()
    assert (
        second.forecaster.pooled.counts.sum()
        == np.isfinite(first.forecaster.log_errors).sum() + np.isfinite(alone).sum()
    )


@pytest.mark.parametrize("plan", [PricePlan("oracle"), PricePlan(trials=-1), PricePlan(trials=1_001)])
def test_a_plan_that_cannot_be_carried_out_is_refused_before_anything_begins(shop, plan):
    with pytest.raises(InvalidPriceTraining):
        train_products(plan=plan, engine=shop)


def test_a_forecast_says_what_it_is_by(shop):
    predictor = PricePredictor(shop)
    (before,) = predictor.predict(["SKU002"], 7).values()
    assert (before.model_used, before.version, before.remark) == ("moving average", None, None)
    train_products(["SKU002"], QUICK, engine=shop)
    (after,) = predictor.predict(["SKU002"], 7).values()
    version = create_model_manager(engine=shop).facts()["SKU002"]["version"]
    assert (after.model_used, after.version) == (f"LightGBM_v{version}", version)
    assert after.forecast.dates[0] == predictable(150).dates[-1] + 1
    assert (after.forecast.lower_95 < after.forecast.prices).all()
    week = np.where((after.forecast.dates.astype(np.int64) + 3) % 7 < 4, 12.0, 8.0)
    of_last_price = np.abs(predictable(150).prices[-1] - week).mean()
    assert np.abs(after.forecast.prices - week).mean() < of_last_price / 2


def test_a_new_version_is_noticed_and_going_back_too(shop):
    predictor, manager = PricePredictor(shop), create_model_manager(engine=shop)
    train_products(["SKU002"], QUICK, engine=shop)
    first = predictor.predict(["SKU002"], 3)["SKU002"]
    train_products(["SKU002"], PricePlan("document", trials=0), engine=shop)
    second = predictor.predict(["SKU002"], 3)["SKU002"]
    assert second.version != first.version
    manager.go_back("SKU002", first.version)
    assert predictor.predict(["SKU002"], 3)["SKU002"].version == first.version


def test_a_damaged_model_is_told_and_the_moving_average_serves(shop, settings):
    train_products(["SKU002"], QUICK, engine=shop)
    (file,) = (settings.models_dir / "prices" / ".versions").glob("*/model.pkl")
    file.write_bytes(b"damaged")
    (said,) = PricePredictor(shop).predict(["SKU002"], 3).values()
    assert said.model_used == "moving average"
    assert "not what was saved" in str(said.remark)


def test_what_cannot_be_forecast_is_refused_by_name(shop):
    predictor = PricePredictor(shop)
    for days in (0, 61):
        with pytest.raises(InvalidForecast, match=str(days)):
            predictor.predict(["SKU001"], days)
    with pytest.raises(ProductNotFound, match="nope"):
        predictor.predict(["nope"])
    ProductRepository(shop).add_products([NewProduct("EMPTY", "", "")])
    with pytest.raises(InvalidProductHistory, match="EMPTY"):
        predictor.predict(["EMPTY"])


class _Job:
    def report(self, progress: float, message: str, result: dict | None = None) -> None:
        self.last = (progress, message, result)


def test_the_job_tells_how_far_it_is_and_is_in_the_history(shop):
    job = _Job()
    result = run(parameters_for(["SKU001", "NEW"], QUICK, actor="Ana"), job)
    report = read_report(result)
    assert (report.total, report.trained, report.refused) == (2, 1, 1)
    assert job.last[:2] == (1.0, "2/2")
    (act,) = read_activities("product")
    assert (act.actor, str(act.action)) == ("Ana", "the training of 2 price models was started")
    with pytest.raises(InvalidPriceTraining):
        parameters_for([], QUICK)


def test_a_constant_price_is_no_trouble(engine):
    store(engine, constant())
    (done,) = train_products(plan=QUICK, engine=engine).trained
    assert done.forecaster.serves == "naive"
    (said,) = PricePredictor(engine).predict(["SKU003"], 60).values()
    assert said.forecast.prices == pytest.approx(np.full(60, 5.0))


def test_a_forecast_that_cannot_be_written_is_said_and_leaves_what_was_there(shop, tmp_path, monkeypatch):
    def predict(out: Path) -> BaseException | None:
        return CliRunner().invoke(app, ["prices", "predict", "SKU001", "--out", str(out), "--force"]).exception

    def fail(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    assert isinstance(predict(tmp_path / f"{'x' * 300}.csv"), FileNotWritten)
    written = tmp_path / "forecast.csv"
    assert predict(written) is None
    before = written.read_text()
    monkeypatch.setattr("src.storage.atomic.os.fsync", fail)
    assert isinstance(predict(written), FileNotWritten)
    assert [path.name for path in tmp_path.glob("*.csv")] == ["forecast.csv"]
    assert written.read_text() == before


def test_the_list_of_models_names_each_in_full_on_a_narrow_terminal(engine):
    long = product(150, sku="102900005115762-0")
    store(engine, long)
    train_products([long.sku], QUICK, engine=engine)
    shown = CliRunner(env={"COLUMNS": "60"}).invoke(app, ["prices", "models"]).output
    assert long.sku in shown
    assert "…" not in shown


def test_a_price_next_to_nothing_is_not_shown_as_nothing(engine):
    usual = product(80)
    store(engine, replace(usual, prices=usual.prices / 10_000))
    shown = CliRunner(env={"COLUMNS": "120"}).invoke(app, ["prices", "predict", "SKU001", "--days", "1"]).output
    day, price, *_rest = shown.splitlines()[1].split()
    assert day == str(usual.dates[-1] + 1)
    assert float(price) == pytest.approx(usual.prices[-7:].mean() / 10_000, rel=1e-3)


def test_the_commands(shop, tmp_path):
    def run_command(*arguments: str):
        return CliRunner().invoke(app, ["prices", *arguments])

    trained = run_command("train", "--no-optimize", "--jobs", "1")
    assert trained.exit_code == 0, trained.output
    assert trained.output.startswith("Products: 3; recipe blend, no search for hyperparameters.")
    assert "NEW: not trained" in trained.output
    assert "2 models trained, 0 up to date already, 1 not trained" in trained.output
    assert "SKU002" in run_command("models", "--json").output
    out = tmp_path / "forecast.csv"
    assert run_command("predict", "SKU002", "--days-ahead", "3", "--out", str(out)).exit_code == 0
    written = out.read_text()
    assert [row["date"] for row in csv.DictReader(written.splitlines())] == [
        str(predictable(150).dates[-1] + ahead) for ahead in (1, 2, 3)
    ]
    again = run_command("predict", "SKU002", "--out", str(out))
    assert again.exit_code != 0
    assert out.read_text() == written
