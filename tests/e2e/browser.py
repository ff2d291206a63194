"""What the browser tests do with a page."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, HttpCredentials, Page, Playwright, Request, WebSocket, expect

OUTPUT = Path(__file__).parent / "output"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)
SETTLE_MILLISECONDS = 60_000
_QUIET = "[data-testid='stApp'][data-test-connection-state='CONNECTED'][data-test-script-state='notRunning']"
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def launch(playwright: Playwright, chromium: Path) -> Browser:
    """Start a browser that talks to nobody by itself."""
    return playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))


def open_context(
    browser: Browser, outside: list[str], *, locale: str = "en-US", credentials: HttpCredentials | None = None
) -> BrowserContext:
    """Open a session of its own; what it asks of other hosts than this one finds no host, and is collected.

    To hold each request up and look at it would turn off the browser's cache, and double the time that a page takes.
    """
    context = browser.new_context(
        viewport={"width": 1400, "height": 900}, locale=locale, timezone_id="UTC", http_credentials=credentials
    )

    def note_outside(asked: Request | WebSocket) -> None:
        if is_outside(asked.url):
            outside.append(asked.url)

    context.on("request", note_outside)
    context.on("page", lambda page: page.on("websocket", note_outside))
    return context


def is_outside(url: str) -> bool:
    """Tell whether a request would leave this machine; data and blob URLs have no host."""
    host = urlsplit(url).hostname
    return host is not None and host not in _LOOPBACK


def settled(page: Page) -> Page:
    """Wait until the page's script has run and nothing is still being drawn."""
    page.wait_for_timeout(210)  # the state changes only once the browser has sent what was clicked
    page.wait_for_selector(_QUIET, timeout=SETTLE_MILLISECONDS)
    expect(page.locator("[data-testid='stSkeleton']")).to_have_count(0, timeout=SETTLE_MILLISECONDS)
    return page


def screenshot(page: Page, name: str) -> Path:
    """Keep a picture of the whole page, for people to look at.

    The page scrolls inside its main part, so that the window is made as high as that for a moment.
    """
    OUTPUT.mkdir(exist_ok=True)
    path = OUTPUT / f"{name}.png"
    window = page.viewport_size
    assert window is not None
    content = int(page.get_by_test_id("stMain").evaluate("main => main.scrollHeight"))
    page.set_viewport_size({"width": window["width"], "height": max(content, window["height"])})
    settled(page)
    page.screenshot(path=path)
    page.set_viewport_size(window)
    return path
