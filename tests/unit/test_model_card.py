"""What is known of a saved model, and the card that tells it to others."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from src.evaluation.metrics import classification_metrics
from src.ml.markdown import literal, quotation, table
from src.ml.model_card import model_card
from src.ml.model_comparison import Comparison, compare_models
from src.ml.model_facts import ModelFacts, compare_facts, facts_of, read_facts
from src.ml.saved_models import load_saved, save_finalist
from src.ml.signature import Decision
from src.utils.model_store import default_store
from tests.integration.pages.samples import Compared, compare, plant_table


@pytest.fixture(scope="module")
def classes() -> Compared:
    return compare(include=["lr", "dummy"], split="time", source="line 2.csv")


@pytest.fixture(scope="module")
def values() -> Compared:
    return compare("vibration", features=["lux", "temperature"], include=["lr", "dummy"])


def keep(compared: Compared, name: str, notes: str = "") -> None:
    best = compared.whole.finalists[0]
    save_finalist(compared.whole, best.id, best.artefact, name, notes, saved_by="Ana Souza")


@pytest.fixture
def card(settings, classes) -> str:
    keep(classes, "press watch", "For line 2.\n- <b>not</b> for line 3")
    return model_card(read_facts("press watch"))


def test_the_card_says_what_one_needs_to_judge_a_model(card, classes):
    comparison, fingerprint = classes.whole, classes.whole.fingerprint
    best = comparison.finalists[0]
    for said in (
        "# Model card: press watch, version 1",
        "| Saved by | Ana Souza |",
        "| Type | LogisticRegression |",
        "> For line 2.",
        "| 2 | temperature | number | °C |",
        "| Source | line 2.csv |",
        f"| Rows | {fingerprint['rows']:,} |",
        "| From (UTC) | 2026-01-01 00:00 |",
        fingerprint["sha256"],
        "| Cross-validation | 2 folds on 168 rows |",
        "by time: the latest rows",
        "| Seed | 42 |",
        "| 2 | Dummy Classifier |",
        f"{best.holdout.rows:,} rows.",
        "Confusion matrix",
        best.sha256,
        "scikit-learn",
        "load_saved('press watch', 1)",
        "--model 'press watch'",
    ):
        assert said in card
    counts = " | ".join(str(count) for count in best.holdout.confusion[0])
    assert f"| {best.holdout.labels[0]} | {counts} |" in card


def test_what_people_noted_has_no_power_over_the_card(card):
    assert "<b>" not in card.replace("\\<b", "")
    assert "> \\- \\<b\\>not" in card


def test_the_python_of_the_card_runs(settings, values):
    keep(values, "of the plant")
    code = model_card(read_facts("of the plant")).split("```python\n")[1].split("```")[0]
    known: dict[str, Any] = {"frame": plant_table(5)}
    exec(code, known)
    assert len(known["outcomes"]) == 5


def test_of_numbers_the_card_tells_how_large_the_errors_are(settings, values):
    keep(values, "vibration")
    card = model_card(read_facts("vibration"))
    assert "Target | vibration (mm/s)" in card
    holdout = values.whole.finalists[0].holdout
    worst = max(abs(a - p) for a, p in zip(holdout.actual, holdout.predicted, strict=True))
    assert f"| 100% | {worst:.6g} |" in card
    assert "Confusion" not in card


def test_a_model_of_which_nothing_is_known_has_a_card_that_says_so(settings):
    default_store().save(LogisticRegression(), "bare")
    card = model_card(read_facts("bare"))
    assert "without a signature" in card
    assert "does not come from a comparison" in card
    assert "Nobody noted" in card


@pytest.mark.parametrize(
    "details",
    [
        {"signature": 7, "training": [], "comparison": "x", "trained_at": 5, "saved_by": {}},
        {"signature": {"features": [{"name": "a"}]}, "training": {"rows": "many"}, "comparison": {"metric": 1}},
        {"comparison": {"metric": "F1", "holdout": {"rows": 1, "metrics": {}, "labels": ["a"], "confusion": [[1, 2]],
                                                    "curves": [], "actual": [], "predicted": []}}},
        {"signature": {"features": [], "target": "x", "task": "magic"}, "imported": {"name": 1}, "trained_at": "soon"},
        {"training": {"rows": 10**400, "source": "x"}},
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_left_out_and_the_rest_is_told(settings, details):
    model = LogisticRegression().fit([[0.0], [1.0]], ["off", "on"])
    default_store().save(model, "odd", {"accuracy": 0.5, "description": "notes"}, details=details)
    facts = read_facts("odd")
    assert "> notes" in model_card(facts)
    assert facts.trial is None or facts.trial.holdout is None
    assert load_saved("odd").signature.names == ["feature 1"] or facts.signature is not None


def test_the_card_of_a_version_that_is_not_the_current_one_is_of_that_version(settings, classes):
    keep(classes, "press", "first")
    best = classes.whole.finalists[1]
    save_finalist(classes.whole, best.id, best.artefact, "press", "second", overwrite=True)
    assert "> first" in model_card(read_facts("press", 1))
    assert "> second" in model_card(read_facts("press"))


def test_two_models_are_compared_thing_by_thing(settings, classes, values):
    keep(classes, "a", "same")
    keep(values, "b", "same")
    first, second = read_facts("a"), read_facts("b")
    differing = {pair.what for pair in compare_facts(first, second) if pair.differ}
    assert {"target", "task", "features", "fingerprint", "metric", "split"} <= differing
    assert not {"notes", "saved_by", "libraries", "seed", "rows"} & differing
    assert not any(pair.differ for pair in compare_facts(first, first))


def test_facts_of_an_export_are_those_of_its_sidecar(settings, classes):
    keep(classes, "press")
    record = default_store().describe("press")
    carried = {
        name: record[name] for name in ("name", "version", "kind", "saved_at", "metadata", "sha256", "libraries")
    }
    facts = facts_of({**carried, "details": record["details"]})
    assert facts.size_bytes is None
    assert facts.signature == read_facts("press").signature
    assert pickle.loads(pickle.dumps(facts)) == facts


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a|b", "a\\|b"),
        ("[x](javascript:alert(1))", "\\[x\\](javascript:alert(1))"),
        ("<script>", "\\<script\\>"),
        ("see http://evil.example www.evil.example a@b.c",
         "see http&#58;//evil.example www&#46;evil.example a&#64;b.c"),
        ("two\nlines\x1b[0m", "two lines \\[0m"),
        ("*b* _i_ `c` ~s~ # h $x$ &amp;", "\\*b\\* \\_i\\_ \\`c\\` \\~s\\~ \\# h \\$x\\$ \\&amp;"),
    ],
)  # fmt: skip
def test_text_from_data_is_shown_letter_by_letter(text, shown):
    assert literal(text) == shown


def test_a_quotation_stays_one_whatever_its_lines_begin_with():
    assert quotation("- a\n1. b\n\n> c\n+ d") == "> \\- a\n> 1\\. b\n>\n> \\> c\n> \\+ d"


def test_a_cell_cannot_leave_its_table():
    assert table(["h"], [["a | b\n| c"]]).splitlines()[2] == "| a \\| b \\| c |"


@pytest.fixture(scope="module")
def binary() -> Comparison:
    table = plant_table().assign(hot=lambda table: np.where(table["temperature"] > 60, "hot", "cool"))
    with ThreadPoolExecutor(1) as executor:
        return compare_models(
            table, "hot", executor=executor, features=["lux", "vibration"], include=["lr"], fold=2, n_select=1
        )


def keep_deciding(comparison: Comparison, name: str, decision: Decision | None) -> ModelFacts:
    best = comparison.finalists[0]
    save_finalist(comparison, best.id, best.artefact, name, decision=decision)
    return read_facts(name)


def test_a_threshold_that_somebody_chose_and_rows_kept_with_the_model_are_told(settings, binary):
    plain = keep_deciding(binary, "plain", None)
    careful = keep_deciding(binary, "careful", Decision("hot", 0.25))
    card = model_card(careful)
    assert "| Decides | for hot from a probability of 0.25 on |" in card
    assert "Rows of its training table are kept with it" in card
    pairs = {pair.what: pair for pair in compare_facts(plain, careful)}
    assert pairs["threshold"].differ
    assert "Decides" not in model_card(plain)


def test_the_card_says_how_far_the_probabilities_can_be_believed(settings, binary, values):
    card = model_card(keep_deciding(binary, "plain", None))
    curve = next(each for each in binary.finalists[0].holdout.calibration if each.label == "hot")
    for said, was, rows in zip(curve.predicted, curve.observed, curve.rows, strict=True):
        assert f"| hot | {said:.1%} | {was:.1%} | {rows} |" in card
    assert "| cool | 9" not in card
    assert "Recall, Precision and F1 are those of hot." in card
    keep(values, "vibration")
    assert "probability" not in model_card(read_facts("vibration"))


@pytest.mark.parametrize(("positive", "threshold"), [("hot", 0.25), ("cool", 0.3), ("hot", 1.0)])
def test_the_figures_of_the_holdout_are_those_of_the_threshold(settings, binary, positive, threshold):
    facts = keep_deciding(binary, "careful", Decision(positive, threshold, 1.0, 4.0))
    holdout, known = facts.trial.holdout, binary.finalists[0].holdout
    counts = next(counts for counts in known.thresholds if counts.label == positive)
    place = counts.thresholds.index(threshold)
    given = counts.true_positives[place] + counts.false_positives[place]
    assert sum(row[holdout.labels.index(positive)] for row in holdout.confusion) == given
    assert holdout.confusion != known.confusion
    actual, decided = (
        np.repeat(np.array(labels), np.ravel(holdout.confusion))
        for labels in (["cool", "cool", "hot", "hot"], ["cool", "hot", "cool", "hot"])
    )
    scores = classification_metrics(actual, decided, None, np.array(["cool", "hot"]))
    assert holdout.metrics == pytest.approx(scores | {"AUC": known.metrics["AUC"]})
    card = model_card(facts)
    assert f"| Accuracy | {scores['Accuracy']:.4f} |" in card
    assert "Decided by its threshold" in card
    assert "A false alarm was taken to cost 1, a missed one 4." in card


def test_figures_that_are_not_of_the_threshold_are_said_to_be_others(settings, binary):
    facts = keep_deciding(binary, "odd", Decision("hot", 0.123456))
    assert facts.trial.holdout.confusion == binary.finalists[0].holdout.confusion
    assert "not of the threshold that the model decides by" in model_card(facts)


@pytest.mark.parametrize(
    "odd",
    [
        {"true_positives": []},
        {"thresholds": [0.25]},
        {"label": "nobody"},
        {"false_positives": [-1] * 300},
        {"positives": 10**300, "negatives": 10**300},
    ],
)
def test_counts_from_elsewhere_that_do_not_add_up_do_no_harm(settings, binary, odd):
    keep_deciding(binary, "careful", Decision("hot", 0.25))
    record = default_store().describe("careful")
    counts = record["details"]["comparison"]["holdout"]["thresholds"]
    record["details"]["comparison"]["holdout"]["thresholds"] = [each | odd for each in counts]
    facts = facts_of(record)
    assert facts.trial.holdout is None
    assert "not known" in model_card(facts)


def test_costs_that_belong_to_another_threshold_are_not_told(settings, binary):
    keep_deciding(binary, "careful", Decision("hot", 0.25, 1.0, 4.0))
    record = default_store().describe("careful")
    record["details"]["decision"]["threshold"] = 0.7
    assert facts_of(record).decision == Decision("hot", 0.25)
