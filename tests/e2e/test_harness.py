"""The harness itself: it has to notice what the other tests rely on it to notice."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.browser import is_outside, open_context, settled
from tests.e2e.server import running_server

SCRIPT = """
import subprocess, sys
import streamlit as st

st.title("Trial")
match st.query_params.get("do"):
    case "raise":
        raise RuntimeError("on purpose")
    case "ask":
        st.image("http://farol.invalid/picture.png")
    case "start":
        job = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
        st.text(job.pid)
"""


@pytest.mark.parametrize(
    ("url", "outside"),
    [
        ("http://127.0.0.1:8501/x", False),
        ("ws://localhost:8501/_stcore/stream", False),
        ("data:image/png;base64,AAAA", False),
        ("blob:http://127.0.0.1:8501/1", False),
        ("https://fonts.example.org/a.woff2", True),
        ("http://10.0.0.5/", True),
    ],
)
def test_only_loopback_is_inside(url: str, outside: bool) -> None:
    assert is_outside(url) is outside


def test_requests_to_other_hosts_tracebacks_and_processes_left_over_are_noticed(
    browser: Browser, tmp_path: Path
) -> None:
    script = tmp_path / "trial.py"
    script.write_text(SCRIPT)
    outside: list[str] = []
    context = open_context(browser, outside)
    page = context.new_page()
    with running_server(tmp_path, days=0, script=str(script)) as server:
        page.goto(server.url)
        settled(page)
        expect(page.get_by_role("heading", name="Trial")).to_be_visible()
        assert outside == []
        assert server.complaints() == ""

        page.goto(f"{server.url}/?do=ask")
        settled(page)
        assert outside == ["http://farol.invalid/picture.png"]
        assert server.complaints() == ""

        page.goto(f"{server.url}/?do=raise")
        settled(page)
        assert "on purpose" in server.complaints()

        page.goto(f"{server.url}/?do=start")
        settled(page)
        left_over = int(page.get_by_test_id("stText").inner_text())
        assert psutil.pid_exists(left_over)
    context.close()
    assert not psutil.pid_exists(left_over)
