"""Chromium for the browser tests: taken where it is, installed where it can be, never in the way."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from tests import browser_setup


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH of one folder, with nothing in it, and no Chromium of Playwright's own."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "browsers"))
    return folder


def program(folder: Path, name: str, script: str = "") -> Path:
    """Write a program that notes how it was called, then runs a script."""
    file = folder / name
    file.write_text(f'#!/bin/sh\necho "{name} $*" >> {folder.parent}/calls\n{script}\n')
    file.chmod(0o755)
    return file


def calls(folder: Path) -> list[str]:
    return (folder.parent / "calls").read_text().splitlines()


@pytest.mark.parametrize("name", browser_setup.NAMES)
def test_a_chromium_on_the_path_is_found(path: Path, name: str) -> None:
    assert browser_setup.find_chromium() is None
    expected = program(path, name)
    assert browser_setup.find_chromium() == expected


def test_root_on_debian_installs_the_distribution_s_chromium(path: Path) -> None:
    program(
        path,
        "apt-get",
        f'[ "$1" = update ] || {{ echo "#!/bin/sh" > {path}/chromium; /bin/chmod +x {path}/chromium; }}',
    )
    browser_setup.install_chromium(is_root=True)
    assert browser_setup.find_chromium() == path / "chromium"
    assert calls(path) == [
        "apt-get update -qq",
        "apt-get install -y -qq --no-install-recommends chromium fonts-liberation",
    ]


@pytest.mark.parametrize(
    ("is_root", "expected"),
    [
        (True, ["apt-get update -qq", "python -m playwright install --with-deps chromium"]),
        (False, ["python -m playwright install chromium"]),
    ],
)
def test_otherwise_playwright_s_own_is_installed(
    path: Path, monkeypatch: pytest.MonkeyPatch, is_root: bool, expected: list[str]
) -> None:
    program(path, "apt-get", "exit 100")
    monkeypatch.setattr(sys, "executable", str(program(path, "python")))
    browser_setup.install_chromium(is_root=is_root)
    assert calls(path) == expected


def test_a_step_that_hangs_is_given_up_with_all_that_it_started(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "executable", str(program(path, "python", "/bin/sleep 60 | /bin/cat")))
    started = time.monotonic()
    browser_setup.install_chromium(is_root=False, seconds=0.5)
    assert time.monotonic() - started < 10
    assert "not done after 0.5 s" in capsys.readouterr().err


def test_without_any_way_to_install_it_says_so_and_goes_on(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "executable", str(program(path, "python", "echo no network; exit 1")))
    browser_setup.main()
    said = capsys.readouterr().err
    assert "no network" in said
    assert said.endswith("Chromium cannot be installed here: the browser tests will be skipped.\n")
