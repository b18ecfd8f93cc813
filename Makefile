.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SOURCES := pipeline topics conformance tests bench

MUTATING := $(VENV)/mutating

.PHONY: help demo test lint format bench chaos mutants lock clean

help:  ## What each command does
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

# The lock's own hashes are checked by pip; the stamp is older than the lock only when the lock has changed.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "kxwatch needs Python 3.11 or newer; name one: make PYTHON=python3.12 …")'
	@echo "Setting up $(VENV) (once) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(READY)  ## The main job on a real, embedded Kafka, with a live view
	@$(BIN)/kxwatch demo $(DEMO)

# Half of a test is waiting for a Kafka: two processes take turns, each with brokers of its own.
test: $(READY)  ## The whole test suite, in two processes
	@$(BIN)/python -m pytest -n 2 --dist loadfile $(TESTS)

lint: $(READY)  ## Formatting, lint, types, import contracts, schemas that are current
	@$(BIN)/ruff format --check $(wildcard $(SOURCES))
	@$(BIN)/ruff check $(wildcard $(SOURCES))
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/kxwatch topics schemas --check

format: $(READY)  ## Put the code in its format
	@$(BIN)/ruff format $(wildcard $(SOURCES))
	@$(BIN)/ruff check --fix $(wildcard $(SOURCES))

bench: $(READY)  ## The benchmarks; writes bench/results/latest.json
	@$(BIN)/python -m bench $(BENCH)

chaos: $(READY)  ## The fault tests that are too long for `make test`
	@$(BIN)/python -m pytest -m chaos $(TESTS)

# Cosmic Ray is no dependency of the package or its tests: it has a lock and an environment of its own.
$(MUTATING)/.ready: tests/mutants/requirements.lock $(READY)
	@$(BIN)/python -m venv --clear $(MUTATING)
	@$(MUTATING)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

mutants: $(MUTATING)/.ready  ## Every rule with one change in it must fail a case; MUTANTS="units fees" for some rules
	@PYTHONPATH=.:tests $(BIN)/python tests/mutants --with-python $(MUTATING)/bin/python $(MUTANTS)

lock: $(READY)  ## Resolve the dependencies anew into requirements.lock
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --all-extras --no-annotate \
		--custom-compile-command "make lock" -o requirements.lock pyproject.toml requirements.build
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
		--custom-compile-command "make lock" --constraint requirements.lock -o deploy/requirements.lock \
		pyproject.toml requirements.build
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
		--custom-compile-command "make lock" -o tests/mutants/requirements.lock tests/mutants/requirements.in

clean:  ## Remove the virtual environment and caches
	@rm -rf $(VENV) build *.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
