"""Why an answer, what it really was, and a whole file of them, by hand."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.server import Server
from tests.e2e.trained import Trained
from tests.e2e.widgets import choose_option, expect_chart, expect_no_error, keyed, table_with, wait_for


@pytest.fixture(scope="module")
def server(trained: Trained) -> Server:
    return trained.server


def test_an_answer_is_explained_said_to_be_right_and_followed_by_a_whole_file(page: Page, trained: Trained) -> None:
    page.goto(f"{trained.server.url}/predict?model={trained.model}")
    keyed(page, "predict").get_by_role("button").click()
    expect_chart(page, "contributions")
    expect(page.get_by_role("heading", name="Why this answer?")).to_be_visible()
    wait_for(page, lambda: len(table_with(page, "lux", "Distance")) == 5, "the nearest cases")

    page.goto(f"{trained.server.url}/history?model={trained.model}")
    keyed(page, "save_actual").get_by_role("button").click()
    wait_for(page, lambda: shares_right(page)[:1] == ["100.0%"], "the score of the model")
    choose_option(keyed(page, "history_answered"), "Answered by somebody")
    wait_for(page, lambda: "answered=yes" in page.url, "the filter in the URL")
    expect(keyed(page, "undo_actual")).to_have_count(1)

    page.goto(f"{trained.server.url}/batch?model={trained.model}")
    rows = b"vibration,lux,note,temperature\n" + b"2.5,300,=1+1,40\n" * 30
    file = {"name": "june.csv", "mimeType": "text/csv", "buffer": rows}
    keyed(page, "batch_file").locator("input[type=file]").set_input_files(file)
    expect(page.get_by_text("The columns fit the model.")).to_be_visible()
    keyed(page, "start_batch").get_by_role("button").click()
    expect(keyed(page, "batch_download")).to_be_visible(timeout=60_000)
    with page.expect_download() as download:
        keyed(page, "batch_download").get_by_role("button").click()
    assert download.value.suggested_filename == "june_predicted.csv"
    lines = download.value.path().read_text().splitlines()
    assert len(lines) == 31
    assert lines[0].startswith("vibration,lux,note,temperature,prediction,probability_")
    assert lines[1].startswith("2.5,300,'=1+1,40,")
    expect_no_error(page)


def shares_right(page: Page) -> list[str]:
    return [row["Share right"] for row in table_with(page, "Answers", "Share right")]
