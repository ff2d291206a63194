"""Prices over HTTP: what document 002 asks for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from src.database.activities import read_activities
from src.pricing.batch_training import PricePlan, train_products
from src.pricing.prediction import PricePredictor
from src.pricing.products import DailyRows, NewProduct, ProductRepository
from tests.integration.api_clients import api_client, error_of
from tests.integration.test_price_training_batch import store
from tests.unit.product_samples import predictable, product

pytestmark = pytest.mark.parametrize("dialect", ["sqlite"])
SKU = "SKU002"


@pytest.fixture
def api(engine: sa.Engine) -> Iterator[TestClient]:
    store(engine, predictable(150), product(40, sku="NEW"))
    with api_client() as client:
        yield client


@pytest.fixture
def trained(api: TestClient) -> TestClient:
    train_products([SKU], PricePlan(trials=0))
    return api


def test_a_model_is_trained_and_the_answer_says_how_good_it_is(api):
    answer = api.post(f"/ml/train/{SKU}?optimize=false")
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert set(said) == {
        *("sku", "success", "metrics", "training_samples", "validation_samples", "features_count", "message")
    }
    assert (said["sku"], said["success"], said["features_count"]) == (SKU, True, 45)
    assert (said["training_samples"], said["validation_samples"]) == (120, 30)
    assert {"rmse", "mae", "mape"} <= said["metrics"].keys()
    assert api.get(f"/ml/models/{SKU}").json()["metrics"] == said["metrics"]
    refused = error_of(api.post("/ml/train/NEW?optimize=false"), 409)
    assert (refused["code"], "60" in refused["message"]) == ("not_trained", True)


def test_without_waiting_there_is_a_job_to_ask_for(api):
    answer = api.post(f"/ml/train/{SKU}?optimize=false&wait=false")
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/jobs/{answer.json()['job_id']}"
    again = api.post(f"/ml/train/{SKU}?optimize=false&wait=false")
    assert again.json()["job_id"] == answer.json()["job_id"]
    while (job := api.get(answer.headers["location"]).json())["state"] in ("queued", "running"):
        time.sleep(0.2)
    assert (job["state"], job["result"]["trained"]) == ("done", 1)
    assert api.get("/ml/models").json() == {"models": [SKU], "count": 1}


def test_a_forecast_has_the_fields_of_the_document_and_bands(trained):
    said = trained.get(f"/ml/predict/{SKU}").json()
    assert len(said["dates"]) == len(said["prices"]) == len(said["quantities"]) == 14
    assert said["dates"][0] == str(predictable(150).dates[-1] + 1)
    assert said["model_used"] == f"LightGBM_v{trained.get(f'/ml/models/{SKU}').json()['version']}"
    assert "rmse" in said["metrics"]
    assert all(low < price < high for low, price, high in zip(*(said[key] for key in _BAND), strict=True))


_BAND = ("lower_95", "prices", "upper_95")


def test_without_a_model_the_moving_average_serves_and_says_so(api):
    said = api.get(f"/ml/predict/{SKU}?days_ahead=60").json()
    assert (said["model_used"], len(said["prices"]), said["lower_80"][0]) == ("moving average", 60, None)


def test_a_stored_price_that_is_replaced_makes_another_forecast(api, engine):
    path = f"/ml/predict/{SKU}"
    first, one = api.get(path).json(), predictable(150)
    last = DailyRows(np.zeros(1, int), one.dates[-1:], one.prices[-1:] * 10, one.quantities[-1:])
    ProductRepository(engine).add_history([NewProduct(SKU)], last, replace=True)
    assert api.get(path).json()["prices"] != first["prices"]


def test_the_same_forecast_is_made_once_and_anew_with_a_new_day_or_model(trained, engine, monkeypatch):
    asked: list[int] = []
    predict = PricePredictor.predict

    def noted(self, skus, days_ahead=30):
        asked.append(days_ahead)
        return predict(self, skus, days_ahead)

    monkeypatch.setattr(PricePredictor, "predict", noted)
    path = f"/ml/predict/{SKU}?days_ahead=5"
    first = trained.get(path).json()
    assert trained.get(path).json() == first
    assert asked == [5]
    store(engine, predictable(151))
    assert trained.get(path).json()["dates"] != first["dates"]
    train_products([SKU], PricePlan(trials=0))
    assert trained.get(path).json()["model_used"] != first["model_used"]
    assert asked == [5, 5, 5]


def test_requests_for_the_same_forecast_at_once_make_it_once(trained, monkeypatch):
    asked: list[int] = []
    predict = PricePredictor.predict

    def slow(self, skus, days_ahead=30):
        asked.append(days_ahead)
        time.sleep(0.3)
        return predict(self, skus, days_ahead)

    monkeypatch.setattr(PricePredictor, "predict", slow)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: trained.get(f"/ml/predict/{SKU}").json()["prices"], range(4)))
    assert (asked, len({tuple(prices) for prices in answers})) == ([14], 1)


def test_a_model_can_be_deleted_and_is_gone(trained):
    assert trained.delete(f"/ml/models/{SKU}").status_code == 204
    assert error_of(trained.get(f"/ml/models/{SKU}"), 404)["code"] == "model_not_found"
    assert error_of(trained.delete(f"/ml/models/{SKU}"), 404)["code"] == "model_not_found"
    (act,) = read_activities("product", SKU)
    assert (act.actor, str(act.action)) == ("API", "Deleted its price model with all versions.")
    assert trained.get(f"/ml/predict/{SKU}").json()["model_used"] == "moving average"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("POST", "/ml/train/nope", 404, "product_not_found"),
        ("GET", "/ml/predict/nope", 404, "product_not_found"),
        ("GET", "/ml/predict/%00", 404, "product_not_found"),
        ("GET", "/ml/models/nope", 404, "model_not_found"),
        ("DELETE", "/ml/models/..%2Fx", 404, None),
        ("GET", f"/ml/predict/{SKU}?days_ahead=0", 422, "invalid_request"),
        ("GET", f"/ml/predict/{SKU}?days_ahead=61", 422, "invalid_request"),
        ("GET", f"/ml/predict/{SKU}?days_ahead=NaN", 422, "invalid_request"),
        ("POST", f"/ml/train/{SKU}?n_trials=0", 422, "invalid_request"),
    ],
)
def test_what_cannot_be_is_said_in_the_one_shape(api, method, path, status, code):
    said = error_of(api.request(method, path), status)
    assert code is None or said["code"] == code
