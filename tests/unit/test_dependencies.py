"""What pyproject.toml asks for is locked exactly, installed, and can be imported together."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
import tomllib
from collections import defaultdict
from functools import cache

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from src.config import PROJECT_ROOT

PROJECT = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text())["project"]
DIRECT = [
    Requirement(line)
    for line in [
        *PROJECT["dependencies"],
        *(line for extra in PROJECT["optional-dependencies"].values() for line in extra),
    ]
]
NAMES = sorted(canonicalize_name(requirement.name) for requirement in DIRECT)
LOCK = [line for line in (PROJECT_ROOT / "requirements.txt").read_text().splitlines() if line and line[0] != "#"]
NOT_IMPORTED = {"pandas-stubs", "ruff"}
"""Type stubs and a program: there is no module to import."""


@cache
def imports() -> dict[str, list[str]]:
    """The importable names of each installed distribution."""
    found: dict[str, list[str]] = defaultdict(list)
    for module, distributions in importlib.metadata.packages_distributions().items():
        for distribution in distributions:
            if module.isidentifier() and not module.startswith("_"):
                found[canonicalize_name(distribution)].append(module)
    return found


def locked() -> dict[str, str]:
    return {canonicalize_name(name): version for name, _, version in (line.partition("==") for line in LOCK)}


def test_the_lock_pins_everything_and_names_no_place() -> None:
    loose = [line for line in LOCK if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!+_-]+( ; .+)?", line)]
    assert loose == []


def test_the_lock_holds_every_direct_dependency_within_its_bounds() -> None:
    versions = locked()
    assert [name for name in NAMES if name not in versions] == []
    outside = [str(asked) for asked in DIRECT if not asked.specifier.contains(versions[canonicalize_name(asked.name)])]
    assert outside == []


def test_what_is_installed_is_what_is_locked() -> None:
    versions = locked()
    assert {name: importlib.metadata.version(name) for name in NAMES} == {name: versions[name] for name in NAMES}


@pytest.mark.parametrize("name", [name for name in NAMES if name not in NOT_IMPORTED])
def test_every_direct_dependency_has_a_name_to_import(name: str) -> None:
    assert imports()[name] != []


def test_every_direct_dependency_can_be_imported_beside_the_others() -> None:
    modules = [module for name in NAMES if name not in NOT_IMPORTED for module in imports()[name]]
    assert len(modules) > 20
    script = f"import importlib\nfor module in {modules!r}:\n    importlib.import_module(module)\n"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr[-2_000:]
