# `make demo` and `make test` do all their own set-up on Debian 12 with git, make, python3, as root.
SHELL := /bin/bash
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
# Seconds of traffic in the demo; `make demo TRAFFIC=0` does without.
TRAFFIC ?= 60
# Workers for tests that wait more than they compute, each with labs of its own.
WORKERS ?= 4
SPREAD := -n $(WORKERS) --dist loadfile --no-loadscope-reorder
PIP := $(BIN)/pip --disable-pip-version-check -q

.PHONY: help demo test check soak bench clean

help:
	@echo "make demo    one project's whole way on a private real Asterisk (sets everything up)"
	@echo "make test    all tests, live ones included (sets everything up)"
	@echo "make check   style, types, import rules, generated files"
	@echo "make soak    long, seeded runs        make bench   speed and memory, as ratios"
	@echo "make clean   what make made, but for the lab's Asterisk in the cache folder"

# A stamp per set of packages: what is installed again only when pyproject.toml changes.
$(BIN)/python:
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || (apt-get update -q && apt-get install -qy --no-install-recommends python3-venv)
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: pyproject.toml | $(BIN)/python
	$(PIP) install -e '.[capture,kpi]'
	@touch $@

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	$(PIP) install 'pip>=25.1'
	$(PIP) install --group dev -e '.[all]'
	@touch $@ $(VENV)/.demo

demo: $(VENV)/.demo
	@$(BIN)/python -m cctoolkit demo --traffic $(TRAFFIC)

test: $(VENV)/.dev
	$(BIN)/python -m pytest tests -m 'not live and not soak' -n 2 -q
	CCTOOLKIT_SEEDS=1 $(BIN)/python -m pytest tests/live tests/soak -m '(live or soak) and not alone' $(SPREAD) -q
	CCTOOLKIT_SEEDS=1 $(BIN)/python -m pytest tests/live tests/soak -m alone -q

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy
	$(BIN)/cctoolkit schema --check
	$(BIN)/python tools/sizes.py
	$(BIN)/cctoolkit validate

soak: $(VENV)/.dev
	$(PIP) install 'atheris>=3,<4'
	$(BIN)/python -m pytest tests -m soak -q
	$(BIN)/python -m pytest tests/unit --hypothesis-profile dice -n 2 -q

bench: $(VENV)/.dev
	$(BIN)/python tests/bench/run.py

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
