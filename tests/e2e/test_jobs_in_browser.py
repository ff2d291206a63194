"""A comparison is a job: it fills the page as it goes, can be cancelled, and outlives page, browser and server."""

from __future__ import annotations

import time

from playwright.sync_api import Browser, Page, expect

from tests.e2e.browser import open_context
from tests.e2e.comparisons import LASTING, choose, expect_result, job_in, leaderboard, ranked, start
from tests.e2e.jobs import held, members, process_of
from tests.e2e.server import Server
from tests.e2e.widgets import expand, expect_chosen, expect_no_error, keyed, keyed_from, table_with, wait_for

CANCEL_SECONDS = 2.0


def open_form(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/train")
    expect(keyed(page, "start")).to_be_visible()


def expect_state(page: Page, job_id: str, state: str) -> None:
    expect(keyed(page, f"job_{job_id}").get_by_text(state, exact=True)).to_be_visible()


def test_a_comparison_of_the_plant_fills_its_leaderboard_and_ends_when_cancelled(page: Page, server: Server) -> None:
    page.goto(server.url)
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Train and compare").click()
    expect(keyed(page, "start")).to_be_visible()
    expand(page, "6 columns")
    wait_for(page, lambda: table_with(page, "Column", "Type", "Missing"), "the table's profile")
    profile = {row["Column"]: row["Type"] for row in table_with(page, "Column", "Type", "Missing")}
    assert profile["vibration"] == "number"
    assert profile["timestamp"] == "time"
    expect_chosen(keyed_from(page, "features_"), ["lux", "temperature", "vibration"])
    expect(keyed_from(page, "target_").locator("input")).to_have_value("state")
    split = page.locator("[data-testid='stColumn']").filter(has=keyed_from(page, "split_"))
    expect(split.get_by_role("radio", name="By time")).to_be_checked()
    expect(split.get_by_test_id("stCaptionContainer")).to_contain_text("came later")

    quick = ["Gradient Boosting Classifier", "Random Forest Classifier", "Extra Trees Classifier", "Dummy Classifier"]
    choose(page, [LASTING, *quick], rows=5_000, slow=True)
    job_id = start(page)
    expect(keyed(page, f"job_{job_id}").get_by_test_id("stProgress")).to_be_visible()
    first = wait_for(page, lambda: ranked(page), "the first candidate on the leaderboard")
    assert len(first) < len(quick), "they did not come one by one"
    wait_for(page, lambda: len(leaderboard(page)) == len(quick) + 1, "those that wait")
    wait_for(page, lambda: set(first) < set(ranked(page)), "another candidate on the leaderboard")

    process = process_of(server, job_id)
    partial = wait_for(page, lambda: ranked(page), "the leaderboard")
    keyed(page, f"cancel_{job_id}").get_by_role("button").click()
    clicked = time.monotonic()
    while members(process.pid):
        assert time.monotonic() - clicked < CANCEL_SECONDS, "the job's processes are still there"
        time.sleep(0.02)
    expect(keyed(page, f"cancel_{job_id}")).to_have_count(0)
    expect_state(page, job_id, "cancelled")
    wait_for(page, lambda: set(ranked(page)) >= set(partial), "what was compared before the end")
    assert LASTING not in ranked(page)
    expect_no_error(page)


def test_a_job_is_the_same_after_a_reload_in_another_browser_and_after_a_restart(
    page: Page, server: Server, browser: Browser
) -> None:
    open_form(page, server)
    slowest = "Gradient Boosting Classifier"  # it comes first, on one worker; the other has long done the rest
    choose(page, [slowest, "Ridge Classifier", "Dummy Classifier"], rows=5_000)
    job_id = start(page)
    wait_for(page, lambda: ranked(page), "the first candidate on the leaderboard")
    process = process_of(server, job_id)
    with held(process):
        before = wait_for(page, lambda: ranked(page), "the leaderboard")
        assert slowest not in before, "it is not in its middle any more"

        page.reload()
        wait_for(page, lambda: set(ranked(page)) >= set(before), "the leaderboard after a reload")
        assert job_in(page) == job_id
        expect_state(page, job_id, "running")

        outside: list[str] = []
        other = open_context(browser, outside)
        visitor = other.new_page()
        visitor.goto(page.url)
        wait_for(visitor, lambda: set(ranked(visitor)) >= set(before), "the leaderboard in another browser")
        expect_state(visitor, job_id, "running")
        other.close()
        assert not outside

        server.kill()
        assert process.is_running()
        server.start()
        assert process_of(server, job_id) == process
    expect_result(page, finalists=3)
    expect_state(page, job_id, "done")
    wait_for(page, lambda: len(ranked(page)) == 3, "the whole leaderboard")
    expect_no_error(page)


def test_a_job_whose_process_was_killed_is_lost_says_what_to_do_and_can_be_tried_again(
    page: Page, server: Server
) -> None:
    open_form(page, server)
    choose(page, ["Ridge Classifier", "Dummy Classifier"], rows=500)
    job_id = start(page)
    expect(keyed(page, f"job_{job_id}").get_by_test_id("stProgress")).to_be_visible()
    process = process_of(server, job_id)
    process.kill()
    card = keyed(page, f"job_{job_id}")
    expect(keyed(page, f"retry_{job_id}")).to_be_visible()
    expect_state(page, job_id, "lost")
    expect(card.get_by_test_id("stAlertContentError")).to_contain_text("Try it again")
    wait_for(page, lambda: not members(process.pid), "the end of what the killed process had started")

    keyed(page, f"retry_{job_id}").get_by_role("button").click()
    wait_for(page, lambda: job_in(page) != job_id, "the new job in the URL")
    expect_result(page, finalists=2)
    expect_state(page, job_in(page), "done")
    expect_no_error(page)
    again = job_in(page)
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Jobs").click()
    wait_for(page, lambda: newest_states(page, 2) == ["done", "lost"], "the list of both jobs")
    keyed(page, "open_result").get_by_role("button").click()
    page.wait_for_url(f"**/train?*job={again}*")
    expect_result(page, finalists=2)


def newest_states(page: Page, count: int) -> list[str]:
    return [row["State"] for row in table_with(page, "What", "State")[:count]]
