# make demo: set everything up and clean a drawn crawl; make test: set everything up and test.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready
BROWSERS := chromium-headless-shell chromium chromium-browser google-chrome

.PHONY: demo test mutants setup browser docs clean

demo: setup
	$(BIN)/curate demo demo
	@echo; echo "curate is in $(BIN): call $(BIN)/curate, or run '. $(BIN)/activate' first and call curate."

# As many files of tests at once as there are cores, each with one thread.
test: setup browser
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses auto --dist loadfile

# Break the code line by line, and list what no test notices (mutmut; hours, and it goes on where it was).
mutants: setup
	$(BIN)/python -m pip install --quiet --group mutants
	OMP_NUM_THREADS=1 $(BIN)/mutmut run
	$(BIN)/mutmut results

setup: $(READY)

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "curate needs Python 3.11 or later; run: make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Installing into .venv: torch and its libraries are some gigabytes, a few minutes the first time."
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable . --group dev
	@touch $(READY)

# The page of `curate report` is tested in a browser: this machine's, Debian's (as root), or playwright's.
browser: setup
	@for name in $(BROWSERS); do command -v $$name >/dev/null && exit; done; \
	echo "Installing a headless Chromium for the tests, some 100 MB."; \
	{ [ "$$(id -u)" = 0 ] && apt-get -qq update && \
	  DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends chromium-headless-shell >/dev/null; } \
	|| $(BIN)/playwright install --only-shell chromium

# The documentation site, in build/site.
docs: setup
	$(BIN)/mkdocs build --strict --quiet

clean:
	rm -rf .venv demo dist build mutants .mypy_cache .ruff_cache .pytest_cache .hypothesis
