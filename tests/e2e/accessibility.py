"""What axe finds on a page that people with a screen reader, a keyboard or weak eyes would stumble over."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

STREAMLITS_OWN = {
    "list": "stSidebarNavItems",  # sections are put into the list of pages as plain boxes
    "listitem": "stSidebarNav",
}
"""Rules that Streamlit's own markup breaks, with what tells its elements: nothing of ours can mend it."""
_OPTIONS = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"], "resultTypes": ["violations"]}


def complaints(page: Page) -> list[str]:
    """Return what axe says against a page by the rules of WCAG 2.1, levels A and AA: rule, element and reason."""
    found = Axe().run(page, options=_OPTIONS).response["violations"]
    return [
        f"{rule['id']}: {node['html'][:200]} ({node['failureSummary'].splitlines()[1].strip()})"
        for rule in found
        for node in rule["nodes"]
        if not _is_streamlits_own(page, rule["id"], node["target"][-1])
    ]


def _is_streamlits_own(page: Page, rule: str, selector: str) -> bool:
    place = STREAMLITS_OWN.get(rule)
    return place is not None and page.locator(selector).first.evaluate(
        "(element, place) => element.closest(`[data-testid='${place}']`) !== null", place
    )


_FIND_STOPS = """
() => {
    const main = document.querySelector("[data-testid='stMain']");
    const own = element => !element.closest(".modebar, [data-testid='stElementToolbar']");
    const controls = [...main.querySelectorAll("button, input, textarea, summary, a[href]")].filter(
        element => own(element) && !element.disabled && element.tabIndex >= -1 && element.checkVisibility());
    // Of the buttons of one choice the keyboard reaches one, and the arrows the others.
    window.stops = [...new Set(controls.map(element => element.closest("[role='radiogroup']") ?? element))]
        .filter(stop => stop.matches("[role='radiogroup']") || stop.tabIndex >= 0);
    return window.stops.map(stop => stop.outerHTML.slice(0, 120));
}
"""
_AT = "() => window.stops.findIndex(stop => stop.contains(document.activeElement))"
_MOST_STEPS = 400
"""The sidebar's links, the tool bars of charts and tables, and the browser itself are stops too."""


def keyboard_stops(page: Page) -> tuple[list[str], list[int]]:
    """Press Tab through a page.

    Returns
    -------
    stops : list of str
        What a person can click or type into in the main part, as HTML, in reading order; a choice between buttons
        counts as one.
    reached : list of int
        Places in `stops`, in the order in which the keyboard came by.
    """
    stops = page.evaluate(_FIND_STOPS)
    reached: list[int] = []
    for _step in range(_MOST_STEPS):
        page.keyboard.press("Tab")
        at = page.evaluate(_AT)
        if at >= 0 and at not in reached:
            reached.append(at)
        if len(reached) == len(stops):
            break
    return stops, reached
