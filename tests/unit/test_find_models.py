"""Finding and sorting saved models."""

from __future__ import annotations

import pandas as pd
import pytest

from src.storage.model_summary import ORDERS, find_models
from src.utils.model_store import ModelStore


@pytest.fixture
def summary(settings) -> pd.DataFrame:
    store = ModelStore(settings.models_dir)
    store.save(1, "Bomba vibração", {"model_type": "Ridge", "target": "vibration", "metric": "MAE", "mae": 0.2})
    store.save([1] * 500, "press", {"model_type": "LGBM", "target": "state", "accuracy": 0.9, "description": "Line 2"})
    store.save(3, "alarm", {"model_type": "Ada", "target": "state", "metric": "F1", "f1": 0.4, "accuracy": 0.99})
    store.save(4, "zero", {"model_type": "LGBM", "target": "state", "accuracy": 0.95})
    store.save(5, "worse", {"target": "vibration", "metric": "MAE", "mae": 0.5})
    store.save(6, "huge", {"accuracy": 10**400})
    return store.summary()


def found(summary: pd.DataFrame, *arguments: str) -> list[str]:
    return find_models(summary, *arguments)["name"].tolist()  # type: ignore[arg-type]


def test_the_main_metric_is_the_one_it_was_chosen_by_or_the_first_that_is_known(summary):
    rows = summary.set_index("name")
    assert (rows.loc["alarm", "metric"], rows.loc["alarm", "score"]) == ("f1", 0.4)
    assert (rows.loc["press", "metric"], rows.loc["press", "score"]) == ("accuracy", 0.9)
    assert rows.loc["huge", "metric"] == ""


def test_all_words_are_looked_for_in_name_type_target_and_notes_without_case_and_accents(summary):
    assert found(summary, "VIBRACAO") == ["Bomba vibração"]
    assert set(found(summary, "state lgbm")) == {"press", "zero"}
    assert found(summary, "line 2") == ["press"]
    assert found(summary, "state nothing") == []
    assert len(found(summary, "  ")) == 6
    assert found(summary, "(*[") == []


def test_they_are_sorted_as_asked(summary):
    assert found(summary)[0] == "huge"
    assert found(summary, "", "oldest")[0] == "Bomba vibração"
    assert found(summary, "", "name") == ["alarm", "Bomba vibração", "huge", "press", "worse", "zero"]
    assert found(summary, "", "size")[0] == "press"


def test_best_first_knows_which_metrics_are_better_when_small(summary):
    assert found(summary, "", "score") == ["huge", "zero", "press", "alarm", "Bomba vibração", "worse"]


@pytest.mark.parametrize("order", ORDERS)
def test_nothing_can_be_found_among_nothing(summary, order):
    assert found(summary.iloc[:0], "press", order) == []
