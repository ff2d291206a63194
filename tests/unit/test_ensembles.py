"""A blend or a stack of the best is one more candidate: ranked, saved and loaded like the others, without leaks."""

from __future__ import annotations

import pickle
from concurrent.futures import Executor, Future, ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest

from src.errors import InvalidComparison
from src.evaluation.splits import forward_folds, inner_folds
from src.ml.candidate_fitting import fit_pipeline
from src.ml.candidates import CLASSIFIERS, choose_candidates
from src.ml.comparison_plan import Choices, plan_comparison
from src.ml.ensembles import choose_members, make_ensemble
from src.ml.model_comparison import Comparison, compare_models
from src.ml.saved_models import load_saved, save_finalist
from tests.unit.comparison_tables import FEATURES, machines

QUICK = ["lr", "dt", "knn", "dummy"]


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return machines()


@pytest.fixture
def here() -> Executor:
    return ThreadPoolExecutor(1)


@pytest.mark.parametrize("kind", ["blend", "stack"])
@pytest.mark.parametrize("split", ["random", "time", "group:machine"])
@pytest.mark.parametrize("target", ["state", "three", "load"])
def test_the_best_together_are_ranked_and_can_predict(table, here, kind, split, target):
    comparison = compare_models(
        table, target, features=FEATURES, split=split, ensemble=kind, include=QUICK, fold=3, executor=here
    )
    result = next(candidate for candidate in comparison.candidates if candidate.id == kind)
    assert result.state == "done", result.reason
    assert result.members == tuple(c.id for c in comparison.ranked if c.id in ("lr", "dt", "knn"))
    assert result.name == f"{kind.capitalize()} ({' + '.join(result.members)})"
    assert len(result.metrics) == len(comparison.best.metrics)
    dummy = next(candidate for candidate in comparison.candidates if candidate.id == "dummy")
    assert result.metrics[comparison.metric] > dummy.metrics[comparison.metric] + 0.1
    model = next(f for f in comparison.finalists if f.id == kind).model()
    answers = model.predict(pd.DataFrame({"shake": [3.0, 1.0], "heat": [70.0, 30.0]}))
    assert answers[0] != answers[1]
    assert Comparison.from_record(comparison.to_record()).leaderboard.equals(comparison.leaderboard)


def test_by_default_there_is_none(table, here):
    comparison = compare_models(table, "state", features=FEATURES, include=["dt", "lr"], fold=2, executor=here)
    assert [candidate.id for candidate in comparison.candidates if candidate.members] == []
    assert len(comparison.candidates) == 2


@pytest.mark.parametrize("kind", ["blend", "stack"])
def test_a_saved_one_is_made_of_scikit_learn_only_and_loads_like_any(table, here, settings, kind):
    comparison = compare_models(
        table, "state", features=FEATURES, split="time", ensemble=kind, include=["lr", "dt"], fold=3, executor=here
    )
    finalist = next(f for f in comparison.finalists if f.id == kind)
    assert b"src." not in finalist.artefact
    save_finalist(comparison, kind, finalist.artefact, "together")
    loaded = load_saved("together")
    assert loaded.metadata["model_type"] == {"blend": "VotingClassifier", "stack": "StackingClassifier"}[kind]
    assert loaded.details["comparison"]["result"]["members"] == ["lr", "dt"]
    assert loaded.model.predict([[70.0, 3.0], [30.0, 1.0]]).tolist() == ["failure", "normal"]


def test_a_blend_of_classifiers_has_only_members_with_probabilities(table, here):
    comparison = compare_models(
        table,
        "state",
        features=FEATURES,
        ensemble="blend",
        ensemble_size=2,
        include=["ridge", "lr", "dt"],
        fold=2,
        executor=here,
    )
    (blend,) = (candidate for candidate in comparison.candidates if candidate.members)
    assert blend.members == ("lr", "dt")
    ranked = choose_candidates("classification", ["svm", "ridge", "lr", "dummy", "dt"])
    assert [member.id for member in choose_members("stack", ranked, 3)] == ["svm", "ridge", "lr"]
    assert [member.id for member in choose_members("blend", ranked, 3)] == ["lr", "dt"]


def test_which_classifiers_give_probabilities_is_what_they_say_themselves():
    for candidate in CLASSIFIERS:
        assert hasattr(candidate.make(1), "predict_proba") is candidate.probabilities, candidate.id


def test_with_fewer_than_two_members_it_fails_with_the_reason_and_the_others_are_ranked(table, here):
    comparison = compare_models(
        table, "state", features=FEATURES, ensemble="blend", include=["ridge", "lr"], fold=2, executor=here
    )
    blend = comparison.candidates[-1]
    assert (blend.id, blend.state) == ("blend", "failed")
    assert "Fewer than two" in str(blend.reason)
    assert len(comparison.ranked) == len(comparison.finalists) == 2


def test_when_a_fold_fails_it_fails_and_the_others_are_ranked(table):
    class Fails(ThreadPoolExecutor):
        def submit(self, function, /, *arguments, **keywords):  # type: ignore[no-untyped-def]
            if arguments[1:] and arguments[1].id == "stack":
                future: Future = Future()
                future.set_exception(MemoryError("no room"))
                return future
            return super().submit(function, *arguments, **keywords)

    comparison = compare_models(
        table, "state", features=FEATURES, ensemble="stack", include=["dt", "lr"], fold=2, executor=Fails(1)
    )
    assert str(comparison.candidates[-1].reason) == "MemoryError: no room"
    assert len(comparison.finalists) == 2


def test_the_budget_ends_it_too(table):
    class Hangs(ThreadPoolExecutor):
        def submit(self, function, /, *arguments, **keywords):  # type: ignore[no-untyped-def]
            if arguments[1:] and arguments[1].id == "blend":
                return Future()
            return super().submit(function, *arguments, **keywords)

    comparison = compare_models(
        table, "state", features=FEATURES, ensemble="blend", include=["dt", "lr"], fold=2, budget=1.5, executor=Hangs(1)
    )
    assert comparison.budget_reached
    assert comparison.candidates[-1].state == "skipped"
    assert len(comparison.finalists) == 2


def test_progress_never_goes_back_and_ends_at_one(table, here):
    told: list[float] = []
    compare_models(
        table,
        "state",
        features=FEATURES,
        ensemble="blend",
        include=["dt", "lr"],
        fold=2,
        executor=here,
        on_progress=lambda comparison: told.append(comparison.progress),
    )
    assert told == sorted(told)
    assert told[-1] == 1


@pytest.mark.parametrize("choices", [{"ensemble": "magic"}, {"ensemble_size": 1}, {"ensemble_size": 99}])
def test_choices_that_make_no_ensemble_are_refused_by_name(table, choices):
    with pytest.raises(InvalidComparison, match=f"{next(iter(choices))} is "):
        plan_comparison(table, Choices("state", features=FEATURES, **choices))


# What a stack learns from.


def test_forward_folds_look_back_only_and_keep_moments_whole(table):
    twins = table.assign(timestamp=table["timestamp"].dt.floor("2h")).sample(frac=1, random_state=3)
    data = plan_comparison(twins, Choices("state", features=FEATURES, split="time")).data
    times = twins["timestamp"].reset_index(drop=True)
    everything = np.arange(len(times))
    for rows in (data.split.folds[2][0], data.split.train, everything):
        for earlier, later in forward_folds(data.split, rows, data.target, stratified=True, folds=3):
            assert times[earlier].max() < times[later].min()
            assert set(earlier) | set(later) <= set(rows)


def test_inner_folds_by_group_part_no_group_and_score_each_row_once(table):
    data = plan_comparison(table, Choices("state", features=FEATURES, split="group:machine", fold=3)).data
    rows = data.split.folds[0][0]
    machine = table["machine"].to_numpy()[rows]
    folds = inner_folds(data.split, rows, data.target, stratified=True, folds=3)
    assert sorted(np.concatenate([scoring for _, scoring in folds])) == list(range(len(rows)))
    assert all(not set(machine[fitting]) & set(machine[scoring]) for fitting, scoring in folds)


def test_a_stack_by_time_believes_who_forecasts_well_not_who_remembers_well():
    """What the neighbours in time tell about a row is of use where they are known, and of none for a forecast."""
    rng = np.random.default_rng(0)
    rows = 600
    signal = rng.normal(0, 1, rows)
    shift = np.repeat(rng.normal(0, 5, rows // 20), 20)
    table = pd.DataFrame(
        {
            "timestamp": pd.date_range("2026-01-01", periods=rows, freq="h", tz="UTC"),
            "clock": np.arange(rows, dtype=float),
            "signal": signal,
            "load": 3 * signal + shift,
        }
    )

    def weights(split: str) -> dict[str, float]:
        plan = plan_comparison(table, Choices("load", features=["clock", "signal"], split=split, task="regression"))
        stack = make_ensemble("stack", "regression", choose_candidates("regression", ["knn", "lr"]))
        fitted = fit_pipeline(plan.data, stack, plan.data.split.train)[-1]
        return dict(zip(("knn", "lr"), fitted.final_estimator_.coef_, strict=True))

    assert weights("random")["knn"] > 0.8  # it remembers its neighbours in time
    assert weights("time")["knn"] < 0.5  # which a forecast does not have


def test_a_stack_by_time_without_each_class_on_both_sides_says_so(table):
    late = table.assign(state=["normal"] * 300 + ["failure", "normal"] * 30)
    data = plan_comparison(late, Choices("state", features=FEATURES, split="random")).data
    by_time = plan_comparison(table, Choices("state", features=FEATURES, split="time")).data.split
    with pytest.raises(InvalidComparison, match="both earlier and later"):
        forward_folds(
            by_time, np.arange(305), np.where(np.arange(360) == 304, "failure", "normal"), stratified=True, folds=3
        )
    assert data.split.blocks is None


def test_no_positions_of_rows_are_saved_with_a_stack(table):
    plan = plan_comparison(table, Choices("state", features=FEATURES, split="group:machine"))
    stack = make_ensemble("stack", "classification", choose_candidates("classification", ["lr", "nb"]))
    model = fit_pipeline(plan.data, stack, plan.data.split.train)
    assert isinstance(model[-1].cv, int)
    assert len(pickle.dumps(model)) < 20_000
