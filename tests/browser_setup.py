"""Get a Chromium for the browser tests: `python -m tests.browser_setup`, part of `make test`.

One on the PATH is taken as it is. Otherwise it is installed where that is possible; where it is not, the browser
tests skip and say so. The make target goes on either way.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome")
INSTALL_SECONDS = 600.0
_WHERE = """
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    print(playwright.chromium.executable_path)
"""


def find_chromium() -> Path | None:
    """Return the Chromium that the browser tests use: one on the PATH, else Playwright's own, else none."""
    for name in NAMES:
        if found := shutil.which(name):
            return Path(found)
    # In a process of its own: within one that has a browser open Playwright cannot be started again.
    asked = subprocess.run([sys.executable, "-c", _WHERE], capture_output=True, text=True, check=False)
    own = Path(asked.stdout.strip())
    return own if asked.returncode == 0 and own.exists() else None


def install_chromium(*, is_root: bool, seconds: float = INSTALL_SECONDS) -> None:
    """Install Chromium: from the distribution for root on Debian or Ubuntu, else Playwright's own.

    Parameters
    ----------
    is_root : bool
        Whether system packages may be installed.
    seconds : float
        Time for each step, in seconds.
    """
    if is_root and shutil.which("apt-get"):
        quiet = {"DEBIAN_FRONTEND": "noninteractive"}
        packages = ("chromium", "fonts-liberation")  # without a font there is nothing to see in a picture of a page
        if _succeeds(("apt-get", "update", "-qq"), seconds) and _succeeds(
            ("apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages), seconds, quiet
        ):
            return
    libraries = ("--with-deps",) if is_root else ()
    _succeeds((sys.executable, "-m", "playwright", "install", *libraries, "chromium"), seconds)


def _succeeds(command: Sequence[str], seconds: float, environment: Mapping[str, str] | None = None) -> bool:
    """Run one step in silence; say in one line why when it fails."""
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            env={**os.environ, **(environment or {})},
        )
    except OSError as error:
        return _failed(command, str(error))
    try:
        output, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return _failed(command, f"not done after {seconds:g} s")
    lines = output.strip().splitlines()
    return process.returncode == 0 or _failed(command, lines[-1] if lines else f"exit code {process.returncode}")


def _failed(command: Sequence[str], reason: str) -> bool:
    sys.stderr.write(f"{' '.join(command)}: {reason}\n")
    return False


def main() -> None:
    """Find or install Chromium, and say so only when there was something to do."""
    if find_chromium():
        return
    sys.stderr.write("No Chromium on the PATH: installing one for the browser tests.\n")
    install_chromium(is_root=os.geteuid() == 0)
    if not find_chromium():
        sys.stderr.write("Chromium cannot be installed here: the browser tests will be skipped.\n")


if __name__ == "__main__":
    main()
