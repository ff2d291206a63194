"""The documentation of the API in a browser, which asks nobody outside for anything."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, expect

from tests.e2e.browser import open_context
from tests.integration.api_server import command, running_api


def test_the_documentation_is_shown_without_the_web_and_with_a_key_as_password(
    browser: Browser, tmp_path: Path
) -> None:
    key = command(tmp_path, "api", "key", "create", "reader").stdout.strip()
    outside: list[str] = []
    problems: list[str] = []
    with running_api(tmp_path) as api:
        stranger = open_context(browser, outside).new_page()
        with pytest.raises(Error, match="ERR_INVALID_AUTH_CREDENTIALS"):  # it is asked for a password
            stranger.goto(f"{api.url}/docs")
        page = open_context(browser, outside, credentials={"username": "anybody", "password": key}).new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(f"{api.url}/docs")
        expect(page.locator(".opblock")).to_have_count(13)
        page.locator(".opblock", has_text="/api/v1/readings").locator(".opblock-summary-control").click()
        expect(page.get_by_text("Press 1 temperature").first).to_be_visible()
        page.wait_for_load_state("networkidle")
        stranger.context.close()
        page.context.close()
    assert outside == []
    assert problems == []
