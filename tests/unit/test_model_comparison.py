"""Ranking candidates: what is ranked, on which rows, and what happens when something fails."""

from __future__ import annotations

import json
import time
from concurrent.futures import Executor, Future, ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest

from src.errors import InvalidComparison, InvalidTable, ModelNotSaved, NoLeaderboard
from src.ml.candidates import DESCRIPTIONS, candidates_for
from src.ml.comparison_plan import Choices, plan_comparison
from src.ml.model_comparison import Comparison, compare_models
from src.ml.saved_models import save_finalist

FAST = ["dt", "nb", "ridge", "dummy"]


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    rows = 300
    table = pd.DataFrame(
        {
            "timestamp": pd.date_range("2026-01-01", periods=rows, freq="10min", tz="UTC"),
            "machine": np.repeat(["a", "b", "c", "d", "e", "f"], rows // 6),
            "heat": rng.normal(50, 5, rows),
            "shake": rng.normal(2, 0.4, rows),
        }
    )
    table["state"] = np.where(table["heat"] + 4 * table["shake"] + rng.normal(0, 2, rows) > 60, "failure", "normal")
    table["load"] = 2.5 * table["heat"] - table["shake"] + rng.normal(0, 0.1, rows)
    return table


@pytest.fixture
def here() -> Executor:
    """An executor in this process: what is tested here is the ranking, not the workers."""
    return ThreadPoolExecutor(1)


FEATURES = ["heat", "shake"]


def test_the_best_come_first_and_can_predict_from_a_list_or_a_frame_in_any_order(table, here):
    comparison = compare_models(table, "state", features=FEATURES, include=FAST, fold=3, n_select=2, executor=here)
    board = comparison.leaderboard
    assert list(board.index)[-1] == "dummy"
    assert board["Accuracy"].is_monotonic_decreasing
    assert [finalist.id for finalist in comparison.finalists] == list(board.index[:2])
    model = comparison.finalists[0].model()
    assert model.predict([[70.0, 3.0], [30.0, 1.0]]).tolist() == ["failure", "normal"]
    assert model.predict(pd.DataFrame({"shake": [3.0], "heat": [70.0]})).tolist() == ["failure"]


def test_a_saved_model_is_made_of_scikit_learn_and_lightgbm_only(table, here):
    comparison = compare_models(
        table, "state", features=[*FEATURES, "machine"], include=["lightgbm", "rf"], fold=2, executor=here
    )
    for finalist in comparison.finalists:
        assert b"src." not in finalist.artefact
        assert b"pycaret" not in finalist.artefact


def test_without_refit_there_is_a_leaderboard_and_a_holdout_but_nothing_to_save(table, here, settings):
    choices = {"features": FEATURES, "include": ["dt"], "fold": 2, "executor": here}
    comparison = compare_models(table, "state", refit=False, **choices)
    assert (
        comparison.finalists[0].holdout.metrics
        == compare_models(table, "state", **choices).finalists[0].holdout.metrics
    )
    with pytest.raises(ModelNotSaved, match="without refit"):
        save_finalist(comparison, "dt", comparison.finalists[0].artefact, "empty")


def test_errors_are_ranked_from_the_lowest(table, here):
    comparison = compare_models(
        table, "load", features=FEATURES, sort="MAE", include=["lr", "dt", "dummy"], fold=3, executor=here
    )
    assert comparison.task == "regression"
    assert list(comparison.leaderboard.index) == ["lr", "dt", "dummy"]
    assert comparison.leaderboard["MAE"].is_monotonic_increasing


def test_a_failing_candidate_is_shown_with_its_reason_and_the_others_go_on(table, here):
    broken = table.assign(machine=table["machine"].where(table["machine"] != "a"))

    class FailsOn(ThreadPoolExecutor):
        def submit(self, function, /, *arguments, **keywords):  # type: ignore[no-untyped-def]
            if arguments[1:] and arguments[1].id == "qda":
                future: Future = Future()
                future.set_exception(ValueError("the matrix is singular\nmore"))
                return future
            return super().submit(function, *arguments, **keywords)

    comparison = compare_models(broken, "state", features=FEATURES, include=["qda", "dt"], fold=3, executor=FailsOn(1))
    failed = comparison.candidates[-1]
    assert (failed.id, failed.state, str(failed.reason)) == ("qda", "failed", "ValueError: the matrix is singular")
    assert [candidate.id for candidate in comparison.ranked] == ["dt"]


def test_no_leaderboard_is_an_error_that_names_the_first_failure(table):
    class Fails(ThreadPoolExecutor):
        def submit(self, function, /, *arguments, **keywords):  # type: ignore[no-untyped-def]
            future: Future = Future()
            future.set_exception(MemoryError("no room"))
            return future

    with pytest.raises(NoLeaderboard, match="Decision Tree Classifier: MemoryError: no room"):
        compare_models(table, "state", features=FEATURES, include=["dt"], executor=Fails(1))


class Slow(ThreadPoolExecutor):
    """Answers for the decision tree at once and for the others never, unless they are cancelled."""

    def submit(self, function, /, *arguments, **keywords):  # type: ignore[no-untyped-def]
        if len(arguments) > 1 and arguments[1].id not in ("dt", "nb"):
            return Future()
        return super().submit(function, *arguments, **keywords)


def test_at_the_end_of_the_budget_what_is_done_is_the_result(table):
    started = time.monotonic()
    comparison = compare_models(
        table, "state", features=FEATURES, include=["dt", "nb", "rf"], budget=1.5, fold=2, executor=Slow(1)
    )
    assert time.monotonic() - started < 10
    assert comparison.budget_reached
    assert {candidate.id: candidate.state for candidate in comparison.candidates} == {
        "dt": "done",
        "nb": "done",
        "rf": "skipped",
    }
    assert {finalist.id for finalist in comparison.finalists} == {"dt", "nb"}


def test_a_budget_in_which_nothing_was_done_is_an_error_that_says_so(table):
    with pytest.raises(NoLeaderboard, match=r"within 1\.0 s"):
        compare_models(table, "state", features=FEATURES, include=["rf"], budget=1.0, executor=Slow(1))


def test_progress_is_told_candidate_by_candidate_and_survives_json(table, here):
    told: list[Comparison] = []
    compare_models(table, "state", features=FEATURES, include=FAST, fold=2, executor=here, on_progress=told.append)
    assert [comparison.progress for comparison in told] == sorted(comparison.progress for comparison in told)
    assert {len(comparison.ranked) for comparison in told} == {0, 1, 2, 3, 4}
    record = json.loads(json.dumps(told[-1].to_record(), allow_nan=False))
    again = Comparison.from_record(record)
    pd.testing.assert_frame_equal(again.leaderboard, told[-1].leaderboard)
    assert "artefact" not in json.dumps(record) or all(not f["artefact"] for f in record["finalists"])


def test_candidates_within_one_standard_error_of_the_best_are_a_tie(table, here):
    comparison = compare_models(table, "state", features=FEATURES, include=["rf", "et", "dummy"], fold=5, executor=here)
    tied = {candidate.id for candidate in comparison.candidates if candidate.tied}
    best = comparison.best
    expected = {
        candidate.id
        for candidate in comparison.ranked
        if best.metrics["Accuracy"] - candidate.metrics["Accuracy"] <= best.standard_error
    }
    assert tied == expected
    assert best.id in tied
    assert "dummy" not in tied


def test_a_metric_that_does_not_exist_is_none_and_not_zero(table, here):
    three = table.assign(state=np.where(table["shake"] > 2.3, "warning", table["state"]))
    comparison = compare_models(three, "state", features=FEATURES, include=["ridge", "dt"], fold=2, executor=here)
    by_id = {candidate.id: candidate for candidate in comparison.candidates}
    assert by_id["ridge"].metrics["AUC"] is None
    assert by_id["dt"].metrics["AUC"] > 0.5


def test_missing_values_and_categories_are_prepared_in_the_saved_pipeline(table, here):
    holes = table.copy()
    holes.loc[::7, "heat"] = np.nan
    holes.loc[::11, "machine"] = None
    comparison = compare_models(holes, "state", features=["heat", "machine"], include=["lr"], fold=2, executor=here)
    model = comparison.finalists[0].model()
    unseen = pd.DataFrame({"heat": [np.nan, 70.0], "machine": ["never seen", np.nan]}, dtype=object)
    assert set(model.predict(unseen)) <= {"normal", "failure"}


# Which rows are held out.


def test_split_by_time_holds_out_the_latest_rows_and_folds_look_back_only(table):
    shuffled = table.sample(frac=1, random_state=1)
    plan = plan_comparison(shuffled, Choices("state", features=FEATURES, split="time"))
    times = shuffled["timestamp"].reset_index(drop=True)
    split = plan.data.split
    assert times[split.train].max() < times[split.holdout].min()
    assert all(times[fitting].max() < times[scoring].min() for fitting, scoring in split.folds)


def test_rows_of_the_same_moment_are_on_one_side_of_the_border(table):
    twins = table.assign(timestamp=table["timestamp"].dt.floor("2h"))
    split = plan_comparison(twins, Choices("state", features=FEATURES, split="time")).data.split
    assert not set(twins["timestamp"][split.train]) & set(twins["timestamp"][split.holdout])


def test_a_machine_is_never_on_both_sides(table):
    split = plan_comparison(table, Choices("state", features=FEATURES, split="group:machine", fold=3)).data.split
    machines = table["machine"].to_numpy()
    assert not set(machines[split.train]) & set(machines[split.holdout])
    assert all(not set(machines[fitting]) & set(machines[scoring]) for fitting, scoring in split.folds)


def test_the_holdout_is_in_no_fold(table):
    for way in ("random", "time", "group:machine"):
        split = plan_comparison(table, Choices("state", features=FEATURES, split=way, fold=3)).data.split
        held = set(split.holdout)
        assert all(not held & (set(fitting) | set(scoring)) for fitting, scoring in split.folds), way


def test_time_stamps_and_row_numbers_are_left_out_unless_asked_for(table):
    numbered = table.assign(row=range(1, len(table) + 1))
    plan = plan_comparison(numbered, Choices("state"))
    assert plan.signature.names == ["machine", "heat", "shake", "load"]
    assert {note.values["name"] for note in plan.notes} == {"timestamp", "row"}
    asked = plan_comparison(numbered, Choices("state", features=["timestamp", "row", "heat"]))
    assert asked.signature.names == ["timestamp", "row", "heat"]
    assert asked.signature.features[0].minimum == pytest.approx(20454.0)  # 2026-01-01, in days since 1970


def test_rows_without_a_target_are_left_out_and_said(table):
    some = table.assign(state=table["state"].where(table.index % 10 != 0))
    plan = plan_comparison(some, Choices("state", features=FEATURES))
    assert len(plan.data.target) == 270
    assert any("30 rows without a target" in str(note) for note in plan.notes)


def test_more_rows_than_wanted_are_thinned_evenly(table):
    plan = plan_comparison(table, Choices("state", features=FEATURES, max_rows=100))
    assert len(plan.data.target) == 100
    assert plan.fingerprint["to"] == table["timestamp"].iloc[-1].isoformat()


def test_the_fingerprint_tells_tables_apart(table):
    changed = table.copy()
    changed.loc[3, "heat"] += 1e-9
    first, second = (
        plan_comparison(frame, Choices("state", features=FEATURES)).fingerprint["sha256"] for frame in (table, changed)
    )
    assert first != second
    assert first == plan_comparison(table.copy(), Choices("state", features=FEATURES)).fingerprint["sha256"]


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"target": "nothing"}, "There is no column 'nothing'"),
        ({"features": ["state"]}, "cannot be a feature as well"),
        ({"features": []}, "No features"),
        ({"features": ["nowhere"]}, "There is no column 'nowhere'"),
        ({"features": ["heat", "shake", "heat"]}, "'heat' is chosen twice"),
        ({"sort": "Beauty"}, "'Beauty' is no metric for classification"),
        ({"sort": "R2"}, "'R2' is no metric for classification"),
        ({"fold": 1}, "fold is 1"),
        ({"fold": 10_000}, "fold is 10000"),
        ({"holdout": float("nan")}, "holdout is nan"),
        ({"holdout": 1.0}, "holdout is 1.0"),
        ({"budget": -5.0}, r"budget is -5\.0"),
        ({"seed": -1}, "seed is -1"),
        ({"split": "luck"}, "'luck' is no way to split"),
        ({"split": "group:nobody"}, "There is no column 'nobody' to group by"),
        ({"split": "group:state"}, "'state' is the target and cannot be the group"),
        ({"features": ["heat"], "target": "load", "split": "group:load"}, "'load' is the target and cannot be"),
        ({"include": ["rf", "magic"]}, "'magic'"),
        ({"include": []}, "No candidate"),
        ({"task": "regression"}, "is not a number"),
        ({"max_rows": 2}, "max_rows is 2"),
    ],
)
def test_choices_that_do_not_fit_are_refused_with_what_and_why(table, choices, message):
    with pytest.raises(InvalidComparison, match=message):
        plan_comparison(table, Choices(**{"target": "state", "features": FEATURES, **choices}))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.assign(state="normal"), "one class only"),
        (lambda t: t.assign(state=["odd", *["normal"] * (len(t) - 1)]), "has one row"),
        (lambda t: t.head(10), "Only 10 rows"),
        (lambda t: t.assign(heat=np.nan), "'heat' has no values"),
        (lambda t: t.assign(heat=np.inf), "'heat' has infinite values"),
        (lambda t: t.assign(state=[f"s{i}" for i in range(len(t))]), "300 classes"),
        (lambda t: pd.concat([t, t[["heat"]]], axis=1), "two columns called 'heat'"),
        (lambda t: t.rename(columns={"load": 7}), r"column name 7 is not text.*rename\(columns=str\)"),
    ],
)
def test_tables_that_cannot_be_compared_on_are_refused(table, change, message):
    with pytest.raises(InvalidComparison, match=message):
        plan_comparison(change(table), Choices("state", features=FEATURES))


def test_a_number_that_is_the_same_in_every_row_cannot_be_predicted(table):
    with pytest.raises(InvalidComparison, match=r"'load' is 3\.5 in every row"):
        plan_comparison(table.assign(load=3.5), Choices("load", features=FEATURES))


@pytest.mark.parametrize("labels", [(2**53, 2**53 + 1), (1e300, 2e300), (-1e19, 1e19)])
def test_large_numbers_as_classes_are_kept_apart(table, labels):
    state = pd.Series(labels)[(table["state"] == "failure").astype(int)].to_numpy()
    plan = plan_comparison(table.assign(state=state), Choices("state", features=FEATURES, task="classification"))
    assert [float(label) for label in plan.data.classes] == [float(label) for label in labels]
    assert len(set(plan.data.classes)) == 2


def test_split_by_time_needs_a_time_column(table):
    with pytest.raises(InvalidComparison, match="no time column"):
        plan_comparison(table.drop(columns="timestamp"), Choices("state", features=FEATURES, split="time"))


def test_folds_with_a_single_class_are_left_out_and_said(table):
    late = table.sort_values("timestamp").assign(state=["normal"] * 100 + ["failure", "normal"] * 100)
    plan = plan_comparison(late, Choices("state", features=FEATURES, split="time"))
    assert len(plan.data.split.folds) < 5
    assert any("single class" in str(note) for note in plan.notes)


def test_boolean_and_numeric_classes_keep_their_labels(table, here):
    for labels in ((True, False), (1, 0), (1.0, 0.0), (1.5, 2.5)):
        frame = table.assign(state=np.where(table["state"] == "failure", labels[0], labels[1]))
        comparison = compare_models(
            frame, "state", features=FEATURES, task="classification", include=["dt"], fold=2, executor=here
        )
        answers = set(map(str, comparison.finalists[0].model().predict([[70.0, 3.0], [30.0, 1.0]])))
        assert answers == {str(c) for c in comparison.signature.classes}


def test_every_candidate_can_be_made_and_has_a_description():
    for task in ("classification", "regression"):
        for candidate in candidates_for(task):
            estimator = candidate.make(42)
            assert type(estimator).__name__ == candidate.model_type
            assert candidate.model_type in DESCRIPTIONS


def test_no_fold_by_time_parts_the_rows_of_one_moment(table):
    twins = table.assign(timestamp=table["timestamp"].dt.floor("1h"))  # six machines report at once, say
    split = plan_comparison(twins, Choices("state", features=FEATURES, split="time")).data.split
    times = twins["timestamp"]
    assert len(split.folds) == 5
    for fitting, scoring in split.folds:
        assert times[fitting].max() < times[scoring].min()


@pytest.mark.parametrize(
    ("target", "task", "feature", "is_said"),
    [
        ("state", "classification", lambda t: t["state"].map({"on": "A", "off": "B"}), True),
        ("state", "classification", lambda t: t["state"], True),
        ("state", "classification", lambda t: t["state"].eq("on") | (t.index % 50 == 0), False),
        ("state", "classification", lambda t: t["state"].where(t["state"].eq("on")), True),
        ("state", "classification", lambda t: t["state"].where(t.index > 0), True),
        ("state", "classification", lambda t: t["shake"].gt(9).astype(float).where(t.index > 0), False),
        ("load", "regression", lambda t: t["load"] * 1.8 + 32, True),
        ("load", "regression", lambda t: t["load"] + np.linspace(0, 5, len(t)), False),
    ],
)
def test_a_feature_that_gives_the_target_away_is_said(table, target, task, feature, is_said):
    rng = np.random.default_rng(5)
    table = table.assign(state=rng.choice(["on", "off"], len(table)), load=rng.normal(20, 5, len(table)))
    given = table.assign(other=feature)
    plan = plan_comparison(given, Choices(target, features=[*FEATURES, "other"], task=task))
    assert any("'other' says the same as the target" in str(note) for note in plan.notes) == is_said


def test_a_comparison_that_was_stopped_has_nobody_waiting(table, here):
    steps = []
    whole = compare_models(table, "state", features=FEATURES, include=FAST, executor=here, on_progress=steps.append)
    half = next(step for step in steps if len(step.ranked) == 1)
    stopped = half.stopped()
    assert {result.state for result in half.candidates} == {"done", "waiting"}
    assert {result.state for result in stopped.candidates} == {"done", "skipped"}
    assert (stopped.phase, stopped.ranked) == ("done", half.ranked)
    assert whole.stopped() == whole


@pytest.mark.parametrize(("offset", "spread"), [(1e6, 0.01), (16_777_216.0, 0.1)])
def test_a_spread_that_would_be_rounded_away_is_refused_with_what_to_do(table, offset, spread):
    counter = table.assign(count=offset + table["heat"] * spread)
    with pytest.raises(InvalidComparison, match="'count' varies too little for its size"):
        plan_comparison(counter, Choices("count", features=FEATURES))
    plan_comparison(counter.assign(count=counter["count"] - offset), Choices("count", features=FEATURES))


def test_fewer_folds_than_wanted_for_want_of_groups_are_said(table):
    notes = plan_comparison(table, Choices("state", features=FEATURES, split="group:machine", fold=5)).notes
    assert [str(note) for note in notes] == ["4 folds instead of 5: there are no more groups."]
    assert not plan_comparison(table, Choices("state", features=FEATURES, split="group:machine", fold=3)).notes


def test_a_record_from_before_reasons_were_notes_is_still_read(table, here):
    whole = compare_models(table, "state", features=FEATURES, include=["dt", "dummy"], fold=3, executor=here)
    record = whole.to_record()
    record["candidates"][1] |= {"state": "failed", "reason": "ValueError: the {matrix} is singular"}
    assert str(Comparison.from_record(record).candidates[1].reason) == "ValueError: the {matrix} is singular"


@pytest.mark.parametrize(
    ("choice", "value"),
    [
        ("features", "heat"),
        ("include", "lr"),
        ("task", "clustering"),
        ("fold", 2.5),
        ("fold", "many"),
        ("seed", None),
        ("sort", 5),
        ("split", None),
        ("budget", "long"),
    ],
)
def test_a_choice_of_the_wrong_type_is_refused_by_name(table, choice, value):
    with pytest.raises(InvalidComparison, match=f"{choice} is {value!r}: "):
        plan_comparison(table, Choices(**{"target": "state", "features": FEATURES, choice: value}))


def test_data_that_is_no_table_is_refused(table):
    with pytest.raises(InvalidComparison, match="The data is a ndarray"):
        compare_models(table.to_numpy(), "state")
    with pytest.raises(InvalidTable, match="'lists' holds values of the type list"):
        plan_comparison(table.assign(lists=[[1]] * len(table)), Choices("state"))
