"""Signing in at a provider of OpenID Connect, and what is done under that name."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.accessibility import complaints
from tests.e2e.browser import open_context, settled
from tests.e2e.identity import SECRET, Provider, running_provider
from tests.e2e.server import Server, running_server
from tests.e2e.widgets import expect_no_error, keyed

PEOPLE: dict[str, dict[str, object]] = {
    "farol": {"sub": "1", "name": "Ana *Souza*"},
    "farol-plant": {"sub": "2", "email": "bruno@plant.example"},
}
SECRETS = """
[auth]
redirect_uri = "http://127.0.0.1:{{port}}/oauth2callback"
cookie_secret = "long enough for the signature of a cookie"
client_id = "farol"
client_secret = "{secret}"
server_metadata_url = "{metadata}"

[auth.plant]
client_id = "farol-plant"
client_secret = "{secret}"
server_metadata_url = "{metadata}"

[auth.half]
client_id = "farol"

[auth.gone]
client_id = "farol"
client_secret = "{secret}"
server_metadata_url = "http://127.0.0.1:1/.well-known/openid-configuration"
"""
DASHBOARD = """
import streamlit as st
from src.dashboard.components.acting import acting_name
from src.dashboard.navigation import run
from src.dashboard.start import ready_first
from src.database.activities import record_activity
from src.notes import Note

if __name__ == "__main__":
    run()
    if st.button("Act", key="act"):
        record_activity(acting_name(), "sensor", "vibration", Note("Changed."))
        st.text("Done")
else:
    app = st.App(__file__, lifespan=ready_first)
"""


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with running_provider(PEOPLE) as provider:
        yield provider


@pytest.fixture(scope="module")
def server(chromium_path: Path, tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Iterator[Server]:
    """The dashboard with several providers, and one thing to do on every page."""
    folder = tmp_path_factory.mktemp("signing_in")
    secrets, script = folder / "secrets.toml", folder / "dashboard.py"
    secrets.write_text(SECRETS.format(secret=SECRET, metadata=provider.metadata_url))
    script.write_text(DASHBOARD)
    settings = {"STREAMLIT_SECRETS_FILES": str(secrets)}
    with running_server(folder, days=0, script=str(script), settings=settings) as server:
        yield server


def who_acts(page: Page, server: Server) -> str:
    """Do something, and return under which name it is remembered."""
    keyed(page, "act").get_by_role("button").click()
    expect(page.get_by_text("Done", exact=True)).to_be_visible()
    with closing(sqlite3.connect(server.folder / "data" / "farol.db")) as database:
        return database.execute("SELECT actor FROM activities ORDER BY activity_id DESC").fetchone()[0]


def press(page: Page, key: str) -> None:
    keyed(page, key).get_by_role("button").click()


def test_a_person_signs_in_acts_under_that_name_and_signs_out(page: Page, server: Server, provider: Provider) -> None:
    page.goto(f"{server.url}/jobs")
    expect(keyed(page, "sign_in_default").get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    expect(keyed(page, "acting_name")).to_have_count(0)
    assert who_acts(page, server) == ""
    assert complaints(page) == []
    assert provider.asked == []

    press(page, "sign_in_default")
    expect(page.get_by_test_id("stSidebar").get_by_text("Ana *Souza*")).to_be_visible()
    expect(keyed(page, "sign_in_default")).to_have_count(0)
    assert who_acts(page, server) == "Ana *Souza*"
    page.reload()
    assert who_acts(page, server) == "Ana *Souza*"
    assert complaints(page) == []
    assert {"/authorize", "/token", "/jwks"} <= set(provider.asked)

    press(page, "sign_out")
    expect(keyed(page, "sign_in_default")).to_be_visible()
    assert "/leave" in provider.asked, "the provider was not told"
    assert who_acts(page, server) == ""

    press(page, "sign_in_plant")
    expect(page.get_by_test_id("stSidebar").get_by_text("bruno")).to_be_visible()
    assert who_acts(page, server) == "bruno@plant.example"
    expect_no_error(page)


def test_a_provider_that_is_not_there_or_half_configured_leaves_the_dashboard_as_it_is(
    browser: Browser, server: Server
) -> None:
    context = open_context(browser, [])  # not the page of a test: that Streamlit logs the failure is as it should be
    page = context.new_page()
    page.goto(server.url)
    press(page, "sign_in_half")
    alert = page.get_by_test_id("stSidebar").get_by_test_id("stAlertContentError")
    expect(alert).to_contain_text("lacks client_secret, server_metadata_url")
    expect(page.get_by_role("heading", level=1)).to_have_text("Home")

    press(page, "sign_in_gone")
    expect(page.get_by_text("Authentication error")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Home")
    settled(page)
    expect(keyed(page, "sign_in_gone")).to_be_visible()
    assert who_acts(page, server) == ""
    context.close()
