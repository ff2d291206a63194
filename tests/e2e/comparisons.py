"""Making and watching a comparison on the page Train and compare, in English."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Locator, Page, expect

from tests.e2e.browser import SETTLE_MILLISECONDS, settled
from tests.e2e.widgets import choose_several, expand, keyed, keyed_from, table_with, type_number

LASTING = "Gaussian Process Classifier"
"""A candidate whose time grows with the cube of the rows: with enough of them it is still at it when a test is not."""


def choose(page: Page, candidates: Iterable[str], *, rows: int, slow: bool = False) -> None:
    """Choose a comparison that is small enough for a test; `slow` offers the slow candidates too.

    The split is the random one: by time it would depend on the day whether each class is on both sides.
    """
    keyed_from(page, "split_").get_by_role("radio", name="Random").click()
    expand(page, "More options")
    type_number(page, "max_rows", str(rows))
    if slow:
        keyed(page, "turbo").get_by_text("Leave out the slow ones").click()
        expect(keyed_from(page, "include_").locator(f"[aria-label='{LASTING}']")).to_be_visible()
    settled(page)
    choose_several(keyed_from(page, "include_"), candidates)


def start(page: Page) -> str:
    """Start the comparison and return the job that the URL names."""
    keyed(page, "start").get_by_role("button").click()
    page.wait_for_url(re.compile(r"[?&]job=[0-9a-f]+"))
    return job_in(page)


def job_in(page: Page) -> str:
    """Return the job in the page's URL."""
    return parse_qs(urlsplit(page.url).query)["job"][0]


def leaderboard(page: Page) -> list[dict[str, str]]:
    """Return the leaderboard's rows, as far as they are drawn."""
    return table_with(page, "Rank", "Model", "Accuracy")


def ranked(page: Page) -> list[str]:
    """Return the candidates that have a score, the best first."""
    return [row["Model"] for row in leaderboard(page) if row["Rank"]]


def finalists(page: Page, job_id: str) -> tuple[str, ...]:
    """Return the identifiers of the best, in order."""
    prefix = f"st-key-name_{job_id}_"
    classes = [field.get_attribute("class") or "" for field in keyed_from(page, f"name_{job_id}_").all()]
    return tuple(name.removeprefix(prefix) for each in classes for name in each.split() if name.startswith(prefix))


def open_candidate(page: Page, job_id: str, candidate: str) -> tuple[Locator, Locator]:
    """Open the card of one of the best; return its field for the name and its button to save."""
    name = keyed(page, f"name_{job_id}_{candidate}").locator("input")
    if not name.is_visible():
        page.get_by_test_id("stExpander").filter(has=name).locator("summary").click()
    expect(name).to_be_visible()
    return name, keyed(page, f"save_{candidate}").get_by_role("button")


def expect_result(page: Page, finalists: int) -> None:
    """Wait until the comparison is done and its best can be saved."""
    expect(keyed_from(page, "save_")).to_have_count(finalists, timeout=2 * SETTLE_MILLISECONDS)
