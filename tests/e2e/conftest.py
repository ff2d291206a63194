"""A real server and a real browser. Every test here needs Chromium."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser_setup import find_chromium
from tests.e2e.browser import launch, open_context
from tests.e2e.server import Server, running_server
from tests.e2e.trained import Trained, train_and_save

DAYS = 7
EXPECT_MILLISECONDS = 30_000.0
"""A busy machine may take its time; a page that is right is not waited for."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is in this folder."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium_path() -> Path:
    """Chromium; without one the test is skipped, which is a failure where all tests have to run."""
    chromium = find_chromium()
    if chromium is None and os.environ.get("CI") == "true":
        pytest.fail("There is no Chromium, and CI=true: install it, or see `python -m tests.browser_setup`")
    if chromium is None:
        pytest.skip("there is no Chromium on the PATH and none could be installed")
    return chromium


@pytest.fixture(scope="session")
def browser(chromium_path: Path) -> Iterator[Browser]:
    """One browser for all tests; each gets a session of its own."""
    expect.set_options(timeout=EXPECT_MILLISECONDS)
    with sync_playwright() as playwright:
        browser = launch(playwright, chromium_path)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def server(chromium_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A dashboard with a small demo plant, for the tests of one file."""
    with running_server(tmp_path_factory.mktemp("farol"), days=DAYS) as server:
        yield server


@pytest.fixture(scope="session")
def trained(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trained]:
    """A comparison that is done and one of its best saved, for all tests that only look at what came out."""
    with running_server(tmp_path_factory.mktemp("trained"), days=DAYS) as server:
        yield train_and_save(browser, server)


@pytest.fixture
def page(server: Server, browser: Browser) -> Iterator[Page]:
    """A page of a new session in English. Afterwards: nothing asked of other hosts, no traceback in the log."""
    outside: list[str] = []
    before = server.log.stat().st_size
    context = open_context(browser, outside)
    yield context.new_page()
    context.close()
    assert not outside, f"The page asked other hosts: {outside}"
    assert not server.complaints(before)
