# Two commands are enough to begin: `make demo` and `make test`.
.DEFAULT_GOAL := help
SHELL := /bin/bash
DATA ?= data
ARGS ?=
VENV := .venv
BIN := $(VENV)/bin

# Gatelens keeps its compiled modules in this tree, as an installed one does: without, each start compiles all of them.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help install install-dev up demo test lint format bench peers lock clean

help: ## Say what there is to make
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(VENV)/.installed ## Install Gatelens and the demo's Envoy into .venv

$(VENV)/.installed: requirements.lock pyproject.toml scripts/install.sh
	scripts/install.sh $(VENV) requirements.lock
	@touch $@

install-dev: $(VENV)/.installed-dev ## Install what tests need too: Chromium, and the programs that they speak to

$(VENV)/.installed-dev: requirements-dev.lock pyproject.toml tests/node/package-lock.json scripts/install.sh scripts/chromium.sh scripts/peers.sh
	scripts/install.sh $(VENV) requirements-dev.lock
	scripts/chromium.sh
	scripts/peers.sh
	@touch $(VENV)/.installed $@

up: install ## Run Gatelens on http://127.0.0.1:8050 (DATA=directory, ARGS=options)
	$(BIN)/gatelens up --data $(DATA) $(ARGS)

demo: install ## Run Gatelens with gateways of three kinds and traffic through them (ARGS='--history 24h')
	$(BIN)/gatelens demo $(ARGS)

test: install-dev ## Run every test (ARGS='-k guard')
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder $(ARGS)

lint: install-dev ## Check style, formatting and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: install-dev ## Put the code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: install-dev ## Measure the whole path; prints JSON (ARGS='--lines 1000000')
	$(BIN)/python -m tests.bench $(ARGS)

peers: ## Build the collector that `make bench ARGS='--only peers'` compares with (needs Go)
	cd tests/bench/peers/collector && go build -o ../../../../build/otel-collector .

lock: ## Pin the dependencies anew (needs uv)
	scripts/lock.sh

clean: ## Remove what was installed and built
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache
