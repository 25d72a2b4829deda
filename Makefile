# Needs python3 (3.11 or newer), pip and make. Everything is installed into .venv; nothing else changes.

PYTHON ?= python3
VENV ?= .venv
GAME ?= connect_four

BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help play quick test cluster docs bench clean

help: ## this list
	@echo 'make TARGET [PYTHON=python3] [VENV=.venv] [GAME=connect_four]'
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-7s %s\n", $$1, $$2 }' Makefile

play: $(VENV)/.play ## install (first time only) and play Connect Four against the trained agent
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ] || [ "$$(uname)" = Darwin ] || { [ -t 0 ] && [ -t 1 ]; }; then \
	    set -- --game $(GAME); \
	else \
	    set -- --game $(GAME) --watch --games 1 --record $(GAME).gif --force; \
	fi; \
	echo "==> rlhf-play $$*"; \
	$(BIN)/rlhf-play "$$@"

quick: $(VENV)/.test ## the same checks with the quick tests only: under 90 seconds
	@$(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/lint-imports --no-logo | tail -n 1
	@$(BIN)/mypy & types=$$!; \
	    OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist worksteal -q -m 'not slow'; \
	    tests=$$?; wait $$types && exit $$tests

test: $(VENV)/.test ## format check, lint, import contracts, types, tests
	@echo '==> ruff format --check'
	@$(BIN)/ruff format --check .
	@echo '==> ruff check'
	@$(BIN)/ruff check .
	@echo '==> lint-imports'
	@$(BIN)/lint-imports --no-logo
	@echo '==> mypy, beside it the compiling that most tests need'
	@OMP_NUM_THREADS=1 $(BIN)/python -m tests.warm_up & warming=$$!; \
	    $(BIN)/mypy; types=$$?; wait $$warming && exit $$types
	@echo '==> pytest -n 2'
	@# Stealing keeps the tests of a file, which compile the same code, on one worker. Each worker
	@# has a core: more threads of torch would only wait for each other.
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist worksteal

cluster: $(VENV)/.cluster ## tests on a Ray cluster of this machine; nothing else should run beside them
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests/cluster

docs: $(VENV)/.docs ## build the site, with its notebooks run: build/docs/html/index.html
	@# Notebooks that did not change are not run again: `make clean docs` runs all of them.
	@$(BIN)/python -m sphinx --fail-on-warning --keep-going -q -b html docs build/docs/html
	@$(BIN)/python docs/_site/check_links.py build/docs/html
	@echo 'built: build/docs/html/index.html'

bench: $(VENV)/.test ## run every script of tests/benchmarks
	@for script in $(sort $(wildcard tests/benchmarks/*.py)); do \
	    echo "==> $$script"; $(BIN)/python $$script || exit 1; \
	done

clean: ## remove .venv, caches and builds
	@echo '==> removing $(VENV), caches, build and dist'
	@rm -rf $(VENV) build dist docs/made .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find rlhf_agents adapters games tests -name __pycache__ -prune -exec rm -rf {} +

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo 'Python 3.11 or newer is needed: make PYTHON=python3.12 ...' >&2; exit 1; }
	@echo '==> creating $(VENV)'
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.play: $(VENV)/.python pyproject.toml constraints.txt
	@echo '==> installing rlhf-agents into $(VENV) (once; takes a few minutes)'
	@$(INSTALL) -e '.[viewer]'
	@touch $@

$(VENV)/.test: $(VENV)/.python pyproject.toml constraints.txt
	@echo '==> installing rlhf-agents and its development tools into $(VENV) (once; takes a few minutes)'
	@$(INSTALL) -e '.[test]'
	@# MinAtar's rules need numpy only; its requirements are for its plots.
	@$(INSTALL) --no-deps minatar
	@touch $@ $(VENV)/.play

$(VENV)/.cluster: $(VENV)/.test
	@echo '==> installing Ray into $(VENV) (once)'
	@$(INSTALL) -e '.[ray]'
	@touch $@

$(VENV)/.docs: $(VENV)/.test
	@echo '==> installing what builds the site into $(VENV) (once)'
	@$(INSTALL) -e '.[docs]'
	@touch $@
