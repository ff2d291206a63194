"""What came out of a comparison, saving one of its best, and predicting by hand with it."""

from __future__ import annotations

import math
import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.browser import settled
from tests.e2e.comparisons import leaderboard, open_candidate
from tests.e2e.server import Server
from tests.e2e.trained import OTHERS, WITH_PROBABILITIES, Trained
from tests.e2e.widgets import (
    choose_option,
    expand,
    expect_chart,
    expect_no_error,
    keyed,
    keyed_from,
    table_with,
    tables,
    type_number,
    type_text,
    wait_for,
)

FOLDS = 5
METRICS = ["Accuracy", "AUC", "Recall", "Precision", "F1", "Kappa", "MCC"]


@pytest.fixture(scope="module")
def server(trained: Trained) -> Server:
    return trained.server


@pytest.fixture
def result(page: Page, trained: Trained) -> Page:
    """The page of the comparison, in a session that did not make it."""
    page.goto(f"{trained.server.url}/train?job={trained.job_id}")
    expect(keyed_from(page, "save_")).to_have_count(5)
    wait_for(page, lambda: len(tables(page)) >= 2, "the two tables of a result")
    return page


@pytest.fixture
def form(page: Page, trained: Trained) -> Page:
    """The page Predict by hand with the saved model."""
    page.goto(f"{trained.server.url}/predict")
    expect(keyed(page, "predict")).to_be_visible()
    choose_option(keyed(page, "model"), trained.model)
    return page


def test_the_leaderboard_has_means_spreads_and_ties_and_the_best_five_are_charted(
    result: Page, trained: Trained
) -> None:
    rows = wait_for(result, lambda: leaderboard(result), "the leaderboard")
    assert len(rows) == len(WITH_PROBABILITIES) + len(OTHERS)
    assert [row["Rank"].split()[0] for row in rows] == [str(place) for place in range(1, len(rows) + 1)]
    check_ties(rows)
    for row in rows:
        assert (row["AUC"] == "—") is (row["Model"] in OTHERS.values()), row

    names = {**WITH_PROBABILITIES, **OTHERS}
    five = [names[candidate] for candidate in trained.finalists]
    assert five == [row["Model"] for row in rows[:5]]
    wait_for(result, lambda: five in models_of_tables(result), "the best five on the holdout")
    expect(keyed_from(result, "confusion_")).to_have_count(5)
    for chart in keyed_from(result, "confusion_").all():
        expect(chart.locator(".hm image")).to_have_count(1)
    for state in ("failure", "normal", "warning"):
        keyed(result, "curve_class").get_by_role("radio", name=state).click()
        expect(result.get_by_test_id("stMarkdown").filter(has_text=f"ROC curve: {state}")).to_be_visible()
        expect_chart(result, "roc")
        expect_chart(result, "pr")
    keyed(result, "look_at").get_by_role("radio", name="Folds").click()
    expect_chart(result, "top_spread")
    expect_chart(result, "top_bars")
    expect_no_error(result)


def models_of_tables(page: Page) -> list[list[str]]:
    return [[row["Model"] for row in table] for table in tables(page) if table and "Model" in table[0]]


def check_ties(rows: list[dict[str, str]]) -> None:
    """Within one standard error of the best is what is marked, as far as the rounded figures can tell."""
    scores = [[float(part) for part in re.findall(r"\d*\.\d+", row["Accuracy"])] for row in rows]
    best, spread = scores[0]
    error = spread / math.sqrt(FOLDS - 1)
    surely_tied = sum(best - mean < error - 0.001 for mean, _ in scores) > 1
    surely_alone = sum(best - mean < error + 0.001 for mean, _ in scores) == 1
    for row, (mean, _) in zip(rows, scores, strict=True):
        if surely_alone:
            assert "≈" not in row["Rank"], "there is nothing that it could be tied with"
        elif surely_tied and abs(best - mean - error) > 0.001:
            assert ("≈" in row["Rank"]) is (best - mean < error), row


def test_a_name_that_cannot_be_used_is_said_at_once_and_cannot_be_saved(result: Page, trained: Trained) -> None:
    candidate = next(candidate for candidate in trained.finalists if candidate != trained.saved)
    name, save = open_candidate(result, trained.job_id, candidate)
    card = result.get_by_test_id("stExpander").filter(has=name)
    expect(save).to_be_enabled()
    refused = {
        trained.model: "already",
        trained.model.upper(): "already",
        "../x": "cannot name a model",
        "": "cannot name a model",
        "registry": "cannot name a model",
    }
    for wrong, reason in refused.items():
        type_text(name, wrong)
        expect(card.get_by_test_id("stAlertContentWarning"), f"on {wrong!r}").to_contain_text(reason)
        expect(save, f"on {wrong!r}").to_be_disabled()
        if wrong == trained.model:  # the one way on, and only if it is asked for
            new_version = keyed(result, f"overwrite_{trained.job_id}_{candidate}").locator("label")
            new_version.click()
            expect(save).to_be_enabled()
            new_version.click()
            expect(save).to_be_disabled()
        type_text(name, "A good one")
        expect(card.get_by_test_id("stAlertContentWarning")).to_have_count(0)
        expect(save).to_be_enabled()
    expect_no_error(result)


def test_values_typed_in_are_answered_with_class_probabilities_and_where_it_comes_from(
    form: Page, trained: Trained
) -> None:
    expect(expand(form, "Details of the model")).to_contain_text(trained.notes)
    for field in ("lux", "temperature", "vibration"):
        expect(input_of(form, trained, field)).to_be_visible()
    expect(form.get_by_text("seen in training:")).to_have_count(3)

    predict(form, trained, lux="151.25", temperature="45.5", vibration="2.25")
    card = keyed(form, "answer_card")
    expect(card.get_by_test_id("stMetricValue")).to_have_text(re.compile("normal|warning|failure"))
    outcome = card.get_by_test_id("stMetricValue").inner_text()
    share = re.search(r"([\d.]+)%", card.inner_text())
    assert share
    expect_chart(form, "probabilities")
    bars = keyed(form, "probabilities").locator(".barlayer .point text").all_text_contents()
    assert f"{share[1]}%" in bars
    assert sum(float(bar.rstrip("%")) for bar in bars) == pytest.approx(100, abs=0.2)
    strip = form.get_by_test_id("stCaptionContainer").filter(has_text="answered in")
    expect(strip).to_contain_text(f"{trained.model}, version 1")
    expect(strip).to_have_text(re.compile(r"trained \d{4}-\d\d-\d\d \d\d:\d\d.* answered in [\d.]+ ms"))
    expect(form.get_by_test_id("stAlertContentWarning")).to_have_count(0)

    wait_for(form, lambda: [row["Answer"] for row in history(form)][:1] == [outcome], "the prediction among those made")
    expect_no_error(form)


def test_a_value_outside_the_range_is_warned_about_and_answered(form: Page, trained: Trained) -> None:
    predict(form, trained, vibration="99")
    warning = form.get_by_test_id("stAlertContentWarning").filter(has_text="vibration")
    expect(warning).to_contain_text("99")
    expect(keyed(form, "answer_card").get_by_test_id("stMetricValue")).to_be_visible()
    predict(form, trained, vibration="1.5")
    expect(warning).to_have_count(0)
    expect(keyed(form, "answer_card").get_by_test_id("stMetricValue")).to_be_visible()
    expect_no_error(form)


def test_moving_an_input_changes_the_answer_and_a_new_question_starts_from_its_own_value(
    form: Page, trained: Trained
) -> None:
    predict(form, trained, lux="300", temperature="40", vibration="1.5")
    expect_chart(form, "response")
    choose_option(keyed_from(form, "what_if_"), "vibration")
    thumb = keyed_from(form, f"slide_{key_of(trained, 'vibration')}").get_by_role("slider")
    answers = []
    for key, end in (("Home", "min"), ("End", "max")):
        expect(thumb).to_be_visible()
        expected = float(thumb.get_attribute(end) or "nan")
        thumb.press(key)
        wait_for(form, lambda end=expected: abs(what_if(form)[0] - end) < 0.02, f"what if it were at its {end}")
        answers.append(what_if(form)[1:])
    assert answers[0] != answers[1]
    expect_chart(form, "response")
    predict(form, trained, vibration="2.5")
    wait_for(form, lambda: what_if(form)[0] == 2.5, "the slider at the value of the new question")
    expect_no_error(form)


def what_if(page: Page) -> tuple[float, str, str]:
    """Return where the moved input is, the class and the probability there."""
    said = " ".join(page.get_by_test_id("stMarkdown").all_inner_texts())
    found = re.search(r"state: (\w+) · vibration = ([\d.]+) \S+ · probability ([\d.]+%)", said)
    return (float(found[2]), found[1], found[3]) if found else (math.nan, "", "")


def test_nonsense_typed_into_the_inputs_is_refused_and_does_no_harm(form: Page, trained: Trained) -> None:
    for nonsense in ("abc", "1e999", "--5", "", "1e308", "-1e308", "0x10", "٣", "1,234", "NaN"):
        type_number(form, key_of(trained, "temperature"), nonsense)
        keyed(form, "predict").get_by_role("button").click()
        expect(form.get_by_test_id("stAlertContentError")).to_contain_text("'temperature' ")
        expect(form.get_by_test_id("stException")).to_have_count(0)  # one that comes later is seen in the server's log
        settled(form)
    predict(form, trained, temperature="40.5")
    expect_no_error(form)


def test_a_decimal_comma_is_kept(form: Page, trained: Trained) -> None:
    type_number(form, key_of(trained, "vibration"), "1,5")
    keyed(form, "predict").get_by_role("button").click()
    wait_for(form, lambda: history(form) and float(history(form)[0]["vibration"]) == 1.5, "a prediction with 1.5")
    expect_no_error(form)


def key_of(trained: Trained, field: str) -> str:
    return f"{trained.model}_{field}".replace(" ", "-")


def input_of(page: Page, trained: Trained, field: str) -> Locator:
    return keyed(page, key_of(trained, field))


def predict(page: Page, trained: Trained, **values: str) -> None:
    """Type values, ask, and wait until the newest in the list of predictions is of these values."""
    for field, value in values.items():
        type_number(page, key_of(trained, field), value)
    keyed(page, "predict").get_by_role("button").click()

    def answered() -> bool:
        latest = history(page)
        return bool(latest) and all(float(latest[0][field]) == float(value) for field, value in values.items())

    wait_for(page, answered, f"the answer to {values}")


def history(page: Page) -> list[dict[str, str]]:
    """Return the predictions listed on the page, the newest first."""
    if page.get_by_test_id("stExpander").filter(has_text="Predictions made").count():
        expand(page, "Predictions made")
    return table_with(page, "Answer", "Version")
