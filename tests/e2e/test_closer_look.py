"""From a table with two classes to a model that decides by the costs of its errors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import SETTLE_MILLISECONDS, settled
from tests.e2e.comparisons import choose, expect_result, job_in, open_candidate, ranked, start
from tests.e2e.server import Server, running_server
from tests.e2e.test_upload import pump_table
from tests.e2e.widgets import (
    choose_option,
    expect_chart,
    expect_no_error,
    keyed,
    keyed_from,
    type_text,
    upload,
    wait_for,
)

NAMES = {"lr": "Logistic Regression", "nb": "Naive Bayes"}


@pytest.fixture(scope="module")
def server(chromium_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("closer"), days=0) as server:
        yield server


def test_a_blend_is_looked_at_closely_and_saved_with_a_threshold(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/train")
    keyed(page, "source").get_by_role("radio").last.click()
    upload(page, "pump.csv", pump_table())
    choose_option(keyed_from(page, "target_"), "state")
    choose(page, NAMES.values(), rows=200)
    keyed(page, "ensemble").get_by_role("radio", name="Blend").click()
    settled(page)
    job_id = start(page)
    expect_result(page, finalists=3)
    wait_for(page, lambda: len(ranked(page)) == 3, "two candidates and their blend on the leaderboard")
    blend = next(name for name in ranked(page) if name.startswith("Blend ("))
    expect(page.get_by_test_id("stCaptionContainer").filter(has_text=f"{blend} is made of")).to_be_visible()
    expect_chart(page, "roc")
    keyed(page, "look_at").get_by_role("radio", name="Calibration").click()
    expect_chart(page, "calibration")
    keyed(page, "look_at").get_by_role("radio", name="Decision threshold").click()
    choose_option(keyed(page, "look_finalist"), blend)
    type_text(keyed(page, "cost_missed").locator("input"), "25")
    expect_chart(page, "threshold_costs")
    slider = keyed_from(page, "threshold_blend_").get_by_role("slider")
    slider.press("ArrowLeft")
    settled(page)
    if keyed(page, "go_cheapest").get_by_role("button").is_enabled():
        keyed(page, "go_cheapest").get_by_role("button").click()
    expect(page.get_by_test_id("stMarkdown").filter(has_text="No threshold is cheaper.")).to_be_visible()
    settled(page)
    chosen = slider.get_attribute("aria-valuetext") or ""
    page.reload()  # the URL has it all
    expect(slider).to_have_attribute("aria-valuetext", chosen)
    expect(keyed(page, "cost_missed").locator("input")).to_have_value("25")
    choose_option(keyed(page, "lang"), "Português")
    expect(slider).to_have_attribute("aria-valuetext", chosen.replace(".", ","))
    choose_option(keyed(page, "lang"), "English")
    expect(slider).to_have_attribute("aria-valuetext", chosen)
    keyed(page, "use_threshold").get_by_role("button").click()
    expect(page.get_by_test_id("stAlertContentSuccess").filter(has_text=f"The threshold {chosen} for")).to_be_visible()
    name, save = open_candidate(page, job_id, "blend")
    type_text(name, "Pump guard")
    save.click()
    expect(page.get_by_test_id("stAlertContentSuccess").filter(has_text="Pump guard")).to_be_visible()

    keyed(page, "look_at").get_by_role("radio", name="Importance of features").click()
    keyed(page, "compute_permutation_importance").get_by_role("button").click()
    expect(page.get_by_text("with nothing shuffled")).to_be_visible(timeout=SETTLE_MILLISECONDS)
    expect(keyed_from(page, "cancel_")).to_have_count(0, timeout=SETTLE_MILLISECONDS)
    expect_chart(page, "importance")
    assert job_in(page) == job_id
    expect_no_error(page)

    page.goto(f"{server.url}/predict?model=Pump+guard")
    decides = f"from a probability of {chosen} on"
    expect(page.get_by_test_id("stExpander").filter(has_text=decides)).to_have_count(1)
    keyed(page, "predict").get_by_role("button").click()
    expect(keyed(page, "answer_card")).to_contain_text(decides)
    expect_no_error(page)
