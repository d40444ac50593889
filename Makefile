# make demo: set everything up and clean a drawn crawl; make test: set everything up and test.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready

.PHONY: demo test setup clean

demo: setup
	$(BIN)/curate demo demo

test: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest

setup: $(READY)

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "curate needs Python 3.11 or later; run: make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Installing into .venv: torch and its libraries are some gigabytes, a few minutes the first time."
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable . --group dev
	@touch $(READY)

clean:
	rm -rf .venv demo dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
