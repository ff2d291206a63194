# Farol. `make run` and `make test` need git, make, and uv or any Python 3.8+ with pip.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run test test-all browser-tests other-tests check format messages pictures bench lock setup

export PATH := $(CURDIR)/.tools/bin:$(PATH)
PYTHON := .venv/bin/python
PYTEST := pytest

# Each server, job and command that a test starts would compile every library anew, in several times the time.
unexport PYTHONDONTWRITEBYTECODE

help: ## list what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

run: setup ## set up once, then serve the dashboard on http://127.0.0.1:8501
	@$(PYTHON) -m src setup
	@exec $(PYTHON) -m streamlit run main_dash.py --server.address 127.0.0.1 --server.port 8501

test: setup ## every test, browser tests included
	@$(PYTHON) -m tests.browser_setup
	@$(MAKE) --no-print-directory --jobs=2 --keep-going browser-tests other-tests

test-all: setup ## every test and the slow soak tests
	@$(PYTHON) -m tests.browser_setup
	@$(MAKE) --no-print-directory --jobs=2 --keep-going browser-tests other-tests PYTEST='pytest -m ""'

# The browser tests one after another, and beside them all others: a second browser would be too much for two cores.
# On a busy machine a browser can miss a click. A test that fails gets a second go, and is listed as RERUN in either case.
browser-tests:
	@$(PYTHON) -m $(PYTEST) tests/e2e --reruns 1

other-tests:
	@$(PYTHON) -m $(PYTEST) tests/unit tests/integration

check: setup ## format and lint (ruff), types (mypy), who may import whom (import-linter)
	@.venv/bin/ruff format --check . && .venv/bin/ruff check . && .venv/bin/mypy && .venv/bin/lint-imports

format: setup ## format the code and mend what the linter can
	@.venv/bin/ruff format . && .venv/bin/ruff check --fix .

messages: setup ## bring the catalogues of translations up to date with the texts in the source
	@$(PYTHON) -m src.dashboard.locale.extract

pictures: ## the pictures of the README, from the last run of the browser tests
	@$(PYTHON) -m tests.e2e.pictures

bench: setup ## the benchmarks, one after another
	@for file in benchmarks/*.py; do echo "== $$file"; $(PYTHON) -m "benchmarks.$$(basename $$file .py)" || exit 1; done

lock: ## resolve pyproject.toml into requirements.txt anew
	@uv pip compile pyproject.toml --all-extras --python-version 3.11 --no-header --no-annotate --no-emit-index-url --no-emit-find-links -o requirements.txt

setup: .venv/.installed

.venv/.installed: requirements.txt
	@command -v uv >/dev/null || python3 -m pip install --quiet --target .tools uv || python -m pip install --quiet --target .tools uv
	@test -x $(PYTHON) || uv venv --quiet --python 3.11 .venv
	@uv pip sync --quiet --python $(PYTHON) requirements.txt
	@touch $@
