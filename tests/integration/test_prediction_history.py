"""The predictions that were kept: found, answered, and the score of each model that follows, in both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from src.database.activities import read_activities
from src.database.engine import writing
from src.database.tables import predictions
from src.errors import InvalidPredictionInput, PredictionNotFound
from src.ml.prediction import Prediction
from src.ml.prediction_history import (
    HistoryFilter,
    count_predictions,
    find_predictions,
    predicted_classes,
    predicted_models,
    record_prediction,
    running_scores,
    scores_of_models,
    set_actual,
)

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def kept(engine: sa.Engine) -> list[int]:
    """Six predictions: four classes of two versions, then two values, an hour apart."""
    outcomes = ["ok", "hot", "hot", "ok", 20.5, 1e-7]
    rows = [
        {
            "model_name": "state" if place < 4 else "level",
            "model_version": 1 if place < 2 else 2,
            "predicted_at": NOON + timedelta(hours=place),
            "inputs": {"heat": float(place)},
            "outcome": outcome,
            "probabilities": None,
            "milliseconds": 1.0,
        }
        for place, outcome in enumerate(outcomes)
    ]
    with writing() as connection:
        connection.execute(predictions.insert(), rows)
    return find_predictions(HistoryFilter())["prediction_id"].tolist()[::-1]


def found(**wanted) -> list[object]:
    history = find_predictions(HistoryFilter(**wanted))
    assert len(history) == count_predictions(HistoryFilter(**wanted))
    return history["outcome"].tolist()


def test_predictions_are_found_by_model_class_period_and_answer(kept):
    assert found() == [1e-7, 20.5, "ok", "hot", "hot", "ok"]
    assert found(model_name="state") == ["ok", "hot", "hot", "ok"]
    assert found(outcome="hot") == ["hot", "hot"]
    assert found(since=NOON + timedelta(hours=4)) == [1e-7, 20.5]
    assert found(until=NOON + timedelta(hours=1)) == ["ok"]
    set_actual(kept[1], "hot")
    assert found(is_answered=True) == ["hot"]
    assert len(found(is_answered=False)) == 5
    assert found(outcome="no'such\"class") == []


def test_a_long_history_is_read_page_by_page(kept):
    first = find_predictions(HistoryFilter(), limit=4)
    rest = find_predictions(HistoryFilter(), limit=4, offset=4)
    assert first["prediction_id"].tolist() + rest["prediction_id"].tolist() == kept[::-1]


def test_the_models_and_classes_of_the_history_are_listed(kept):
    assert predicted_models() == ["level", "state"]
    assert predicted_classes() == ["hot", "ok"]
    assert predicted_classes("level") == []


def test_an_answer_is_kept_with_who_and_when_and_can_be_taken_back(kept):
    assert set_actual(kept[0], "hot", "Ana") is None
    row = find_predictions(HistoryFilter(is_answered=True)).iloc[0]
    assert (row["actual"], row["actual_by"]) == ("hot", "Ana")
    assert datetime.now(UTC) - row["actual_at"] < timedelta(minutes=5)
    assert set_actual(kept[0], None, "Rui") == "hot"
    row = find_predictions(HistoryFilter()).iloc[-1]
    assert (row["actual"], row["actual_by"], row["actual_at"]) == (None, None, None)
    acts = read_activities("model", "state")
    assert [act.actor for act in acts] == ["Rui", "Ana"]
    assert "really was hot" in str(acts[1].action)


def test_saying_the_same_again_is_no_act(kept):
    set_actual(kept[4], 21.5, "Ana")
    set_actual(kept[4], 21.5, "Rui")
    assert [act.actor for act in read_activities("model")] == ["Ana"]


@pytest.mark.parametrize(
    ("place", "actual"),
    [(0, ""), (0, "  "), (0, 3.0), (0, "x" * 201), (0, "a\0b"), (4, "warm"), (4, float("nan")), (4, float("inf"))],
)
def test_what_it_cannot_have_been_is_refused_and_changes_nothing(kept, place, actual):
    with pytest.raises(InvalidPredictionInput):
        set_actual(kept[place], actual)
    assert found(is_answered=True) == []
    assert read_activities() == []


def test_a_prediction_that_is_not_there_is_refused_by_number(engine):
    with pytest.raises(PredictionNotFound, match="no prediction 77"):
        set_actual(77, "ok")


def test_each_version_of_a_model_is_scored_by_its_answers(kept):
    for place, actual in enumerate(["ok", "ok", "hot", "ok", 21.5]):
        set_actual(kept[place], actual)
    scores = {(score.model_name, score.model_version): score for score in scores_of_models(HistoryFilter())}
    assert scores["state", 1].accuracy == 0.5
    assert scores["state", 2].accuracy == 1.0
    assert scores["state", 2].answers == 2
    assert scores["level", 2].mean_error == pytest.approx(1.0)
    assert scores["level", 2].accuracy is None
    assert [score.model_name for score in scores_of_models(HistoryFilter("level"))] == ["level"]


def test_the_running_score_is_the_mean_of_the_latest_answers_of_each_model(kept):
    for place, actual in enumerate(["ok", "ok", "hot", "hot", 22.5, 1e-7]):
        set_actual(kept[place], actual)
    line = running_scores(HistoryFilter())
    assert line[line["model_name"] == "state"]["score"].tolist() == pytest.approx([1, 0.5, 2 / 3, 0.5])
    assert line[line["model_name"] == "level"]["score"].tolist() == pytest.approx([2.0, 1.0])
    assert line["predicted_at"].is_monotonic_increasing


def test_without_answers_there_are_no_scores(engine):
    assert scores_of_models(HistoryFilter()) == []
    assert running_scores(HistoryFilter()).empty
    assert find_predictions(HistoryFilter()).empty


def test_a_prediction_remembers_who_asked(engine):
    record_prediction("state", 1, {"heat": 1.0}, Prediction("ok", {"ok": 1.0}, (), 2.0), "Ana")
    row = find_predictions(HistoryFilter()).iloc[0]
    assert (row["predicted_by"], row["outcome"], row["probabilities"]) == ("Ana", "ok", {"ok": 1.0})
