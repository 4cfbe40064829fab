# Everything runs in a virtual environment in the checkout. `make demo` and `make test` are all that a newcomer needs.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON := $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
BIN := .venv/bin
AWSPROV := $(BIN)/awsprov
# pip compiles what it installs, but not a checkout: without bytecode each command compiles all of awsprov anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test docs sweep rights real bench scan lint format clean

help:  ## Show this.
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.venv/bin/python:
	@if [ -z "$(PYTHON)" ]; then echo 'awsprov needs Python 3.11 or newer; none was found.' >&2; exit 1; fi
	$(PYTHON) -m venv .venv

.venv/.local: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[local]'
	@touch $@

.venv/.dev: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@ .venv/.local

demo: .venv/.local  ## A prediction API on this machine: made, called, left running.
	$(AWSPROV) up --local --yes
	@echo
	$(AWSPROV) invoke --http --local @examples/request.json | $(BIN)/python examples/show_ranking.py
	@echo
	@echo 'It goes on running. `. .venv/bin/activate` puts awsprov on your PATH; `awsprov down --local` takes it all away.'

test: .venv/.dev  ## The tests: a few minutes.
	$(BIN)/python -m pytest -n 2 --dist loadfile

docs: .venv/.dev  ## The documentation as a site, in site/; a warning is an error.
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet
	@echo 'site/index.html opens in a browser, without a network.'

sweep: .venv/.dev  ## Killed and spoilt at every call: about an hour. Interrupted, it goes on when started again.
	test -s .pytest_cache/sweep.txt || $(BIN)/python -m tests.sweep.record
	AWSPROV_SWEEP=whole AWSPROV_SWEEP_JOURNAL=.pytest_cache/sweep.txt \
		$(BIN)/python -m pytest tests/sweep -n 3 --dist loadgroup --timeout 900

rights: .venv/.dev  ## A life without each action of the printed policy in turn: something fails. About an hour.
	AWSPROV_RIGHTS=whole $(BIN)/python -m pytest tests/e2e/test_enforcement.py

real: .venv/.dev  ## numpy, pandas, scikit-learn and what else people use, really installed: some minutes, 180 MB.
	$(BIN)/python -m pytest tests/e2e -m real -v

bench: .venv/.dev  ## The bars of benchmarks/README.md, measured and held: some ten minutes.
	$(BIN)/python -m benchmarks

scan: .venv/.dev  ## Scanners over a stack that `up` made: ten minutes; the first time installs 5 GB.
	$(BIN)/python -m scans

lint: .venv/.dev  ## ruff, mypy and import-linter.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/.dev  ## Let ruff lay the code out.
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:  ## Stop the local cloud and remove what was made here.
	-$(AWSPROV) local stop
	rm -rf .venv .scanners .awsprov build dist site .mypy_cache .pytest_cache .ruff_cache .hypothesis
