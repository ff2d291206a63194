"""The API asked whatever its own schema allows, and what it does not: it never fails, and answers as it says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import hypothesis
import numpy as np
import pandas as pd
import pytest
import schemathesis
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sklearn.linear_model import LogisticRegression

from src.api.app import create_app
from src.api.keys import ApiKeys, Scope
from src.jobs import queue
from src.ml.signature import Signature, describe_features
from src.notes import Note
from src.utils.model_store import default_store
from tests.integration import price_samples
from tests.integration.test_price_training_batch import store
from tests.integration.watched_sensors import watched_sensor
from tests.unit.product_samples import product

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
PATIENCE_SECONDS = 120
"""The first forecast of some models imports a library first, which takes its time on a busy machine."""
KNOWN: dict[str, dict[str, Any]] = {
    "/api/v1/sensors/{sensor_id}/forecast": {"sensor_id": 1},
    "/api/v1/sensors/{sensor_id}/anomalies": {"sensor_id": 1},
    "/api/v1/models/{name}/predict": {"name": "press"},
    "/jobs/{job_id}": {"job_id": "ab12"},
    "/ml/predict/{sku}": {"sku": price_samples.BETTER},
    "/ml/models/{sku}": {"sku": price_samples.WORSE},
    "/ml/train/{sku}": {"sku": "NEW"},
}
"""What is there, so that not every case ends at 404."""
MOST_JOBS = 4
"""Each training is a process."""


@pytest.fixture
def key(engine: sa.Engine) -> str:
    """A key for writing, to a plant and a shop with something of everything."""
    watched_sensor(engine, "Saw heat")
    rng = np.random.default_rng(5)
    table = pd.DataFrame({"heat": rng.normal(20, 3, 60), "shake": rng.normal(2, 1, 60)})
    state = np.where(table["heat"] > 20, "hot", "ok")
    signature = Signature(describe_features(table), "state", "classification", ("hot", "ok"))
    details = {"signature": signature.to_dict()}
    default_store().save(LogisticRegression().fit(table, state), "press", details=details)
    queue.insert("ab12", "compare_models", Note("Compare"), {})
    queue.cancel("ab12")
    price_samples.put_products()
    price_samples.put_models()
    store(engine, product(40, sku="NEW"))
    return ApiKeys().create("fuzz", Scope.WRITE)


def ask(key: str, most: int) -> int:
    """Ask each operation at most so often in each way, and return how many cases there were."""
    headers, asked = {"Authorization": f"Bearer {key}"}, 0
    schema = schemathesis.openapi.from_asgi("/openapi.json", create_app(), headers=headers)

    def checked(strategy: Any, count: int) -> Callable[[], None]:
        @hypothesis.settings(
            max_examples=count,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=strategy)
        def ask_one(case: Any) -> None:
            nonlocal asked
            asked += 1
            case.call_and_validate(headers=headers, checks=CHECKS, timeout=PATIENCE_SECONDS)

        return ask_one

    for found in schema.get_all_operations():
        operation = found.ok()
        checked(operation.as_strategy(), most)()
        if operation.body or list(operation.iter_parameters()):  # else there is nothing to get wrong
            checked(operation.as_strategy(GenerationMode.NEGATIVE), most)()
        if operation.path in KNOWN:
            count = min(most, MOST_JOBS) if operation.path.startswith("/ml/train/") else most
            checked(operation.as_strategy(path_parameters=KNOWN[operation.path]), count)()
    return asked


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_few_cases(key: str) -> None:
    assert ask(key, 6) >= 50


@pytest.mark.slow
@pytest.mark.timeout(3_000)
def test_more_than_two_thousand_cases(key: str) -> None:
    assert ask(key, 200) >= 2_000
