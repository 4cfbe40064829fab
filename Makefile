# Everything runs in a virtual environment in the checkout. `make demo` and `make test` are all that a newcomer needs.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON := $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
BIN := .venv/bin
AWSPROV := $(BIN)/awsprov
# A file's tests share fixtures, so that one worker runs them; tests/conftest.py puts the slow files first.
PYTEST := $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder
FUZZ_SECONDS ?= 60
# pip compiles what it installs, but not a checkout: without bytecode each command compiles all of awsprov again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test check long docs fuzz real terraform sweep rights bench scan audit lock lint format clean

help:  ## Show this.
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.venv/bin/python:
	@if [ -z "$(PYTHON)" ]; then echo 'awsprov needs Python 3.11 or newer; none was found.' >&2; exit 1; fi
	$(PYTHON) -m venv .venv

.venv/.local: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[local]'
	@touch $@

.venv/.dev: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'  # the first with --group
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[local,png,terraform]' --group dev
	@touch $@ .venv/.local

demo: .venv/.local  ## A prediction API on this machine: create it, call it, leave it running.
	$(AWSPROV) up --local --yes
	@echo
	$(AWSPROV) invoke --http --local @examples/request.json | $(BIN)/python examples/show_ranking.py
	@echo
	@echo 'It continues to run. `. .venv/bin/activate` puts awsprov on your PATH; `awsprov down --local` deletes it.'

test: .venv/.dev  ## Everything that needs no cloud, and one stack from up to down on the local one: 4 minutes.
	$(PYTEST) -m 'life or not (cloud or thorough)'

check: .venv/.dev  ## What `make test` leaves out: the local cloud, the other end-to-end tests, samples of the sweeps.
	@# One worker more than there are processors: these tests wait, too.
	PYTEST_XDIST_AUTO_NUM_WORKERS=$$(($$(getconf _NPROCESSORS_ONLN) + 1)) \
		$(PYTEST) -m '(cloud or thorough) and not (life or real or terraform)'

long: fuzz real terraform sweep rights bench audit  ## What `make check` leaves out: some hours.

docs: .venv/.dev  ## Build the documentation as a site, in site/; a warning is an error.
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build  # with --quiet, its strict mode counts no warnings
	@echo 'site/index.html opens in a browser, without a network.'

fuzz: .venv/.dev  ## Fuzz files and answers, twice `FUZZ_SECONDS=60` for each target; other property-based tests with more examples.
	AWSPROV_FUZZ_SECONDS=$(FUZZ_SECONDS) $(PYTEST) -m hypothesis --hypothesis-profile random --timeout $$(($(FUZZ_SECONDS) + 3600))
	-$(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --group fuzz
	$(BIN)/python -m tests.fuzz.guided $(FUZZ_SECONDS)

real: .venv/.dev  ## Install common libraries on the local cloud, 180 MB, and a generated environment of 3 GB: some minutes, 15 GB of disk.
	$(BIN)/python -m pytest tests/e2e tests/unit/remote_code -m real -v

terraform: .venv/.dev  ## Export stacks to Terraform, which imports and deletes them. Needs terraform and its AWS provider: some minutes.
	$(BIN)/python -m pytest tests/e2e -m terraform -v

sweep: .venv/.dev  ## Kill awsprov, and spoil its answers, at every call: two to three hours. Continues where it was interrupted.
	test -s .pytest_cache/sweep.txt || $(BIN)/python -m tests.sweep.record
	AWSPROV_SWEEP=whole AWSPROV_SWEEP_JOURNAL=.pytest_cache/sweep.txt \
		$(BIN)/python -m pytest tests/sweep -n 3 --dist loadgroup --timeout 900

rights: .venv/.dev  ## Remove each action of the printed policy in turn: something must fail. Ten minutes.
	AWSPROV_RIGHTS=whole $(PYTEST) --dist load tests/e2e/test_enforcement.py

bench: .venv/.dev  ## Compare performance with the thresholds of benchmarks/README.md: twelve minutes.
	$(BIN)/python -m benchmarks

scan: .venv/.dev  ## Run security scanners over a stack: ten minutes; installs 2.5 GB the first time.
	$(BIN)/python -m scans

audit: .venv/.dev  ## Look for known vulnerabilities of the installed packages. Needs a network.
	$(BIN)/python -m scans.audit

lock: .venv/.dev  ## Lock the development dependencies: .ci/requirements.txt.
	echo '# Development dependencies with versions and hashes. `make lock` writes it.' > .ci/requirements.txt
	$(BIN)/uv pip compile pyproject.toml --extra local --extra png --extra terraform --group dev --universal \
		--python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url --no-emit-find-links \
		--quiet >> .ci/requirements.txt

lint: .venv/.dev  ## ruff, mypy, import-linter, bandit and codespell.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/bandit --quiet --recursive --severity-level medium awsprov
	$(BIN)/codespell *.md awsprov benchmarks docs scans mkdocs.yml .github
	$(BIN)/codespell --ignore-words-list=abd,caf,depoly,iif,memroy,nam,nmae,ond,stauts,tiemout,wrok tests  # some test misspelled input

format: .venv/.dev  ## Format the code with ruff.
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:  ## Stop the local cloud and delete what was made in the checkout.
	-$(AWSPROV) local stop
	rm -rf .venv .scanners .awsprov build dist site .mypy_cache .pytest_cache .ruff_cache .hypothesis
