"""Rules of the house that a linter does not see."""

from __future__ import annotations

import json
import subprocess
import sys

from src.config import PROJECT_ROOT

HEAVY = {"pycaret", "prophet", "lightgbm", "statsforecast", "optuna", "torch"}


def modules_of(folder: str) -> list[str]:
    """The dotted names of the modules in a folder."""
    files = sorted((PROJECT_ROOT / folder).rglob("*.py"))
    names = (".".join(file.relative_to(PROJECT_ROOT).with_suffix("").parts) for file in files)
    return [name.removesuffix(".__init__") for name in names]


def packages_loaded_by(modules: list[str]) -> set[str]:
    """The top-level packages that a fresh process holds after importing some modules."""
    lines = ["import importlib, json, sys", *(f"importlib.import_module({module!r})" for module in modules)]
    lines.append("print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))")
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)], cwd=PROJECT_ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_the_dashboard_starts_without_any_heavy_library() -> None:
    modules = modules_of("src/dashboard")
    assert "src.dashboard.navigation" in modules
    loaded = packages_loaded_by(modules)
    assert {"streamlit", "src"} <= loaded
    assert loaded & HEAVY == set()


def test_a_heavy_library_would_be_noticed() -> None:
    assert packages_loaded_by(["lightgbm"]) & HEAVY == {"lightgbm"}
